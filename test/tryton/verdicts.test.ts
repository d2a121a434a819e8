import { test } from 'tap'
import { type Verdict, Verdicts } from '../../src/tryton/verdicts.js'

const limits = { validMs: 100, invalidMs: 10, entriesMax: 3, checksMax: 2 }

test('each kind of verdict has its time', async (t) => {
  let now = 0
  const verdicts = new Verdicts(limits, () => now)
  await verdicts.ask('good', async () => 'valid')
  await verdicts.ask('bad', async () => 'invalid')
  t.same([verdicts.known('good'), verdicts.known('bad')], ['valid', 'invalid'])
  now = 10
  t.same([verdicts.known('good'), verdicts.known('bad')], ['valid', undefined])
  now = 100
  t.same([verdicts.known('good'), verdicts.size], [undefined, 0])
})

test('there are never more than so many, and the oldest go', async (t) => {
  const verdicts = new Verdicts(limits, () => 0)
  for (const key of ['a', 'b', 'c', 'a', 'd', 'e']) await verdicts.ask(key, async () => 'valid')
  t.same(
    ['a', 'b', 'c', 'd', 'e'].filter((key) => verdicts.known(key)),
    ['a', 'd', 'e'],
  )
})

test('a failed check is no verdict', async (t) => {
  const verdicts = new Verdicts(limits, () => 0)
  const failing = (): Promise<Verdict> => Promise.reject(new Error('down'))
  await t.rejects(Promise.all([verdicts.ask('a', failing), verdicts.ask('a', failing)]), { message: 'down' })
  t.equal(verdicts.checks, 1)
  t.equal(verdicts.known('a'), undefined)
  t.equal(await verdicts.ask('a', async () => 'valid'), 'valid')
})

test('it says when enough is under way', (t) => {
  const verdicts = new Verdicts(limits, () => 0)
  const never = (): Promise<Verdict> => new Promise(() => {})
  void verdicts.ask('a', never)
  t.equal(verdicts.full, false)
  void verdicts.ask('b', never)
  t.equal(verdicts.full, true)
  t.same([verdicts.underWay('a'), verdicts.underWay('c')], [true, false])
  t.end()
})
