import { test } from 'tap'
import { formatCursor } from '../../src/channel/cursor.js'
import type { From } from '../../src/effect.js'
import { sizeOf } from '../../src/log/entry.js'
import { draft, Lone, nodeId } from '../support/core.js'
import { type Box, Net } from '../support/net.js'

const limitOf = (outcome: ReturnType<Lone['publish']>): string | undefined =>
  outcome && !outcome.ok ? outcome.limit : undefined

const failure = (outcome: ReturnType<Lone['publish']>): string | undefined =>
  outcome && !outcome.ok ? `${outcome.code} ${outcome.unknown}` : undefined

test('retentionCount: the oldest of a channel goes, and who missed it is told', (t) => {
  const lone = new Lone({ retentionCount: 3 })
  const start = lone.poll('now', ['a'], { waitMs: 0 }).cursor
  for (let i = 1; i <= 5; i++) lone.publish(draft('a', i))
  const asked = lone.poll({ cursor: start }, ['a'], { waitMs: 0 })
  t.same(asked.texts, [3, 4, 5])
  t.equal(asked.answer?.gap?.reason, 'evicted')
  t.equal(asked.answer?.gap?.oldest, asked.answer?.messages[0]?.id)
  t.equal(lone.poll({ cursor: asked.cursor }, ['a'], { waitMs: 0 }).answer?.gap, undefined)
  t.equal(lone.gauge('retained_messages'), 3)
  t.end()
})

test('retentionMs: what is too old goes by itself', (t) => {
  const lone = new Lone({ retentionMs: 1000 })
  const start = lone.poll('now', ['a'], { waitMs: 0 }).cursor
  lone.publish(draft('a', 1))
  lone.pass(1500)
  t.equal(lone.gauge('retained_messages'), 0)
  t.equal(lone.gauge('retained_bytes'), 0)
  const asked = lone.poll({ cursor: start }, ['a'])
  t.equal(asked.answer?.gap?.reason, 'evicted', 'told at once, also with nothing to read')
  t.equal(asked.answer?.gap?.oldest, undefined)
  lone.pass(10_000)
  t.equal(lone.gauge('channels'), 0, 'and the channel with it')
  t.equal(lone.poll({ cursor: start }, ['a'], { waitMs: 0 }).answer?.gap?.reason, 'evicted', 'which is still told')
  t.end()
})

test('retentionBytes: the oldest of all channels go', (t) => {
  const each = sizeOf(draft('a', 1))
  const lone = new Lone({ retentionBytes: 4 * each })
  for (let i = 1; i <= 6; i++) lone.publish(draft(i % 2 ? 'a' : 'b', i))
  t.same(lone.poll('earliest', ['a', 'b'], { waitMs: 0 }).texts, [3, 4, 5, 6])
  t.ok(lone.gauge('retained_bytes') <= 4 * each)
  t.end()
})

test('unstableBytes and queueMax hold for what waits for others: nothing waits in a cluster of one', (t) => {
  const lone = new Lone({ unstableBytes: 100 })
  t.equal(failure(lone.publish(draft('a', 1))), 'overloaded false')
  t.equal(limitOf(lone.publish(draft('a', 1))), 'unstable_bytes')
  t.same(lone.poll('earliest', ['a'], { waitMs: 0 }).texts, [])
  t.end()
})

test('waitersMax', (t) => {
  const lone = new Lone({ waitersMax: 2 })
  const first = lone.poll('now', ['a'])
  lone.poll('now', ['b'])
  t.equal(lone.poll('now', ['a']).refusal, 'overloaded')
  t.equal(lone.poll('now', ['a'], { waitMs: 0 }).refusal, undefined, 'who does not wait is answered')
  lone.step({ type: 'cancel', reader: first.reader })
  t.equal(lone.poll('now', ['a']).refusal, undefined)
  t.end()
})

test('channelsMax', (t) => {
  const lone = new Lone({ channelsMax: 2 })
  lone.publish([draft('a', 1), draft('b', 2)])
  t.equal(failure(lone.publish(draft('c', 3))), 'overloaded false')
  t.equal(limitOf(lone.publish(draft('c', 3))), 'channels')
  t.equal(failure(lone.publish(draft('a', 3))), undefined)
  t.equal(lone.poll('now', ['c']).refusal, 'overloaded')
  t.equal(lone.poll('now', ['a']).refusal, undefined)
  t.end()
})

