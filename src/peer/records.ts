import type { NodeId } from '../log/node-id.js'
import type { Copy, Position, Record } from '../log/record.js'
import { traceparentOf } from '../log/traceparent.js'
import { array, ascends, bytes, count, type Field, list, nodeId, text, where, wholeMs } from './fields.js'
import { badFrame } from './refusal.js'

/**
 * Records as lists, in the order of one origin's log: times as the distance from the record before, and what is the
 * same as there, or absent, as nil; nils at the end are left out. A small record costs its data and a dozen bytes.
 */
const recordsMax = 65_536
const nameBytes = 256
const originsMax = 4096

export const name = text(nameBytes, 1)
const digest = text(128)
const traceparent = where(text(55, 55), 'a trace', (value) => traceparentOf(value) === value)
const raw = bytes(0, Number.POSITIVE_INFINITY)

/** Text of which each character is a byte. It is a copy, so a few bytes in a ring don't keep a large frame alive. */
const content: Field<string> = {
  pack: (value) => Buffer.from(value, 'latin1'),
  parse: (value) => {
    const { buffer, byteOffset, length } = raw.parse(value)
    return Buffer.from(buffer, byteOffset, length).toString('latin1')
  },
}

/** Time, head, tail; then channel, database, key, digest; since protocol 2 traceparent. */
const fieldsMin = 3
const fieldsMax = 8

interface Before {
  readonly time: number
  readonly channel?: string
  readonly database?: string
}

const nothing: Before = { time: 0 }

const trim = (fields: unknown[]): unknown[] => {
  while (fields.at(-1) === null) fields.pop()
  return fields
}

const packRecord = (record: Record, before: Before): unknown[] => {
  const { traceparent } = record
  const fields = packUntraced(record, before)
  return traceparent === undefined ? trim(fields) : [...fields, traceparent]
}

const packUntraced = (record: Record, before: Before): unknown[] => [
  record.time - before.time,
  record.head === '' ? null : content.pack(record.head),
  content.pack(record.tail),
  record.channel === before.channel ? null : record.channel,
  record.database === before.database ? null : record.database,
  record.key ?? null,
  record.digest ?? null,
]

const parseRecord = (fields: readonly unknown[], before: Before, seq: number): Record => {
  const [step, head, tail, channel, database, key, sum, trace] = fields
  const time = count.parse(before.time + count.parse(step))
  if (time <= before.time) throw badFrame('times that do not rise')
  const record = {
    database: name.parse(database ?? before.database),
    channel: name.parse(channel ?? before.channel),
    head: head == null ? '' : content.parse(head),
    tail: content.parse(tail),
    ...(key != null && { key: name.parse(key) }),
    ...(sum != null && { digest: digest.parse(sum) }),
    seq,
    time,
  }
  return trace == null ? record : { ...record, traceparent: traceparent.parse(trace) }
}

export const packRecords = (records: readonly Record[]): unknown[] =>
  records.map((record, i) => packRecord(record, records[i - 1] ?? nothing))

/** A batch has no holes, so the first one's number is enough. */
export const parseRecords = (raw: unknown, first: number): Record[] => {
  const records: Record[] = []
  let before = nothing
  for (const each of array(raw, 0, recordsMax)) {
    const record = parseRecord(array(each, fieldsMin, fieldsMax), before, count.parse(first + records.length))
    records.push(record)
    before = record
  }
  return records
}

const origins = list(nodeId, originsMax)
const seqs = list(count, originsMax)

const same = (a: readonly NodeId[], b: readonly NodeId[] | undefined): boolean =>
  a.length === b?.length && a.every((id, i) => id === b[i])

const packPosition = (position: Position | undefined, before: Position | undefined): unknown =>
  position
    ? [position.time, position.seqs, ...(same(position.origins, before?.origins) ? [] : [position.origins])]
    : null

const parsePosition = (raw: unknown, before: Position | undefined): Position => {
  const [time, numbers, ids] = array(raw, 2, 3)
  const position = {
    time: count.parse(time),
    origins: ids === undefined ? (before?.origins ?? []) : origins.parse(ids),
    seqs: seqs.parse(numbers),
  }
  if (position.origins.length !== position.seqs.length) throw badFrame('a position with a number too many or too few')
  if (ids !== undefined && !ascends(position.origins)) throw badFrame('origins out of order')
  return position
}

/** In front of each record: its distance from the one before, its age, and its position. */
export const packCopies = (copies: readonly Copy[], after: number): unknown[] =>
  copies.map((copy, i) => {
    const before = copies[i - 1]
    const position = packPosition(copy.position, before?.position)
    return [
      copy.seq - (before?.seq ?? after),
      wholeMs.pack(copy.ageMs),
      position,
      ...packRecord(copy, before ?? nothing),
    ]
  })

const parseCopy = (raw: unknown, before: Copy | undefined, after: number): Copy => {
  const [step, age, position, ...fields] = array(raw, 3 + fieldsMin, 3 + fieldsMax)
  const seq = count.parse((before?.seq ?? after) + count.parse(step))
  if (step === 0) throw badFrame('the same number twice')
  return {
    ...parseRecord(fields, before ?? nothing, seq),
    ageMs: wholeMs.parse(age),
    ...(position != null && { position: parsePosition(position, before?.position) }),
  }
}

export const parseCopies = (raw: unknown, after: number, to: number): Copy[] => {
  const copies: Copy[] = []
  for (const each of array(raw, 0, recordsMax)) copies.push(parseCopy(each, copies.at(-1), after))
  if ((copies.at(-1)?.seq ?? to) > to) throw badFrame('more than was said')
  return copies
}
