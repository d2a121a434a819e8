import { test } from 'tap'
import type { Message } from '../../src/cluster/message.js'
import { decode, encode } from '../../src/peer/codec.js'
import { Refusal } from '../../src/peer/refusal.js'
import { draft, textsOf } from '../support/core.js'
import { type Box, Net } from '../support/net.js'

const broken = (net: Net): unknown[] =>
  net.boxes.flatMap((box) => [
    ...(box.up ? box.engine.audit() : []),
    ...box.reports.filter(({ event }) => event === 'invariant_broken'),
  ])

const read = (
  box: Box,
  cursor: string,
  channels = ['a'],
): { texts: unknown[]; cursor: string; gap: string | undefined } => {
  const answer = box.answers.get(box.poll({ cursor }, channels))
  return { texts: answer ? textsOf(answer) : [], cursor: answer?.cursor ?? '', gap: answer?.gap?.reason }
}

test('three nodes: published on one, read on another, the same order and ids on all', (t) => {
  const net = new Net()
  const [a, b, c] = net.start(['a', 'b', 'c']) as [Box, Box, Box]
  const waiting = b.poll('now', ['a'], { waitMs: 5000 })
  const publishers = [a, b, c, a, b, c].map((box, i) => box.publish(draft('a', i)))
  net.pass(20)
  const outcomes = publishers.map((publisher, i) => net.boxes[i % 3]?.outcomes.get(publisher))
  t.ok(outcomes.every((outcome) => outcome?.ok && outcome.copies === 3))
  t.ok(b.answers.get(waiting)?.messages.length)
  t.equal(a.texts().length, 6)
  t.same(b.texts(), a.texts())
  t.same(c.texts(), a.texts())
  const ids = (box: Box): string[] => box.answers.get(box.poll('earliest', ['a']))?.messages.map(({ id }) => id) ?? []
  t.same(ids(a), ids(b))
  const published = outcomes.map((outcome) => (outcome?.ok ? outcome.ids[0] : ''))
  t.same([...published].sort(), [...ids(c)].sort(), 'a publisher is given the id that subscribers see')
  t.same(broken(net), [])
  t.end()
})

test('a node is killed: nothing acknowledged is lost, and the rest goes on at once', (t) => {
  const net = new Net()
  const [a, b, c] = net.start(['a', 'b', 'c']) as [Box, Box, Box]
  const publisher = a.publish(draft('a', 1))
  net.until(() => a.outcomes.has(publisher))
  net.kill(a)
  const killedMs = net.ms
  const next = b.publish(draft('a', 2))
  net.until(() => b.outcomes.has(next))
  t.ok(net.ms - killedMs < 500, 'within half a second of virtual time')
  t.match(b.outcomes.get(next), { ok: true, copies: 2 })
  net.pass(5)
  t.same(b.texts(), [1, 2])
  t.same(c.texts(), [1, 2])
  net.kill(b)
  const alone = c.publish(draft('a', 3))
  net.until(() => c.outcomes.has(alone))
  t.match(c.outcomes.get(alone), { ok: true, copies: 1 })
  t.same(c.texts(), [1, 2, 3])
  t.same(broken(net), [])
  t.end()
})

test('a node that joins late answers every cursor that others gave', (t) => {
  const net = new Net()
  const [a, b] = net.start(['a', 'b'], { frameBytes: 4000 }) as [Box, Box]
  const cursors: string[] = []
  for (let i = 0; i < 300; i++) {
    const box = i % 2 ? a : b
    box.publish(draft(i % 3 ? 'a' : 'b', i))
    if (i % 10) continue
    net.pass(5)
    cursors.push(a.answers.get(a.poll('now', ['a']))?.cursor ?? '')
  }
  net.pass(20)
  const c = net.add('c', { founder: false })
  net.link(b, c)
  t.equal(c.refusals.get(c.poll('now', ['a'])), 'not_ready')
  net.until(() => c.engine.ready)
  t.same(c.texts('b'), a.texts('b'))
  for (const cursor of cursors) t.same(read(c, cursor), read(a, cursor))
  t.same(broken(net), [])
  t.end()
})

