import fc from 'fast-check'
import { test } from 'tap'
import type { From } from '../../src/effect.js'
import { draft, Lone } from '../support/core.js'

/** Shared by all who ask in the same words, as the edge does it for polls that it has read before. */
const channels = ['a', 'b']

const answers = (lone: Lone): unknown[] =>
  lone.effects.flatMap((effect) => (effect.type === 'answer' ? [effect.answer] : []))

test('who asks in the same words before anything changes is given the very same answer', (t) => {
  const lone = new Lone()
  const from: From = { cursor: lone.poll('now', channels, { waitMs: 0 }).cursor }
  lone.publish(draft('a', 1))
  lone.effects = []
  const all = Array.from({ length: 20 }, () => lone.poll(from, channels))
  t.equal(new Set(answers(lone)).size, 1)
  t.same(
    all.map(({ texts }) => texts),
    all.map(() => [1]),
  )
  t.equal(lone.engine.status(lone.now).counters.delivered, 20, 'each of them counts')
  lone.publish(draft('b', 2))
  t.same(lone.poll(from, channels).texts, [1, 2], 'and once something has come, that too')
  t.end()
})

test('what is recent is looked for each time, and a gap is counted each time', (t) => {
  const lone = new Lone({ retentionCount: 1 })
  const recent: From = { recentMs: 1000 }
  const old: From = { cursor: lone.poll('now', channels, { waitMs: 0 }).cursor }
  lone.publish([draft('a', 1), draft('a', 2)])
  t.same(lone.poll(recent, channels).texts, [2])
  lone.ms += 2000
  t.same(lone.poll(recent, channels).texts, [])
  for (let asked = 1; asked <= 3; asked++) {
    t.equal(lone.poll(old, channels).answer?.gap?.reason, 'evicted')
    t.equal(lone.engine.status(lone.now).counters.gaps, asked)
  }
  t.end()
})

const moves = fc.array(
  fc.oneof(
    fc.record({ publish: fc.constantFrom('a', 'b', 'c'), count: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ ask: fc.nat(3), limit: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ pass: fc.integer({ min: 1, max: 400 }) }),
  ),
  { maxLength: 60 },
)

test('asked again in the same words or in words of its own, a node says the same', (t) => {
  fc.assert(
    fc.property(moves, (list) => {
      const lone = new Lone({ retentionCount: 4, retentionMs: 1000 })
      const froms: From[] = Array.from({ length: 4 }, () => ({
        cursor: lone.poll('now', channels, { waitMs: 0 }).cursor,
      }))
      let text = 0
      for (const move of list) {
        if ('publish' in move) lone.publish(Array.from({ length: move.count }, () => draft(move.publish, ++text)))
        else if ('pass' in move) lone.pass(move.pass)
        else {
          const from = froms[move.ask] as { readonly cursor: string }
          const { limit } = move
          const shared = [lone.poll(from, channels, { limit }), lone.poll(from, channels, { limit })]
          const own = lone.poll({ ...from }, [...channels], { limit })
          const said = new Set([...shared, own].map(({ answer }) => JSON.stringify(answer)))
          if (said.size !== 1) return false
          if (own.answer) froms[move.ask] = { cursor: own.cursor }
        }
      }
      return lone.engine.audit().length === 0
    }),
    { seed: 4, numRuns: 300 },
  )
  t.pass('300 histories agreed')
  t.end()
})
