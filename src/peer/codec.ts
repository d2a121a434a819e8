import { Packr, Unpackr } from 'msgpackr'
import type { Batch, Claim, Copies, Direct, Floor, Message, Reach, ViewId, Want } from '../cluster/message.js'
import {
  array,
  ascends,
  count,
  type Field,
  type Fields,
  flag,
  list,
  nodeId,
  pair,
  struct,
  text,
  where,
} from './fields.js'
import { asSpoken } from './older.js'
import { protocols } from './protocol.js'
import { name, packCopies, packRecords, parseCopies, parseRecords } from './records.js'
import { badFrame, Refusal } from './refusal.js'
import { scan } from './scan.js'

/**
 * Messages as MessagePack lists: a tag, then the fields in the order of the tables below. Tags are append-only; which
 * fields a tag has belongs to the protocol version of the handshake. This is the only check of what peers say; what
 * needs the state of the cluster to be judged is the core's.
 */
const idsMax = 4096
const reachesMax = 65_536
const claimsMax = 4096
const floorsMax = 65_536

const ids = list(nodeId, idsMax)
const ascending = where(ids, 'members in order', ascends)
const viewId = struct<ViewId>({ ballot: count, proposer: nodeId })
const reaches: Field<readonly Reach[]> = list(pair(nodeId, count), reachesMax)
const floors = list(struct<Floor>({ database: name, channel: name, seq: count }), floorsMax)

const claim = struct<Claim>({
  id: nodeId,
  name: text(512),
  address: text(512),
  url: text(2048),
  counter: count,
  ready: flag,
  leaving: flag,
  view: viewId,
  members: ids,
  hears: ids,
  have: reaches,
  waiters: count,
})

const want = struct<Want['wants'][number]>({ origin: nodeId, after: count, to: count })

/** The records stand last: how they are read depends on the fields before them. */
const batch: Field<Body<Batch>> = {
  pack: ({ view, row, first, records }) => [viewId.pack(view), row, first, packRecords(records)],
  parse: (raw) => {
    const [view, row, number, records] = array(raw, 4, 4)
    const first = count.parse(number)
    return {
      view: viewId.parse(view),
      row: list(count, idsMax).parse(row),
      first,
      records: parseRecords(records, first),
    }
  },
}

const span = struct<Omit<Body<Copies>, 'records'>>({
  origin: nodeId,
  after: count,
  to: count,
  time: count,
  floors,
  lost: count,
  last: flag,
})

const copies: Field<Body<Copies>> = {
  pack: (value) => [span.pack(value), packCopies(value.records, value.after)],
  parse: (raw) => {
    const [first, records] = array(raw, 2, 2)
    const { origin, after, to, time, ...rest } = span.parse(first)
    return { origin, after, to, time, records: parseCopies(records, after, to), ...rest }
  },
}

/** Packing one never makes a relay in a relay, and a peer's is refused: one hop and no further. */
const direct: Field<Direct> = {
  pack: (message) => pack(message),
  parse: (raw) => {
    const message = parse(raw)
    if (message.type === 'relay') throw badFrame('a relay in a relay')
    return message
  },
}

type Body<M> = Omit<M, 'type'>
type Of<Type extends Message['type']> = Body<Extract<Message, { type: Type }>>

const shape = <Type extends Message['type']>(fields: Fields<Of<Type>>): Field<Of<Type>> => struct(fields)

const shapes: { readonly [Type in Message['type']]: readonly [tag: number, body: Field<Of<Type>>] } = {
  heartbeat: [1, shape<'heartbeat'>({ claims: list(claim, claimsMax) })],
  batch: [2, batch],
  propose: [3, shape<'propose'>({ id: viewId, members: ascending })],
  nack: [4, shape<'nack'>({ id: viewId, ballot: count })],
  state: [
    5,
    where(
      shape<'state'>({
        id: viewId,
        view: viewId,
        have: reaches,
        shown: list(count, reachesMax),
        time: count,
        ready: flag,
        expired: reaches,
        horizon: count,
      }),
      'a number shown for each origin',
      ({ have, shown }) => have.length === shown.length,
    ),
  ],
  sync: [
    6,
    where(
      shape<'sync'>({
        id: viewId,
        members: ids,
        target: reaches,
        holders: list(nodeId, reachesMax),
        decided: list(count, reachesMax),
        deciders: list(nodeId, reachesMax),
        views: list(viewId, idsMax),
        time: count,
        ready: flag,
        forget: reaches,
        horizon: count,
      }),
      'as many items in each list',
      ({ members, target, holders, decided, deciders, views }) =>
        views.length === members.length && [holders, decided, deciders].every(({ length }) => length === target.length),
    ),
  ],
  synced: [7, shape<'synced'>({ id: viewId })],
  install: [8, shape<'install'>({ id: viewId })],
  want: [9, shape<'want'>({ wants: list(want, reachesMax) })],
  copies: [10, copies],
  leave: [11, shape<'leave'>({})],
  relay: [12, shape<'relay'>({ from: nodeId, to: nodeId, message: direct })],
}

const types = new Map(Object.entries(shapes).map(([type, [tag]]) => [tag, type as Message['type']]))

/** The table pairs each type with its own body, which is what these two rely on. */
const bodyOf = (type: Message['type']): Field<object> => shapes[type][1] as Field<object>

const pack = (message: Message): unknown[] => [
  shapes[message.type][0],
  ...(bodyOf(message.type).pack(message) as unknown[]),
]

const parse = (raw: unknown): Message => {
  const [tag, ...fields] = array(raw, 1, 16)
  const type = types.get(Number(count.parse(tag)))
  if (type === undefined) throw badFrame('an unknown message')
  return { type, ...bodyOf(type).parse(fields) } as Message
}

const packr = new Packr({ useRecords: false })
const unpackr = new Unpackr({ useRecords: false })

/** What is neither too much nor malformed, as plain values: numbers, text, bytes, flags, nil, and lists of these. */
export const unpack = (bytes: Uint8Array): unknown => {
  const wrong = scan(bytes)
  if (wrong) throw badFrame(wrong)
  return unpackr.unpack(bytes)
}

export const packValue = (value: unknown): Uint8Array => packr.pack(value)

/** For a peer that speaks this protocol. */
export const encode = (message: Message, protocol = protocols.max): Uint8Array =>
  packValue(pack(asSpoken(message, protocol)))

/** Calls `read`, and answers what it throws as a refusal. */
export const attempt = <T>(read: () => T): T | Refusal => {
  try {
    return read()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

/** Never throws, whatever the bytes are. */
export const decode = (bytes: Uint8Array): Message | Refusal => attempt(() => parse(unpack(bytes)))