test('a joiner knows of what was evicted before it came', (t) => {
  const net = new Net()
  const [a] = net.start(['a', 'b'], { retentionCount: 5 }) as [Box, Box]
  const start = a.answers.get(a.poll('now', ['a']))?.cursor ?? ''
  for (let i = 0; i < 20; i++) a.publish(draft('a', i))
  net.pass(20)
  const c = net.add('c', { founder: false, retentionCount: 5 })
  net.link(a, c)
  net.until(() => c.engine.ready)
  t.match(read(c, start), { gap: 'evicted', texts: [15, 16, 17, 18, 19] })
  t.same(read(c, start), read(a, start))
  t.end()
})

test('after a split heals, each side is given what the other wrote: once, and marked', (t) => {
  const net = new Net()
  const [a, b] = net.start(['a', 'b']) as [Box, Box]
  a.publish(draft('a', 'before'))
  net.pass(10)
  const { cursor } = read(a, a.answers.get(a.poll('earliest', ['x']))?.cursor ?? '')
  net.cut(a, b)
  net.until(() => a.view === 'a' && b.view === 'b')
  a.publish(draft('a', 'left'))
  net.pass(10)
  b.publish(draft('a', 'right'))
  net.pass(10)
  const right = read(b, cursor)
  t.same(right.texts, ['right'])
  t.same(read(a, cursor).texts, ['left'])
  net.mend(a, b)
  net.until(() => a.view === 'ab' && b.view === 'ab')
  t.same(a.texts(), ['before', 'left', 'right'])
  t.same(b.texts(), a.texts())
  const late = b.answers.get(b.poll({ cursor: right.cursor }, ['a']))
  t.same(late && textsOf(late), ['left'])
  t.equal(late?.messages[0]?.late, true)
  t.same(read(a, late?.cursor ?? '').texts, [])
  t.same(read(b, cursor).texts, ['left', 'right'])
  t.same(broken(net), [])
  t.end()
})

test('what is not confirmed in time is unknown, and may yet be delivered: once, by its key', (t) => {
  const net = new Net()
  const [a, b] = net.start(['a', 'b'], { publishTimeoutMs: 500, suspectMs: 3000 }) as [Box, Box]
  net.cut(a, b)
  const key = { key: 'k', digest: 'd' }
  const publisher = a.publish(draft('a', 1, key))
  net.pass(600)
  t.match(a.outcomes.get(publisher), { ok: false, code: 'outcome_unknown', unknown: true })
  t.same(a.texts(), [], 'nobody is shown what may be lost')
  net.until(() => a.view === 'a')
  t.same(a.texts(), [1])
  net.until(() => b.view === 'b')
  const again = b.publish(draft('a', 1, key))
  net.pass(10)
  t.match(b.outcomes.get(again), { ok: true })
  net.mend(a, b)
  net.until(() => a.view === 'ab' && b.view === 'ab')
  const third = a.publish(draft('a', 1, key))
  net.pass(10)
  t.match(a.outcomes.get(third), { ok: true, duplicates: [true] })
  t.same(broken(net), [])
  t.end()
})

test('the same key on two nodes at once: one message, one of them is told that it is a duplicate', (t) => {
  const net = new Net()
  const [a, b, c] = net.start(['a', 'b', 'c']) as [Box, Box, Box]
  const key = { key: 'k', digest: 'd' }
  const one = a.publish(draft('a', 1, key))
  const two = b.publish(draft('a', 1, key))
  const other = c.publish(draft('a', 'other', { key: 'k', digest: 'e' }))
  net.pass(20)
  const first = a.outcomes.get(one)
  const second = b.outcomes.get(two)
  t.ok(first?.ok && second?.ok && first.ids[0] === second.ids[0])
  t.same(first?.ok && second?.ok && [first.duplicates, second.duplicates].flat().sort(), [false, true])
  t.match(c.outcomes.get(other), { ok: false, code: 'key_conflict', unknown: false })
  for (const box of net.boxes) t.same(box.texts(), [1])
  t.end()
})

test('unstableBytes and queueMax: what waits for others is bounded, and refused beyond', (t) => {
  const net = new Net()
  const [a, b] = net.start(['a', 'b'], { unstableBytes: 1000 }) as [Box, Box]
  net.cut(a, b)
  const publishers = [1, 2, 3, 4, 5, 6].map((text) => a.publish(draft('a', text)))
  t.ok(a.gauge('unstable_bytes') <= 1000)
  const refused = publishers.filter((publisher) => a.outcomes.has(publisher))
  t.ok(refused.length > 0)
  t.match(a.outcomes.get(refused[0] ?? {}), { ok: false, code: 'overloaded', unknown: false })
  net.until(() => a.view === 'a')
  t.equal(a.texts().length, 6 - refused.length)
  t.equal(a.gauge('unstable_bytes'), 0)
  t.end()
})

