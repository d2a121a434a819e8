import { test } from 'tap'
import type { Event, Status, Subscription } from '../../src/client/index.js'
import { type Asked, broken, json, refusal, refused, type Said, World } from './world.js'

/** Messages by number, of which a cursor says the last; polls beyond the end wait. */
class Log {
  size: number
  constructor(size: number) {
    this.size = size
  }

  readonly poll = ({ body }: Pick<Asked, 'body'>): Said | 'hang' => {
    const { cursor, limit, timeout }: { cursor: string; limit: number; timeout: number } = JSON.parse(body)
    const at = cursor === 'now' ? this.size : cursor === 'earliest' ? 0 : Number(cursor.slice(1))
    const last = Math.min(this.size, at + limit)
    const messages = Array.from({ length: last - at }, (_, i) => {
      const n = at + i + 1
      return { channel: 'a', message: { message_id: `c${n}`, n } }
    })
    return messages.length === 0 && timeout > 0 ? 'hang' : json({ messages, cursor: `c${last}` })
  }
}

const numbers = (events: readonly Event[]): unknown[] =>
  events.map((event) => (event.type === 'message' ? event.message['n'] : event.type))

const take = async (subscription: Subscription, count: number, into: Event[] = []): Promise<Event[]> => {
  for await (const event of subscription) if (into.push(event) === count) break
  return into
}

test('from now on, or from where it is told', async (t) => {
  const log = new Log(3)
  const world = new World(log.poll)
  const client = world.connect()
  const now = client.subscribe(['a', 'b', 'a'])
  t.equal(now.cursor, 'now')
  await now.ready
  t.same(world.bodies()[0], { channels: ['a', 'b'], cursor: 'now', limit: 500, timeout: 0 })
  await world.settle()
  t.match(world.bodies()[1], { cursor: 'c3', timeout: 25 })
  t.same(numbers(await take(client.subscribe('a', { from: 'earliest' }), 3)), [1, 2, 3])
  t.same(numbers(await take(client.subscribe('a', { from: 'c1' }), 2)), [2, 3])
  await client.close()
  await now.done
})

test('what is taken is behind the cursor, and kept; what comes after it is not', async (t) => {
  const log = new Log(3)
  const world = new World(log.poll)
  const kept: string[] = []
  const store = { load: () => kept.at(-1), save: (cursor: string) => void kept.push(cursor) }
  const first = world.connect().subscribe('a', { from: 'earliest', store })
  const events: Event[] = []
  for await (const event of first) {
    events.push(event)
    await world.settle()
    t.equal(first.cursor, ['earliest', 'c1', 'c2'][events.length - 1], 'what is in hand is not behind it')
    if (events.length === 3) break
  }
  t.same(kept, ['c1', 'c2'])
  const second = world.connect().subscribe('a', { from: 'earliest', store })
  t.same(numbers(await take(second, 1)), [3], 'the one in hand comes again')
  const third = world.connect().subscribe('a', { store })
  const reading = take(third, 2)
  await world.settle()
  t.equal(kept.at(-1), 'c3')
  await third.close()
  t.same(numbers(await reading), [3])
})

test('a fresh position is kept, too: who comes back before the first message misses nothing', async (t) => {
  const world = new World(new Log(7).poll)
  const kept: string[] = []
  let done = (): void => {}
  const save = (cursor: string): Promise<void> => {
    kept.push(cursor)
    return new Promise((resolve) => {
      done = resolve
    })
  }
  const subscription = world.connect().subscribe('a', { store: { load: () => undefined, save } })
  const reading = take(subscription, 1)
  await world.settle()
  t.same(kept, ['c7'])
  t.same(kept.length, 1, 'one at a time')
  done()
  await subscription.close()
  await reading
})

test('a store that fails ends it', async (t) => {
  const world = new World(new Log(7).poll)
  const error = new Error('disk full')
  const save = (): Promise<void> => Promise.reject(error)
  const subscription = world.connect().subscribe('a', { from: 'earliest', store: { load: () => null, save } })
  await t.rejects(take(subscription, 10), error)
  const load = (): Promise<string> => Promise.reject(error)
  await t.rejects(world.connect().subscribe('a', { store: { load, save } }).ready, error)
})

