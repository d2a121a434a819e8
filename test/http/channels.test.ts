import { type Test, test } from 'tap'
import { Surveys } from '../../src/http/surveys.js'
import { FakeBus } from './fake-bus.js'
import { Stage } from './stage.js'
import { codeOf, told } from './wire.js'

test('/channels', async (t) => {
  const stage = await Stage.set(t, { channelsListed: 5 })
  const list = await stage.ask('GET', '/channels?top=3&by=rate&match=%C3%BC%26')
  t.match(told(list), { total: 0, matched: 1, channels: [{ channel: 'a', depth: 3 }] })
  await stage.ask('GET', '/channels?top=99')
  await stage.ask('GET', '/channels')
  t.same(stage.bus.surveys, [
    { count: 3, by: 'rate', match: 'ü&' },
    { count: 5, by: 'depth', match: '' },
  ])
  for (const query of ['top=0', 'top=x', 'by=size', `match=${'x'.repeat(257)}`])
    t.equal(codeOf(await stage.ask('GET', `/channels?${query}`)), 'bad_request', query)
  const other = await stage.ask('GET', '/channels', undefined, ['X-Forwarded-For: 10.0.0.1'])
  t.equal(codeOf(other), 'forbidden')
})

/** Between two lists there is a rest, which keeps no process alive. */
const live = (t: Test): void => {
  const life = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(life))
}

test('who asks for the same list gets the same one', async (t) => {
  live(t)
  const bus = new FakeBus()
  bus.channels = 5000
  const surveys = new Surveys(bus)
  const wish = { count: 5, by: 'depth', match: '' } as const
  const [a, b] = await Promise.all([surveys.list(wish), surveys.list(wish)])
  t.equal(a, b)
  t.equal(await surveys.list(wish), a, 'for as long as it is good')
  t.equal(bus.surveys.length, 1)
  await surveys.list({ ...wish, by: 'rate' })
  t.equal(bus.surveys.length, 2)
})

test('one after the other, and only so many wait', async (t) => {
  live(t)
  const bus = new FakeBus()
  bus.channels = 2000
  const surveys = new Surveys(bus)
  const wishes = Array.from({ length: 17 }, (_, i) => ({ count: 5, by: 'depth', match: `${i}` }) as const)
  const results = await Promise.allSettled(wishes.map((wish) => surveys.list(wish)))
  t.same(
    results.map(({ status }) => status),
    [...Array(16).fill('fulfilled'), 'rejected'],
  )
  t.match(results.at(-1), { reason: { code: 'overloaded' } })
  for (const wish of wishes) await surveys.list(wish)
  t.equal(bus.surveys.at(-1)?.match, '16', 'and it goes on')
})

test('what goes wrong with one list is told, and hurts no other', async (t) => {
  live(t)
  const bus = new FakeBus()
  const surveys = new Surveys(bus)
  const wish = { count: 5, by: 'depth', match: '' } as const
  const survey = bus.survey
  bus.survey = () => {
    throw new Error('no')
  }
  await t.rejects(surveys.list(wish), /no/)
  bus.survey = survey
  t.equal((await surveys.list(wish)).matched, 1)
})
