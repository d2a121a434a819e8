import { test } from 'tap'
import { type Asked, broken, json, refusal, refused, type Said, World } from './world.js'

interface Body {
  readonly messages?: readonly { readonly message: { readonly n: number }; readonly key: string }[]
  readonly message?: { readonly n: number }
}

/** Takes everything, and says ids after the numbers. */
const accept = ({ body }: Asked): Said => {
  const { messages, message }: Body = JSON.parse(body)
  if (messages) return json({ message_ids: messages.map((each) => `id-${each.message.n}`), copies: 3 })
  return json({ message_id: `id-${message?.n}`, copies: 3 })
}

test('what is published in one tick is one request, and in order', async (t) => {
  const world = new World(accept)
  const client = world.connect({ database: 'x y' })
  const all = [1, 2, 3].map((n) => client.publish('a', { n }))
  all.push(client.publish('b', { n: 4 }, { key: 'mine', ack: 'local', minCopies: 2 }))
  all.push(client.publishText('b', '{"n":5e0}', { ack: 'local', minCopies: 2 }))
  t.same(
    await Promise.all(all),
    [1, 2, 3, 4, 5].map((n) => ({ message_id: `id-${n}`, copies: 3 })),
  )
  t.same(world.bodies(), [
    { messages: [1, 2, 3].map((n) => ({ channel: 'a', key: `key-${n}`, message: { n } })) },
    {
      messages: [
        { channel: 'b', key: 'mine', message: { n: 4 } },
        { channel: 'b', key: 'key-4', message: { n: 5 } },
      ],
      ack: 'local',
      min_copies: 2,
    },
  ])
  t.match(world.asked[0], {
    path: '/x%20y/bus/publish',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  })
  t.match(world.asked[1]?.body, '5e0', 'text goes out as it is')
})

test('one request is under way at a time, and bounded', async (t) => {
  let underWay = 0
  const world = new World((asked) => {
    t.equal(++underWay, 1)
    queueMicrotask(() => {
      underWay--
    })
    return accept(asked)
  })
  const client = world.connect()
  const all = await Promise.all(Array.from({ length: 2500 }, (_, n) => client.publish('a', { n })))
  t.same(all[2499], { message_id: 'id-2499', copies: 3 })
  t.same(
    world.bodies().map(({ messages }) => (messages as unknown[]).length),
    [1000, 1000, 500],
  )
  const tooMany = Array.from({ length: 100_001 }, (_, n) => client.publish('a', { n }))
  await t.rejects(Promise.resolve(tooMany.at(-1)), { code: 'queue_full' })
  await client.close()
  await Promise.allSettled(tooMany)
})

test('a key of one’s own tells whether it was there before', async (t) => {
  const world = new World(({ body }) => {
    const { messages }: Body = JSON.parse(body)
    if (!messages) return json({ message_id: 'old', copies: 1, duplicate: true })
    return json({ message_ids: messages.map(() => 'old'), copies: 1, duplicates: [0, 1] })
  })
  const client = world.connect()
  t.same(await client.publish('a', {}, { key: 'k' }), { message_id: 'old', copies: 1, duplicate: true })
  t.same(await client.publish('a', {}), { message_id: 'old', copies: 1 }, 'its own attempt is no duplicate')
  const all = [client.publish('a', {}, { key: 'k' }), client.publish('a', {}), client.publish('a', {}, { key: 'l' })]
  t.same(
    (await Promise.all(all)).map(({ duplicate }) => duplicate),
    [true, undefined, undefined],
  )
})

test('of many the ones at fault are refused, and the others are published, in order', async (t) => {
  const world = new World((asked) => (asked.body.includes('"bad"') ? refusal(409, 'key_conflict') : accept(asked)))
  const client = world.connect()
  const all = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => client.publish('a', n % 7 === 3 ? { bad: 1 } : { n })),
  )
  const bad = all.flatMap((each, n) => (each.status === 'rejected' ? [n] : []))
  t.same(bad, [3, 10, 17])
  const [first] = all.filter((each) => each.status === 'rejected')
  t.match(first?.reason, { name: 'RefusedError', code: 'key_conflict', status: 409, server: 'http://a' })
  const taken = world.bodies().filter((body) => !JSON.stringify(body).includes('"bad"')) as Body[]
  const order = taken.flatMap(({ messages, message }) => messages?.map((each) => each.message.n) ?? [message?.n])
  t.same(
    order,
    Array.from({ length: 20 }, (_, n) => n).filter((n) => !bad.includes(n)),
  )
})

