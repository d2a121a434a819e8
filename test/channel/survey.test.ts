import { test } from 'tap'
import type { SurveyWish } from '../../src/effect.js'
import { draft, Lone } from '../support/core.js'

const survey = (lone: Lone, wish: Partial<SurveyWish> = {}): ReturnType<typeof lone.engine.survey> => {
  const made = lone.engine.survey({ count: 100, by: 'depth', match: '', ...wish }, lone.now)
  while (made.walk(7));
  return made
}

const names = (lone: Lone, wish?: Partial<SurveyWish>): readonly string[] =>
  survey(lone, wish).listed.map(({ channel }) => channel)

test('the channels with the most messages, or the most a second', (t) => {
  const lone = new Lone()
  for (let i = 0; i < 30; i++) lone.publish(draft('old', i))
  lone.pass(20_000)
  for (let i = 0; i < 20; i++) lone.publish(draft('busy', i))
  lone.publish(draft('Rare', 0, { database: 'other' }))
  lone.poll('now', ['waits'])
  lone.poll('now', ['waits', 'busy'], { stays: true })
  t.same(names(lone), ['old', 'busy', 'Rare', 'waits'])
  t.same(names(lone, { by: 'rate', count: 2 }), ['busy', 'Rare'])
  t.same(names(lone, { count: 1 }), ['old'])
  const { listed, matched } = survey(lone, { match: 'r' })
  t.equal(matched, 1, 'whatever the case')
  t.same(listed, [{ database: 'other', channel: 'Rare', depth: 1, rate: 0.1, readers: 0, quietMs: 0 }])
  const all = survey(lone)
  t.equal(all.matched, 4)
  t.match(all.listed[0], { channel: 'old', depth: 30, rate: 0, quietMs: 20_000 })
  t.match(all.listed[1], { channel: 'busy', depth: 20, rate: 2, readers: 1 })
  t.match(all.listed[3], { channel: 'waits', depth: 0, rate: 0, readers: 2, quietMs: undefined })
  t.end()
})

test('how fast a channel is that keeps less than ten seconds of it', (t) => {
  const lone = new Lone({ retentionCount: 10 })
  for (let i = 0; i < 50; i++) {
    lone.publish(draft('a', i))
    lone.pass(20)
  }
  t.match(survey(lone).listed, [{ depth: 10, rate: 50 }])
  const burst = new Lone({ retentionCount: 10 })
  for (let i = 0; i < 50; i++) burst.publish(draft('a', i))
  t.match(survey(burst).listed, [{ rate: 100 }], 'what comes at once is no rate of millions')
  t.end()
})

test('it looks at some at a time, and at what comes meanwhile or not', (t) => {
  const lone = new Lone()
  for (let i = 0; i < 10; i++) lone.publish(draft(`c${i}`, i))
  const made = lone.engine.survey({ count: 3, by: 'depth', match: '' }, lone.now)
  t.equal(made.walk(4), true)
  t.equal(made.matched, 4)
  lone.publish(draft('new', 0))
  t.equal(made.walk(100), false)
  t.equal(made.matched, 11)
  t.equal(made.listed.length, 3)
  t.end()
})

test('who hears whom is in the status', (t) => {
  const lone = new Lone()
  t.same(lone.engine.status(lone.now).members[0]?.unheard, [])
  t.end()
})