test('nothing more is read than the backlog takes, and nothing is dropped', async (t) => {
  const log = new Log(100)
  const world = new World(log.poll)
  const subscription = world.connect({ pageCount: 10 }).subscribe('a', { from: 'earliest', backlog: 25 })
  await world.settle()
  t.equal(world.asked.length, 3, 'three pages are more than it takes')
  const events = await take(subscription, 100)
  t.same(
    numbers(events),
    Array.from({ length: 100 }, (_, i) => i + 1),
  )
})

test('gaps and late messages are values', async (t) => {
  const page = { cursor: 'c2', gap: true, reason: 'evicted', oldest: 'c1' }
  const messages = [{ channel: 'a', message: { message_id: 'c1', n: 1 }, late: true }]
  const world = new World(() => json({ ...page, messages }))
  const events = await take(world.connect().subscribe('a', { from: 'old' }), 2)
  t.same(events, [
    { type: 'gap', reason: 'evicted', oldest: 'c1' },
    { type: 'message', channel: 'a', message: { message_id: 'c1', n: 1 }, id: 'c1', late: true },
  ])
})

test('a handler is called for one after the other', async (t) => {
  const world = new World(new Log(3).poll)
  const client = world.connect()
  const seen: unknown[] = []
  let underWay = 0
  const subscription = client.subscribe(
    'a',
    async (event) => {
      t.equal(underWay++, 0)
      await world.settle()
      underWay--
      seen.push(...numbers([event]))
      if (seen.length === 3) void subscription.close()
    },
    { from: 'earliest' },
  )
  await subscription.done
  t.same(seen, [1, 2, 3])
  const error = new Error('my fault')
  const failing = client.subscribe('a', () => Promise.reject(error), { from: 'earliest' })
  await t.rejects(failing.done, error)
  await client.close()
})

test('is read by one only, and ended by a signal', async (t) => {
  const world = new World(new Log(3).poll)
  const abort = new AbortController()
  const subscription = world.connect().subscribe('a', { from: 'earliest', signal: abort.signal })
  const events: Event[] = []
  const reading = take(subscription, 10, events)
  await world.settle()
  t.equal(events.length, 3)
  await t.rejects(take(subscription, 1), { code: 'closed' })
  abort.abort()
  await reading
  await subscription.done
  const never = world.connect().subscribe('a', { signal: AbortSignal.abort() })
  t.same(await take(never, 1), [])
})

test('goes on elsewhere with its cursor, at any time of a window', async (t) => {
  const log = new Log(2)
  const statuses: Status[] = []
  let down = ''
  const world = new World((asked) => {
    if (down === '') down = asked.server
    if (asked.server === down && log.size === 3) return broken()
    const said = log.poll(asked)
    return asked.server === down && said === 'hang' ? broken() : said
  })
  const client = world.connect({ servers: ['http://a', 'http://b'] })
  const subscription = client.subscribe('a', { from: 'earliest', onStatus: (status) => statuses.push(status) })
  const events: Event[] = []
  const reading = take(subscription, 3, events)
  await world.settle()
  log.size = 3
  t.same(numbers(events), [1, 2])
  t.match(statuses, [
    { type: 'connected', server: down },
    { type: 'waiting', why: 'socket hang up', ms: 125 },
  ])
  await world.advance(124)
  t.equal(events.length, 2)
  await world.advance(1)
  await reading
  t.same(numbers(events), [1, 2, 3])
  t.match(statuses[2], { type: 'connected', server: down === 'http://a' ? 'http://b' : 'http://a' })
  t.match(world.bodies().at(-2), { cursor: 'c2' })
})

test('waits ever longer where nobody is, and goes on when somebody is back', async (t) => {
  const log = new Log(1)
  let isUp = false
  const world = new World((asked) => (isUp ? log.poll(asked) : refusal(503, 'not_ready', {}, { 'retry-after': '1' })))
  const waits: number[] = []
  const subscription = world.connect().subscribe('a', {
    from: 'earliest',
    onStatus: (status) => status.type === 'waiting' && waits.push(status.ms),
  })
  const reading = take(subscription, 1)
  await world.advance(15_000)
  t.same(waits.slice(0, 6), [500, 500, 500, 1000, 2000, 4000], 'not sooner than it was told to, in the mean')
  isUp = true
  await world.advance(10_000)
  t.same(numbers(await reading), [1])
})