test('cursorOriginsMax', (t) => {
  const lone = new Lone({ cursorOriginsMax: 1 })
  lone.publish(draft('a', 1))
  const of = (count: number): string => {
    const origins = [1, 2].slice(0, count).map(nodeId)
    return formatCursor({ time: 5, origins, seqs: origins.map(() => 1), told: [] })
  }
  t.equal(lone.poll({ cursor: of(1) }, ['a'], { waitMs: 0 }).refusal, undefined)
  t.equal(lone.poll({ cursor: of(2) }, ['a'], { waitMs: 0 }).refusal, 'bad_cursor')
  const tryton = lone.poll({ cursor: of(2) }, ['a'], { waitMs: 0, lenientMs: 5000 })
  t.same(tryton.texts, [1], 'Tryton clients start anew instead')
  t.end()
})

test('cursors stay small however often nodes start anew', (t) => {
  const net = new Net()
  const limits = { cursorOriginsMax: 8 }
  const [a] = net.start(['a', 'b'], limits) as [Box, Box]
  a.publish(draft('a', 'first'))
  let refused = 0
  for (let life = 1; life <= 12; life++) {
    const [old] = net.boxes.filter(({ name, up }) => name === 'b' && up)
    if (old) net.kill(old)
    const b = net.add('b', { founder: false, ...limits })
    net.link(a, b)
    net.until(() => b.engine.ready && a.view === 'ab')
    const publisher = b.publish(draft('a', life))
    net.until(() => b.outcomes.has(publisher))
    const outcome = b.outcomes.get(publisher)
    if (outcome?.ok) continue
    refused++
    t.equal(outcome?.limit, 'origins')
  }
  t.ok(refused > 0, 'a node that says something for the first time has to wait')
  const { cursor } = a.answers.get(a.poll('earliest', ['a'])) ?? { cursor: '' }
  t.equal(a.refusals.get(a.poll({ cursor }, ['a'])), undefined, 'what is given is taken')
  const publisher = a.publish(draft('a', 'last'))
  net.until(() => a.outcomes.has(publisher))
  t.equal(a.outcomes.get(publisher)?.ok, true, 'others go on')
  t.end()
})

test('a reader that has seen many clusters come and go does not carry all of them', (t) => {
  let cursor = ''
  for (let i = 0; i < 40; i++) {
    const lone = new Lone({ name: `cluster ${i}`, cursorOriginsMax: 8 }, 1000 + 60_000 * i)
    lone.publish(draft('a', i))
    const asked = lone.poll(cursor === '' ? 'earliest' : { cursor }, ['a'], { waitMs: 0 })
    t.same(asked.texts, [i])
    cursor = asked.cursor
  }
  t.equal(cursor.split('.').length, 3 + 8, 'version, time and check sum, and so many origins')
  t.end()
})

test('a cursor that is full of nodes which may be news is told of the gap, and taken when it comes back', (t) => {
  const lone = new Lone({ cursorOriginsMax: 2 })
  lone.publish(draft('a', 1))
  const news = [5, 6].map((number) => nodeId(number))
  const cursor = formatCursor({ time: 5, origins: news, seqs: [1, 1], told: [] })
  const asked = lone.poll({ cursor }, ['a'], { waitMs: 0 })
  t.equal(asked.answer?.gap?.reason, 'unknown_origin')
  t.same(asked.texts, [1])
  t.equal(lone.poll({ cursor: asked.cursor }, ['a'], { waitMs: 0 }).refusal, undefined)
  t.end()
})

test('answerBytes: an answer ends before it grows too large, but one message always fits', (t) => {
  const size = draft('a', 1).tail.length
  const lone = new Lone({ answerBytes: 2 * size })
  lone.publish([1, 2, 3, 4, 5].map((text) => draft('a', text)))
  const first = lone.poll('earliest', ['a'], { waitMs: 0 })
  t.same(first.texts, [1, 2])
  t.same(lone.poll({ cursor: first.cursor }, ['a'], { waitMs: 0 }).texts, [3, 4])
  const small = new Lone({ answerBytes: 1 })
  small.publish([draft('a', 1), draft('a', 2)])
  const one = small.poll('earliest', ['a'], { waitMs: 0 })
  t.same(one.texts, [1])
  t.same(small.poll({ cursor: one.cursor }, ['a'], { waitMs: 0 }).texts, [2])
  t.end()
})

