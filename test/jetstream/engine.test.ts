import { test } from 'tap'
import { draft, textsOf } from '../support/core.js'
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
