import { test } from 'tap'
import type { Batch, Copies, Message, Sync } from '../../src/cluster/message.js'
import { ticksPerMs } from '../../src/log/lamport.js'
import type { Record } from '../../src/log/record.js'
import { draft, nodeId } from '../support/core.js'
import { type Box, Net } from '../support/net.js'

/** Two nodes in a view; `b` says what the test makes it say. */
const pair = (): { net: Net; a: Box; b: Box; say: (message: Message) => void } => {
  const net = new Net()
  const [a, b] = net.start(['a', 'b']) as [Box, Box]
  a.publish(draft('a', 'mine'))
  net.pass(10)
  return { net, a, b, say: (message) => net.step(a, { type: 'received', from: b.id, message }) }
}

const view = { ballot: 1, proposer: nodeId(0) }

const record = (net: Net, seq: number, aheadMs = 0): Record => ({
  ...draft('a', `forged ${seq}`),
  seq,
  time: (net.now.wall + aheadMs) * ticksPerMs + seq,
})

const batch = (box: Box, records: readonly Record[], row: readonly number[]): Batch => {
  const [ballot, proposer] = box.engine.status(box.net.now).view.id.split('.')
  const id = { ballot: Number(ballot), proposer: (proposer ?? '') as typeof view.proposer }
  return { type: 'batch', view: id, row, first: records[0]?.seq ?? 1, records }
}

test('a frame that breaks the rules is taken not at all, and costs the link', (t) => {
  const { net, a, b, say } = pair()
  const good = record(net, 1)
  const cases: { readonly [what: string]: Batch } = {
    'a row that is too short': batch(a, [good], [1]),
    'a row that is too long': batch(a, [good], [1, 1, 1]),
    'a row beyond what was ever sent': batch(a, [good], [99, 99]),
    'records with a hole': batch(a, [good, record(net, 3)], [0, 0]),
    'times that fall': batch(a, [record(net, 1, 10), record(net, 2, 0)], [0, 0]),
    'times that stand': batch(
      a,
      [
        { ...good, time: 5 },
        { ...record(net, 2), time: 5 },
      ],
      [0, 0],
    ),
    'a clock two hours ahead': batch(a, [record(net, 1, 7_200_000)], [0, 0]),
    'a time that is no number': batch(a, [{ ...good, time: Number.NaN }], [0, 0]),
  }
  for (const [what, message] of Object.entries(cases)) {
    a.hangups.length = 0
    say(message)
    t.match(a.hangups, [{ peer: b.id, code: 4400 }], what)
    t.same(a.engine.audit(), [], what)
  }
  t.equal(a.gauge('unstable_bytes'), 0)
  net.pass(50)
  t.same(a.texts(), ['mine'])
  t.end()
})

test('holes, repeats and other views are the way of networks: nothing happens', (t) => {
  const { net, a, say } = pair()
  say(batch(a, [record(net, 5)], [0, 0]))
  say({ ...batch(a, [record(net, 1)], [0, 0]), view: { ballot: 77, proposer: nodeId(3) } })
  t.same(a.hangups, [])
  t.equal(a.gauge('unstable_bytes'), 0)
  t.same(a.texts(), ['mine'])
  t.end()
})

test('a stranger to the view is not listened to', (t) => {
  const { net, a } = pair()
  const message = batch(a, [record(net, 1)], [9, 9])
  net.step(a, { type: 'received', from: nodeId(77), message })
  t.same(a.hangups, [])
  t.equal(a.gauge('unstable_bytes'), 0)
  t.end()
})

test('copies that nobody asked for are not kept; those that can not be are a fault', (t) => {
  const { net, a, b, say } = pair()
  const copy = { ...record(net, 1), ageMs: 0 }
  const copies: Copies = {
    type: 'copies',
    origin: nodeId(5),
    after: 0,
    to: 1,
    time: copy.time,
    records: [copy],
    floors: [],
    lost: 0,
    last: true,
  }
  say(copies)
  t.equal(a.gauge('staged_bytes'), 0)
  t.same(a.hangups, [])
  const wrong: Copies[] = [
    { ...copies, to: 0 },
    { ...copies, records: [copy, copy] },
    { ...copies, records: [{ ...copy, seq: 9 }] },
    { ...copies, time: copy.time - 1 },
    { ...copies, time: copy.time + 7_200_000 * ticksPerMs },
  ]
  for (const each of wrong) {
    a.hangups.length = 0
    say(each)
    t.match(a.hangups, [{ peer: b.id, code: 4400 }])
  }
  t.end()
})

test('view changes that are not the sender’s to make', (t) => {
  const { net, a, b, say } = pair()
  const id = { ballot: 50, proposer: nodeId(9) }
  const sync: Sync = {
    type: 'sync',
    id,
    members: [a.id, b.id].sort(),
    target: [],
    holders: [],
    decided: [],
    deciders: [],
    views: [],
    time: 0,
    ready: true,
    forget: [],
    horizon: 0,
  }
  say({ type: 'propose', id, members: [a.id, b.id].sort() })
  say({ type: 'propose', id: { ballot: 51, proposer: b.id }, members: [b.id] })
  say(sync)
  say({ type: 'install', id })
  say({ type: 'synced', id })
  say({
    type: 'state',
    id,
    view: id,
    have: [[nodeId(9), 1e9]],
    shown: [0],
    time: 0,
    ready: true,
    expired: [],
    horizon: 0,
  })
  say({ type: 'nack', id, ballot: 1e9 })
  t.equal(a.state, 'ready')
  net.pass(1000)
  t.equal(a.view, 'ab')
  t.same(a.texts(), ['mine'])
  t.end()
})

test('a proposer that freezes us and says no more: another view comes about', (t) => {
  const { net, a, b, say } = pair()
  say({ type: 'propose', id: { ballot: 60, proposer: b.id }, members: [a.id, b.id].sort() })
  t.equal(a.state, 'frozen')
  const publisher = a.publish(draft('a', 'more'))
  net.until(() => a.outcomes.has(publisher))
  t.match(a.outcomes.get(publisher), { ok: true })
  net.until(() => b.texts().length === 2)
  t.end()
})

test('relays go one hop, and only for the neighbour that sends them', (t) => {
  const { net, a, b } = pair()
  const c = net.add('c', { founder: false })
  net.link(a, c)
  net.until(() => c.engine.ready)
  const effects = (from: Box, message: Message): string[] =>
    a.engine.step({ type: 'received', from: from.id, message }, net.now).map(({ type }) => type)
  const leave = { type: 'leave' } as const
  t.same(effects(b, { type: 'relay', from: b.id, to: c.id, message: leave }), ['send'])
  t.same(effects(b, { type: 'relay', from: c.id, to: b.id, message: leave }), [], 'in the name of another')
  t.same(effects(b, { type: 'relay', from: b.id, to: nodeId(99), message: leave }), [], 'to nobody')
  t.end()
})