test('answerBytes: wherever an answer ends, the next one goes on there, on any number of channels', (t) => {
  const all = Array.from({ length: 24 }, (_, i) => i + 1)
  for (const names of [['a'], ['a', 'b'], ['c', 'a', 'b']])
    for (let answerBytes = 1; answerBytes < 8 * draft('a', 1).tail.length; answerBytes += 7) {
      const lone = new Lone({ answerBytes })
      // Runs of each, so that one channel's list is cut before the other's begins.
      lone.publish(all.map((text) => draft(names[Math.floor(text / 5) % names.length] ?? '', text)))
      const read: unknown[] = []
      let from: From = 'earliest'
      for (let answers = 0; read.length < all.length && answers < all.length; answers++) {
        const { texts, cursor } = lone.poll(from, names, { waitMs: 0 })
        read.push(...texts)
        from = { cursor: cursor ?? '' }
      }
      if (read.join() !== all.join()) t.fail(`with ${answerBytes} bytes on ${names}: ${read}`)
    }
  t.end()
})

test('keysMax: beyond it the oldest keys are forgotten, not the messages', (t) => {
  const lone = new Lone({ keysMax: 1 })
  const first = { key: 'k1', digest: '1' }
  lone.publish(draft('a', 1, first))
  t.match(lone.publish(draft('a', 1, first)), { ok: true, duplicates: [true] })
  lone.publish(draft('a', 2, { key: 'k2', digest: '2' }))
  t.match(lone.publish(draft('a', 1, first)), { ok: true, duplicates: [false] })
  t.same(lone.poll('earliest', ['a'], { waitMs: 0 }).texts, [1, 2, 1])
  t.end()
})

test('a key names one message: again it is a duplicate, for another body a conflict', (t) => {
  const lone = new Lone()
  const outcome = lone.publish(draft('a', 1, { key: 'k', digest: '1' }))
  const again = lone.publish(draft('a', 1, { key: 'k', digest: '1' }))
  t.ok(outcome?.ok && again?.ok && outcome.ids[0] === again.ids[0] && again.duplicates[0])
  t.equal(failure(lone.publish(draft('a', 2, { key: 'k', digest: '2' }))), 'key_conflict false')
  const both = lone.publish([draft('a', 1, { key: 'k', digest: '1' }), draft('a', 3)])
  t.match(both, { ok: true, duplicates: [true, false] })
  const twice = lone.publish([draft('b', 4, { key: 'n', digest: '4' }), draft('b', 4, { key: 'n', digest: '4' })])
  t.match(twice, { ok: true, duplicates: [false, true] })
  t.same(lone.poll('earliest', ['a', 'b'], { waitMs: 0 }).texts, [1, 3, 4])
  t.end()
})

test('minCopies is refused before anything is accepted', (t) => {
  const lone = new Lone()
  t.equal(failure(lone.publish(draft('a', 1), { minCopies: 2 })), 'too_few_copies false')
  t.same(lone.poll('earliest', ['a'], { waitMs: 0 }).texts, [])
  t.end()
})

test('a node that joins takes nothing yet; one that stops takes nothing more', (t) => {
  const joining = new Lone({ founder: false })
  t.notOk(joining.engine.ready)
  t.equal(failure(joining.publish(draft('a', 1))), 'not_ready false')
  t.equal(joining.poll('now', ['a']).refusal, 'not_ready')
  joining.pass(3000)
  t.ok(joining.engine.ready, 'nobody is there to join')
  const asked = joining.poll('now', ['a'])
  joining.step({ type: 'drain' })
  t.same(asked.answer?.messages, [])
  t.notOk(joining.engine.ready)
  t.equal(failure(joining.publish(draft('a', 1))), 'draining false')
  t.equal(joining.poll('now', ['a']).refusal, 'draining')
  t.equal(joining.engine.status(joining.now).state, 'draining')
  t.end()
})
