import { test } from 'tap'
import { StreamEngine } from '../../src/jetstream/core/engine.js'
import { coreDefaults } from '../../src/limits.js'
import { sizeOf } from '../../src/log/entry.js'
import { draft, textsOf, wallMs } from '../support/core.js'
import { Site } from './site.js'

test('what is published on one node is read on every other, in one order', (t) => {
  const site = new Site()
  const [one, two] = [site.start('one'), site.start('two')]
  const waiting = two.poll('now', ['a'], { waitMs: 60_000 })
  const publisher = one.publish(draft('a', 1))
  one.listen()
  t.match(one.outcomes.get(publisher), { ok: true, copies: 2, duplicates: [false] })
  two.listen()
  const answer = two.answers.get(waiting)
  t.same(answer && textsOf(answer), [1])
  two.publish([draft('a', 2), draft('b', 3), draft('a', 4)])
  two.listen()
  one.listen()
  t.same(one.texts(['a', 'b']), [1, 2, 3, 4])
  const outcome = one.outcomes.get(publisher)
  const id = outcome?.ok ? outcome.ids[0] : ''
  t.equal(answer?.cursor, id)
  const next = one.ask({ cursor: id ?? '' }, ['a'], { limit: 1 })
  t.same(next && textsOf(next), [2])
  t.same(
    textsOf(two.ask({ cursor: next?.cursor ?? '' }, ['a', 'b']) as never),
    [3, 4],
    'within a batch, on another node',
  )
  t.same([one.engine.audit(), two.engine.audit()], [[], []])
  t.end()
})

test('unstableBytes: what waits for its stream to be opened is bounded, until it has waited too long', (t) => {
  const first = draft('a', 1)
  const options = { ...coreDefaults, unstableBytes: 2 * sizeOf(first) - 1 }
  const now = { ms: 1, wall: wallMs }
  const engine = new StreamEngine({ options, random: () => 0.5, now })
  engine.step({ type: 'log', event: { is: 'connected', bytesMax: 2 ** 20 } }, now)
  engine.step({ type: 'log', event: { is: 'listed', databases: ['main'] } }, now)
  const publish = () => engine.step({ type: 'publish', publisher: {}, drafts: [first], ack: 'all', minCopies: 1 }, now)
  t.same([publish(), publish()], [[], []])
  t.equal(engine.status(now).gauges.unstable_bytes, 2 * sizeOf(first))
  t.match(publish(), [{ outcome: { ok: false, code: 'overloaded', limit: 'unstable_bytes' } }])
  const ended = engine.step({ type: 'tick' }, { ...now, ms: now.ms + options.publishTimeoutMs })
  t.equal(ended.filter((effect) => effect.type === 'published' && !effect.outcome.ok).length, 2)
  t.equal(engine.status(now).gauges.unstable_bytes, 0)
  t.end()
})