test('asks other nodes, with the same keys, until it knows', async (t) => {
  const trouble: string[] = []
  const world = new World((asked) => {
    const count = world.asked.length
    if (count === 1) return broken()
    if (count === 2) return 'hang'
    if (count === 3) return refusal(503, 'draining', {}, { 'retry-after': '1' })
    if (count === 4) return { status: 502, body: '<h1>Bad gateway</h1>' }
    return accept(asked)
  })
  world.dice = 0.9
  const client = world.connect({ servers: ['http://a', 'http://b'], onPublishTrouble: (why) => trouble.push(why) })
  const published = client.publish('a', { n: 1 })
  await world.advance(10_000)
  t.same(await published, { message_id: 'id-1', copies: 3 })
  t.same(new Set(world.bodies().map(({ key }) => key)), new Set(['key-1']))
  const servers = world.asked.map(({ server }) => server)
  t.not(servers[0], servers[1])
  t.not(servers[2], servers[3])
  t.equal(world.asked[1]?.atMs, 225, 'the next one is asked after any time up to a quarter of a second')
  t.equal(trouble.length, 1)
  t.match(trouble[0], /http:\/\/[ab]: socket hang up; http:\/\/[ab]: no answer within 5 s/)
})

test('a timer that comes a fraction of a millisecond early is no reason to give up', async (t) => {
  const world = new World((asked) =>
    asked.atMs === 0 ? refusal(429, 'too_many_requests', { retry_after: 1 }) : accept(asked),
  )
  world.dice = 1 / 3
  const published = world.connect().publish('a', { n: 1 })
  await world.advance(3000)
  t.equal((await published).message_id, 'id-1')
  t.ok((world.asked[1]?.atMs ?? 0) >= 1000 + 250 / 3)
})

test('who is too fast waits for as long as the node says, at the same node, and says so once', async (t) => {
  const trouble: string[] = []
  let full = 2
  const world = new World((asked) => {
    const said = full-- > 0 ? refusal(429, 'too_many_requests', { retry_after: 3 }) : accept(asked)
    return said
  })
  const servers = ['http://a', 'http://b']
  const client = world.connect({ servers, onPublishTrouble: (why) => trouble.push(why) })
  const published = client.publish('a', { n: 1 })
  await world.advance(2900)
  t.equal(world.asked.length, 1, 'not before')
  await world.advance(10_000)
  t.same(await published, { message_id: 'id-1', copies: 3 })
  t.same(
    world.asked.map(({ atMs }) => atMs),
    [0, 3125, 6250],
  )
  t.equal(new Set(world.asked.map(({ server }) => server)).size, 1, 'another one is not asked in its place')
  t.same(new Set(world.bodies().map(({ key }) => key)), new Set(['key-1']))
  t.equal(trouble.length, 1)
  t.match(trouble[0], /this is too_many_requests/)

  full = 1
  const late = client.publish('a', { n: 2 }, { timeoutMs: 1000 })
  const rejected = t.rejects(late, { code: 'unreachable', message: /too_many_requests/ })
  const next = client.publish('a', { n: 3 })
  await world.advance(1100)
  await rejected
  t.equal(world.asked.length, 4, 'what is left waits, too')
  await world.advance(3000)
  t.equal((await next).message_id, 'id-3')
  t.equal(world.asked.length, 5)

  const proxied = new World((asked) =>
    asked.atMs < 2000 ? { status: 429, headers: { 'retry-after': '2' } } : accept(asked),
  )
  const behind = proxied.connect().publish('a', { n: 1 })
  await proxied.advance(3000)
  t.equal((await behind).message_id, 'id-1')
  t.equal(proxied.asked.length, 2, 'a proxy has no code of ours')
})

