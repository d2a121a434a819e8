import { type Test, test } from 'tap'
import type { Report } from '../../src/effect.js'
import { httpDefaults } from '../../src/http/limits.js'
import { Feed, type FeedOptions, feedDefaults } from '../../src/tryton/feed.js'
import { FakeBus } from '../http/fake-bus.js'
import { until } from '../support/until.js'
import { FakePostgres } from './fake-postgres.js'

const quick: FeedOptions = {
  ...feedDefaults,
  ear: { ...feedDefaults.ear, beatMs: 20, answerMs: 200, connectMs: 200 },
  reconnectMs: { first: 5, max: 20 },
}

interface Scene {
  readonly postgres: FakePostgres
  readonly bus: FakeBus
  readonly feed: Feed
  readonly reports: Report[]
}

const scene = async (t: Test, options: FeedOptions = quick): Promise<Scene> => {
  const postgres = await FakePostgres.start(t)
  const bus = new FakeBus()
  const reports: Report[] = []
  const report = (each: Report): number => reports.push(each)
  const feed = new Feed(postgres.url('my%20site'), { bus, report, http: httpDefaults, random: () => 0.5, options })
  t.teardown(() => feed.close())
  return { postgres, bus, feed, reports }
}

const keysOf = ({ bus }: Scene): readonly unknown[] =>
  bus.publishes.flatMap(({ drafts }) => drafts.map(({ key }) => key))

const listening = (all: Scene): Promise<boolean> =>
  until('it listens', () => all.feed.status.state === 'listening' && all.postgres.listeners === 1)

test('what is notified is published, byte by byte, with its own id as the key', async (t) => {
  const all = await scene(t)
  const { postgres, bus, feed } = all
  t.equal(feed.status.state, 'connecting')
  feed.start()
  await listening(all)
  postgres.send(
    '{"channel": "user:1", "message": {"type":"notification","title":"\\u00e9","message_id":"m-1","n":1.0}}',
  )
  await until('published', () => bus.publishes.length === 1)
  const [draft] = bus.publishes[0]?.drafts ?? []
  t.match(draft, { database: 'my site', channel: 'user:1', key: 'm-1' })
  t.match(draft, { head: '{"type":"notification","title":"\\u00e9","message_id":', tail: ',"n":1.0}' })
  t.match(bus.publishes[0], { ack: 'all', minCopies: 1 })
  t.match(feed.status, { state: 'listening', heard: 1, published: 1, losses: 0 })
})

test('what is no message of a bus is passed over, and told once', async (t) => {
  const all = await scene(t)
  all.feed.start()
  await listening(all)
  for (const payload of ['', 'null', '[]', '{"channel":"a"}', '{"channel":"","message":{}}', '{"message":{}}']) {
    all.postgres.send(payload)
  }
  all.postgres.notify('a', { message_id: 'fine' })
  await until('all heard', () => all.feed.status.heard === 7)
  t.same(keysOf(all), ['fine'])
  t.equal(all.feed.status.refused, 6)
  t.equal(all.reports.filter(({ event }) => event === 'tryton_refused').length, 1)
})

test('a lost connection is made anew, as often as it takes', async (t) => {
  const all = await scene(t)
  const { postgres, feed, reports } = all
  feed.start()
  for (let round = 1; round <= 3; round++) {
    await listening(all)
    postgres.notify('a', { message_id: `m-${round}` })
    await until('heard', () => feed.status.heard === round)
    postgres.mood = 'refuses'
    postgres.cut()
    const seen = postgres.connections
    await until('it has tried', () => postgres.connections > seen + 3)
    t.equal(feed.status.lastLoss, 'the database system is starting up')
    postgres.mood = 'fine'
  }
  await listening(all)
  t.same(keysOf(all), ['m-1', 'm-2', 'm-3'])
  t.ok(feed.status.losses > 9)
  t.equal(reports.filter(({ event }) => event === 'tryton_lost').length, 3, 'each loss is told once')
  t.notMatch(JSON.stringify([reports, feed.status]), /secret/)
})

test('a database that says nothing any more is left', async (t) => {
  const all = await scene(t)
  const { postgres, feed } = all
  feed.start()
  await listening(all)
  await until('it is asked for a sign of life', () => postgres.queries.includes('SELECT 1'))
  postgres.mood = 'silent'
  await until('found out', () => feed.status.losses >= 2)
  postgres.mood = 'fine'
  await listening(all)
  t.equal(feed.status.lastLoss, 'timeout expired')
})

test('after a long silence nothing is believed to be new', async (t) => {
  const all = await scene(t, { ...quick, ear: { ...quick.ear, beatMs: 60_000, staleMs: -1 } })
  const { postgres, feed } = all
  feed.start()
  await listening(all)
  postgres.notify('a', { message_id: 'old' })
  await until('it is left', () => feed.status.losses > 0)
  t.equal(feed.status.heard, 0)
  t.equal(feed.status.lastLoss, 'what it says now may be old')
})

test('after close() there is no connection, and none is made', async (t) => {
  const all = await scene(t)
  const { postgres, feed, reports } = all
  feed.start()
  await listening(all)
  feed.close()
  await until('gone', () => postgres.listeners === 0)
  t.equal(postgres.connections, 1)
  t.equal(reports.filter(({ event }) => event === 'tryton_lost').length, 0)
})