test('a publish during a view change waits for the view, as many as queueMax', (t) => {
  const net = new Net()
  const [a, b, c] = net.start(['a', 'b', 'c'], { queueMax: 2 }) as [Box, Box, Box]
  net.lose = (_, __, { type }) => type === 'state' || type === 'synced'
  net.kill(c)
  net.until(() => a.state === 'frozen' || b.state === 'frozen')
  const frozen = a.state === 'frozen' ? a : b
  const publishers = [1, 2, 3].map((text) => frozen.publish(draft('a', text)))
  t.match(frozen.outcomes.get(publishers[2] ?? {}), { ok: false, code: 'overloaded', limit: 'publish_queue' })
  t.ok(frozen.gauge('queued_bytes') > 0)
  net.lose = () => false
  net.until(() => publishers.every((publisher) => frozen.outcomes.has(publisher)))
  t.same(
    publishers.map((publisher) => frozen.outcomes.get(publisher)?.ok),
    [true, true, false],
  )
  t.same(a.texts(), [1, 2])
  t.same(b.texts(), [1, 2])
  t.end()
})

test('min copies: refused when the view is too small, unknown when it shrinks meanwhile', (t) => {
  const net = new Net()
  const [a, b, c] = net.start(['a', 'b', 'c']) as [Box, Box, Box]
  const refused = a.publish(draft('a', 1), { minCopies: 4 })
  t.match(a.outcomes.get(refused), { ok: false, code: 'too_few_copies', unknown: false })
  net.lose = (_, to) => to === c
  const doubtful = a.publish(draft('a', 2), { minCopies: 3 })
  net.kill(c)
  net.until(() => a.outcomes.has(doubtful))
  t.match(a.outcomes.get(doubtful), { ok: false, code: 'too_few_copies', unknown: true })
  net.until(() => b.view === 'ab')
  t.same(b.texts(), [2], 'it was delivered all the same')
  t.end()
})

test('ack local is answered at once', (t) => {
  const net = new Net()
  const [a, b] = net.start(['a', 'b']) as [Box, Box]
  const publisher = a.publish(draft('a', 1), { ack: 'local' })
  t.match(a.outcomes.get(publisher), { ok: true, copies: 1 })
  net.pass(10)
  t.same(b.texts(), [1])
  const outcome = a.outcomes.get(publisher)
  t.same(read(b, (outcome?.ok && outcome.ids[0]) || '').texts, [], 'its id is a cursor')
  t.end()
})

test('membersMax: a cluster takes no more members than that', (t) => {
  const net = new Net()
  net.start(['a', 'b'], { membersMax: 2 })
  for (const name of ['c', 'd', 'e']) {
    const box = net.add(name, { founder: false, membersMax: 2 })
    for (const other of net.boxes) net.link(box, other)
  }
  net.pass(8000)
  for (const box of net.boxes) t.ok(box.engine.status(net.now).members.length <= 3, box.name)
  t.same(broken(net), [])
  t.end()
})

test('a node that says good-bye is counted out at once', (t) => {
  const net = new Net()
  const [a, b, c] = net.start(['a', 'b', 'c']) as [Box, Box, Box]
  net.step(c, { type: 'drain' })
  net.step(c, { type: 'leave' })
  const ms = net.ms
  net.until(() => a.view === 'ab' && b.view === 'ab')
  t.ok(net.ms - ms < 600, 'long before it could be suspected')
  t.end()
})

test('a restart is a new life: the old one is replaced, and has no part in views', (t) => {
  const net = new Net()
  const [a, b] = net.start(['a', 'b']) as [Box, Box]
  a.publish(draft('a', 1))
  net.pass(10)
  net.kill(b)
  const reborn = net.add('b', { founder: false })
  net.link(a, reborn)
  net.until(() => reborn.engine.ready && a.view === 'ab')
  t.same(reborn.texts(), [1])
  const members = a.engine.status(net.now).members.map(({ name }) => name)
  t.same(members, ['a', 'b'])
  t.end()
})