test('what no node would do ends it; so does the time for a first connection', async (t) => {
  const world = new World(() => refusal(400, 'bad_cursor'))
  const subscription = world.connect().subscribe('a', { from: 'nonsense' })
  await t.rejects(subscription.ready, { code: 'bad_cursor' })
  await t.rejects(take(subscription, 1), { name: 'RefusedError', code: 'bad_cursor', status: 400 })
  const nobody = new World(refused)
  const servers = ['http://a', 'http://b']
  const lost = t.rejects(take(nobody.connect({ servers }).subscribe('a', { connectMs: 3000 }), 1), {
    code: 'unreachable',
    message: /http:\/\/[ab]: nobody listens there; http:\/\/[ab]: nobody listens there$/,
  })
  await nobody.advance(3000)
  await lost
})

test('an answer that is no page is a fault of that node', async (t) => {
  const log = new Log(1)
  const world = new World((asked) => (asked.server === 'http://a' ? { body: '<h1>Welcome</h1>' } : log.poll(asked)))
  world.dice = 0
  const reading = take(world.connect({ servers: ['http://a', 'http://b'] }).subscribe('a', { from: 'earliest' }), 1)
  await world.advance(1000)
  t.same(numbers(await reading), [1])
})

const cluster = (...loads: readonly number[]): Said =>
  json({ members: loads.map((waiters, i) => ({ url: `http://${'abc'[i]}`, state: 'alive', ready: true, waiters })) })

test('learns the other nodes, and moves from one that carries too much', async (t) => {
  const log = new Log(1)
  let loads = [10, 10, 10]
  const world = new World((asked) => {
    if (asked.path === '/cluster') return cluster(...loads)
    if (asked.path === '/readyz') return asked.server === 'http://c' ? refused() : {}
    return log.poll(asked)
  })
  const statuses: Status[] = []
  const client = world.connect({ discover: true, waitMs: 3_600_000 })
  const subscription = client.subscribe('a', { onStatus: (status) => statuses.push(status) })
  await world.advance(0)
  t.same(client.servers, ['http://a', 'http://b'], 'what is out of reach is left alone')
  await world.advance(60_000)
  t.same(statuses, [{ type: 'connected', server: 'http://a' }])
  const looks = world.asked.filter(({ path }) => path === '/cluster').map(({ atMs }) => atMs)
  t.same(looks, [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000])
  loads = [1000, 0, 0]
  world.dice = 0.2
  await world.advance(10_000)
  t.match(statuses[1], { type: 'connected', server: 'http://b' })
  t.equal(statuses.length, 2, 'without a pause')
  log.size = 2
  await client.close()
  await subscription.done
})

test('leaves a node that says nothing any more, long before its stream is overdue', async (t) => {
  const log = new Log(1)
  let isDead = false
  const world = new World((asked) => {
    if (isDead && asked.server === 'http://a') return 'hang'
    return asked.path === '/cluster' ? cluster(1, 1) : log.poll(asked)
  })
  world.dice = 0
  const statuses: Status[] = []
  const client = world.connect({ servers: ['http://a', 'http://b'], discover: true })
  client.subscribe('a', { onStatus: (status) => statuses.push(status) })
  await world.advance(1000)
  isDead = true
  await world.advance(7500)
  t.match(statuses, [
    { type: 'connected', server: 'http://a' },
    { type: 'waiting', server: 'http://a', why: 'no answer within 3 s' },
    { type: 'connected', server: 'http://b' },
  ])
  await client.close()
})

test('where there is nothing to learn, and nowhere else to go, a look changes nothing', async (t) => {
  const log = new Log(1)
  for (const said of ['hang', refused(), refusal(404, 'not_found'), { body: '<h1>' }, json(null), json({})] as const) {
    const world = new World((asked) => (asked.path === '/cluster' ? said : log.poll(asked)))
    const statuses: Status[] = []
    const client = world.connect({ discover: true, waitMs: 3_600_000 })
    client.subscribe('a', { onStatus: (status) => statuses.push(status) })
    await world.advance(30_000)
    t.same(statuses, [{ type: 'connected', server: 'http://a' }])
    await client.close()
  }
})
