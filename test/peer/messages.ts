import fc, { type Arbitrary } from 'fast-check'
import type { Claim, Direct, Floor, Message, Reach, ViewId } from '../../src/cluster/message.js'
import { makeNodeId, type NodeId } from '../../src/log/node-id.js'
import type { Copy, Position, Record } from '../../src/log/record.js'

/** Any message that a node may send. */
const count = fc.oneof(fc.maxSafeNat(), fc.nat(200), fc.nat(70_000))
const small = fc.nat(2 ** 40)
const id: Arbitrary<NodeId> = fc
  .tuple(fc.nat(2 ** 31 - 1), fc.nat(999))
  .map(([ms, chance]) => makeNodeId(ms * 1000, () => chance / 1000))
const ids = fc.array(id, { maxLength: 6 })
const ascending = fc.uniqueArray(id, { maxLength: 6 }).map((list) => list.toSorted())
const viewId: Arbitrary<ViewId> = fc.record({ ballot: count, proposer: id })
const reach: Arbitrary<Reach> = fc.tuple(id, count)
const reaches = fc.array(reach, { maxLength: 6 })
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('__proto__', '\ufeffmark', 'ünïcode'),
)
const name = fc.oneof(
  text.filter((some) => some !== ''),
  fc.constantFrom('main', 'user:1', 'x'.repeat(256), `\ufeff${'é'.repeat(126)}`),
)

const claim: Arbitrary<Claim> = fc.record({
  id,
  name: text,
  address: text,
  url: text,
  counter: count,
  ready: fc.boolean(),
  leaving: fc.boolean(),
  view: viewId,
  members: ids,
  hears: ids,
  have: reaches,
  waiters: count,
})

/** A character a byte. */
const content = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'))

const draft = fc.record(
  {
    database: name,
    channel: name,
    head: content,
    tail: content,
    key: name,
    digest: fc.stringMatching(/^[0-9a-f]{40}$/),
    traceparent: fc.stringMatching(/^00-1[0-9a-f]{31}-2[0-9a-f]{15}-0[01]$/),
  },
  { requiredKeys: ['database', 'channel', 'head', 'tail'] },
)

/** Numbers without a hole, times that rise. */
const records = (first: number): Arbitrary<Record[]> =>
  fc.array(fc.tuple(draft, fc.integer({ min: 1, max: 2 ** 40 })), { maxLength: 8 }).map((list) => {
    let time = 0
    return list.map(([some, step], i) => {
      time += step
      return { ...some, seq: first + i, time }
    })
  })

const position: Arbitrary<Position> = fc
  .tuple(count, ascending, fc.array(count, { minLength: 6, maxLength: 6 }))
  .map(([time, origins, seqs]) => ({ time, origins, seqs: seqs.slice(0, origins.length) }))

const copies = (after: number): Arbitrary<Copy[]> =>
  fc
    .tuple(records(0), fc.array(fc.tuple(fc.nat(5), small, fc.option(position)), { minLength: 8, maxLength: 8 }))
    .map(([list, more]) => {
      let seq = after
      return list.map((record, i) => {
        const [holes = 0, ageMs = 0, at] = more[i] ?? []
        seq += 1 + holes
        return { ...record, seq, ageMs, ...(at && { position: at }) }
      })
    })

const floor: Arbitrary<Floor> = fc.record({ database: name, channel: name, seq: count })

const direct: readonly Arbitrary<Direct>[] = [
  fc.record({ type: fc.constant('heartbeat'), claims: fc.array(claim, { maxLength: 4 }) }),
  small.chain((first) =>
    fc.record({
      type: fc.constant('batch'),
      view: viewId,
      row: fc.array(count, { maxLength: 5 }),
      first: fc.constant(first),
      records: records(first),
    }),
  ),
  fc.record({ type: fc.constant('propose'), id: viewId, members: ascending }),
  fc.record({ type: fc.constant('nack'), id: viewId, ballot: count }),
  reaches.chain((have) =>
    fc.record({
      type: fc.constant('state'),
      id: viewId,
      view: viewId,
      have: fc.constant(have),
      shown: fc.constant(have.map(([, seq]) => seq)),
      time: count,
      ready: fc.boolean(),
      expired: reaches,
      horizon: count,
    }),
  ),
  fc.tuple(reaches, id, ids, viewId).chain(([target, holder, members, view]) =>
    fc.record({
      type: fc.constant('sync'),
      id: viewId,
      members: fc.constant(members),
      target: fc.constant(target),
      holders: fc.constant(target.map(() => holder)),
      decided: fc.constant(target.map(([, seq]) => seq)),
      deciders: fc.constant(target.map(() => holder)),
      views: fc.constant(members.map(() => view)),
      time: count,
      ready: fc.boolean(),
      forget: reaches,
      horizon: count,
    }),
  ),
  fc.record({ type: fc.constant('synced'), id: viewId }),
  fc.record({ type: fc.constant('install'), id: viewId }),
  fc.record({ type: fc.constant('want'), wants: fc.array(fc.record({ origin: id, after: count, to: count })) }),
  small.chain((after) =>
    fc.record({
      type: fc.constant('copies'),
      origin: id,
      after: fc.constant(after),
      to: fc.constant(after + 1000),
      time: count,
      records: copies(after),
      floors: fc.array(floor, { maxLength: 3 }),
      lost: count,
      last: fc.boolean(),
    }),
  ),
  fc.record({ type: fc.constant('leave') }),
]

export const anyDirect: Arbitrary<Direct> = fc.oneof(...direct)

export const anyMessage: Arbitrary<Message> = fc.oneof(
  anyDirect,
  fc.record({ type: fc.constant('relay'), from: id, to: id, message: anyDirect }),
)