test('dead origins are forgotten when no cursor can need them', (t) => {
  const net = new Net()
  const [a, b] = net.start(['a', 'b'], { retentionMs: 1000 }) as [Box, Box]
  b.publish(draft('a', 1))
  net.pass(10)
  const { cursor } = read(a, a.answers.get(a.poll('earliest', ['x']))?.cursor ?? '')
  net.kill(b)
  net.pass(30_000)
  a.publish(draft('a', 2))
  net.pass(10)
  const answer = a.answers.get(a.poll('earliest', ['a']))
  t.notMatch(answer?.cursor, b.id)
  t.match(cursor, b.id)
  t.same(
    read(a, cursor),
    { texts: [2], cursor: answer?.cursor, gap: undefined },
    'and cursors that name them still work',
  )
  t.same(broken(net), [])
  t.end()
})

test('a restart with the clock set back is taken in all the same', (t) => {
  const net = new Net()
  const [a, b] = net.start(['a', 'b']) as [Box, Box]
  a.publish(draft('a', 1))
  net.pass(10)
  net.wallMs -= 60_000
  net.kill(b)
  const reborn = net.add('b', { founder: false })
  t.ok(reborn.id < b.id)
  net.link(a, reborn)
  net.until(() => reborn.engine.ready && a.view === 'ab')
  t.same(reborn.texts(), [1])
  t.same(broken(net), [])
  t.end()
})

test('two living nodes of one name: the newcomer steps out, and the cluster does not notice', (t) => {
  const net = new Net()
  const [a, b] = net.start(['a', 'b']) as [Box, Box]
  const twin = net.add('a', { founder: false })
  for (const box of [a, b]) net.link(twin, box)
  net.pass(10_000)
  t.equal(twin.state, 'draining')
  t.ok(twin.reports.some(({ event }) => event === 'name_taken'))
  for (const box of [a, b]) t.equal(box.view, 'ab')
  t.equal(a.engine.status(net.now).counters['views'], 1, 'no view came and went for it')
  t.end()
})

test('a node that was replaced while it was away steps out when it is back', (t) => {
  const net = new Net()
  const [a, b, c] = net.start(['a', 'b', 'c']) as [Box, Box, Box]
  for (const box of [b, c]) net.cut(a, box)
  net.until(() => b.view === 'bc' && a.view === 'a')
  const twin = net.add('a', { founder: false })
  for (const box of [b, c]) net.link(twin, box)
  net.until(() => twin.engine.ready && b.view === 'abc')
  for (const box of [b, c]) net.mend(a, box)
  net.link(a, twin)
  net.until(() => a.state === 'draining')
  net.pass(5000)
  for (const box of [twin, b, c]) t.equal(box.view, 'abc')
  t.ok(twin.engine.ready)
  t.same(broken(net), [])
  t.end()
})

test('what a key has outlived is copied, too', (t) => {
  const net = new Net()
  const limits = { retentionCount: 3 }
  const [a] = net.start(['a', 'b'], limits) as [Box, Box]
  for (let i = 0; i < 8; i++) a.publish(draft('a', i, { key: `k${i}`, digest: 'd' }))
  net.pass(20)
  const sent: Message[] = []
  net.lose = (_, __, message) => {
    sent.push(message)
    return false
  }
  const c = net.add('c', { founder: false, ...limits })
  net.link(a, c)
  net.until(() => c.engine.ready)
  for (const message of sent) t.notOk(decode(encode(message)) instanceof Refusal, message.type)
  const again = c.publish(draft('a', 0, { key: 'k0', digest: 'd' }))
  net.until(() => c.outcomes.has(again))
  t.match(c.outcomes.get(again), { ok: true, duplicates: [true] })
  t.end()
})

test('a reader from a node that is ahead is not told of a gap by one that lags', (t) => {
  const net = new Net()
  const [a, b] = net.start(['a', 'b']) as [Box, Box]
  net.cut(a, b)
  net.until(() => a.view === 'a')
  net.pass(6000)
  const c = net.add('c', { founder: false })
  net.link(b, c)
  net.until(() => c.engine.ready)
  c.publish(draft('a', 1))
  net.pass(10)
  const { cursor } = read(c, c.answers.get(c.poll('earliest', ['a']))?.cursor ?? '')
  t.match(read(a, cursor), { gap: undefined, texts: [] })
  net.pass(6000)
  t.match(read(a, cursor), { gap: 'unknown_origin' }, 'but if it stays unknown')
  t.end()
})