test('time runs out: not done, or not known', async (t) => {
  const world = new World(refused)
  const client = world.connect({ servers: ['http://a', 'http://b'] })
  const lost = client.publish('a', { n: 1 }, { timeoutMs: 1000 })
  const rejected = t.rejects(lost, { name: 'UnreachableError', code: 'unreachable', message: /nobody listens there/ })
  await world.advance(1000)
  await rejected
  t.ok((world.asked.at(-1)?.atMs ?? 0) > 800, 'it goes on to the end')

  const dark = new World(() => 'hang')
  const other = dark.connect()
  const first = other.publish('a', { n: 1 }, { key: 'k', timeoutMs: 1000 })
  const second = other.publish('a', { n: 2 }, { timeoutMs: 8000 })
  const firstRejected = t.rejects(first, { name: 'UnknownOutcomeError', key: 'k', code: 'outcome_unknown' })
  const secondRejected = t.rejects(second, { name: 'UnknownOutcomeError', key: 'key-1' })
  await dark.advance(1100)
  await firstRejected
  const late = other.publish('a', { n: 3 }, { timeoutMs: 100 })
  const lateRejected = t.rejects(late, { name: 'UnreachableError', message: /had to wait for too long/ })
  await dark.advance(7000)
  await secondRejected
  await lateRejected
})

test('what is refused for good is not asked again; a new token is', async (t) => {
  const world = new World(() => refusal(403, 'forbidden'))
  await t.rejects(world.connect().publish('a', {}), { code: 'forbidden', status: 403 })
  t.equal(world.asked.length, 1)

  const asks: boolean[] = []
  const gate = new World((asked) =>
    asked.headers['authorization'] === 'Bearer new' ? accept(asked) : refusal(401, 'unauthorized'),
  )
  const token = (isRefused: boolean): string => {
    asks.push(isRefused)
    return asks.length === 1 ? 'old' : 'new'
  }
  const published = gate.connect({ token }).publish('a', { n: 1 })
  await gate.advance(1000)
  t.match(await published, { message_id: 'id-1' })
  t.same(asks, [false, true])
  await t.rejects(gate.connect({ token: 'old' }).publish('a', {}), { code: 'unauthorized', status: 401 })
  const bad = t.rejects(gate.connect({ token: () => 'bad' }).publish('a', {}), { code: 'unauthorized' })
  await gate.advance(1000)
  await bad
})

test('an answer that is none of ours', async (t) => {
  const world = new World(() => json({ message_ids: [], copies: 1 }))
  await t.rejects(world.connect().publish('a', {}), { code: 'bad_answer' })
})

test('a closed client publishes nothing, and says what it does not know', async (t) => {
  const world = new World(() => 'hang')
  const client = world.connect()
  const underWay = t.rejects(client.publish('a', {}), { name: 'UnknownOutcomeError', key: 'key-1' })
  await world.settle()
  const waiting = t.rejects(client.publish('a', {}), { name: 'ClosedError' })
  await client.close()
  await underWay
  await waiting
  await t.rejects(client.publish('a', {}), { name: 'ClosedError', code: 'closed' })
  t.throws(() => client.subscribe('a'), { code: 'closed' })
})

test('any other request', async (t) => {
  const world = new World(({ server, path }) => (server === 'http://b' ? json({ path }) : refused()))
  const client = world.connect({ servers: ['http://a', 'http://b'] })
  world.dice = 0
  const reply = await client.request({ method: 'GET', path: '/cluster' }, { timeoutMs: 0 })
  t.same(reply, { server: 'http://b', text: '{"path":"/cluster"}' })
  const dead = new World(refused).connect({ servers: ['http://a', 'http://b'] })
  await t.rejects(
    dead.request({ method: 'GET', path: '/' }, { timeoutMs: 0 }),
    /http:\/\/a: nobody.*; http:\/\/b: nobody/,
  )
  t.throws(() => world.connect({ transport: 'carrier' as never }), /transport must be/)
})
