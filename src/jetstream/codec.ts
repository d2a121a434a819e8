import type { KeptDraft, Record } from '../log/record.js'
import { attempt, packValue, unpack } from '../peer/codec.js'
import { array, count, type Field, flag, nodeId, struct, text } from '../peer/fields.js'
import { packRecords, parseRecords } from '../peer/records.js'
import { badFrame, Refusal } from '../peer/refusal.js'
import { draftsMax } from './core/place.js'
import type { Batch, Presence } from './core/port.js'

/** What is said and stored are lists in MessagePack; their first item says how the others are to be read. */
const version = 1

const drafts: Field<readonly KeptDraft[]> = {
  pack: (all) => packRecords(all.map((draft, i): Record => ({ ...draft, seq: i + 1, time: i + 1 }))),
  parse: (raw) => parseRecords(array(raw, 1, draftsMax), 1).map(({ seq: _, time: __, ...draft }): KeptDraft => draft),
}

const batch = struct<Batch>({ token: text(64, 1), seen: count, drafts })

const presence = struct<Presence>({
  id: nodeId,
  name: text(512, 1),
  url: text(2048),
  ready: flag,
  leaving: flag,
  waiters: count,
})

const pack = <T>(field: Field<T>, value: T): Uint8Array => packValue([version, field.pack(value)])

/** Nothing if somebody else has said it, or another version of Carillon. */
const parse = <T>(field: Field<T>, bytes: Uint8Array): T | undefined => {
  const read = attempt(() => {
    const [number, value] = array(unpack(bytes), 2, 2)
    if (number !== version) throw badFrame('another version')
    return field.parse(value)
  })
  return read instanceof Refusal ? undefined : read
}

export const encodeBatch = (value: Batch): Uint8Array => pack(batch, value)

export const decodeBatch = (bytes: Uint8Array, database: string): Batch | undefined => {
  const read = parse(batch, bytes)
  return read?.drafts.every((draft) => draft.database === database) ? read : undefined
}

export const encodePresence = (value: Presence): Uint8Array => pack(presence, value)

export const decodePresence = (bytes: Uint8Array): Presence | undefined => parse(presence, bytes)
