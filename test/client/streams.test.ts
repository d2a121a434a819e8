import { test } from 'tap'
import type { Event, Status, Subscription } from '../../src/client/index.js'
import { type Asked, FakeSocket, json, refusal, Stream, World } from './world.js'

const message = (n: number): string => `{"channel":"a","message":{"message_id":"c${n}","n":${n}}}`
const event = (n: number): string => `id: c${n}\ndata: ${message(n)}\n\n`
const position = (id: string): string => `event: position\nid: ${id}\ndata: {"cursor":"${id}"}\n\n`

const numbers = (events: readonly Event[]): unknown[] =>
  events.map((each) => (each.type === 'message' ? each.message['n'] : each.type))

const take = async (subscription: Subscription, count: number, into: Event[] = []): Promise<Event[]> => {
  for await (const each of subscription) if (into.push(each) === count) break
  return into
}

const streaming = (
  script: (asked: Asked, stream: Stream) => void = () => {},
): { readonly world: World; readonly streams: Stream[] } => {
  const streams: Stream[] = []
  const world = new World((asked) => {
    const stream = new Stream()
    streams.push(stream)
    script(asked, stream)
    return { body: stream }
  })
  return { world, streams }
}

const two = { servers: ['http://a', 'http://b'] }

test('server-sent events: position, history, live, gap and late', async (t) => {
  const { world, streams } = streaming()
  const subscription = world
    .connect({ transport: 'sse', token: 'secret' })
    .subscribe(['a', 'b&c'], { from: 'earliest', text: true })
  const events: Event[] = []
  const reading = take(subscription, 4, events)
  await world.settle()
  t.match(world.asked[0], {
    method: 'GET',
    path: '/main/bus/events?channel=a&channel=b%26c&from=earliest',
    headers: { accept: 'text/event-stream', authorization: 'Bearer secret', 'last-event-id': undefined },
  })
  const [stream] = streams
  for (const char of `: hello\n\n${position('c0')}${event(1)}`) stream?.push(char)
  await subscription.ready
  stream?.push(`: heartbeat\n\nevent: gap\ndata: {"gap":true,"reason":"evicted","oldest":"c7"}\n\n`)
  stream?.push(event(7))
  stream?.push('id: c8\ndata: {"channel":"a","message":{"message_id":"c8","n":8e0},"late":true}\n\n')
  await reading
  t.same(numbers(events), [1, 'gap', 7, 8])
  t.match(events[1], { reason: 'evicted', oldest: 'c7' })
  t.match(events[3], { late: true, text: '{"message_id":"c8","n":8e0}', id: 'c8' })
})

test('server-sent events: goes on elsewhere with the last id, at the hint of the node', async (t) => {
  const { world, streams } = streaming((asked, stream) => stream.push(position(asked.headers['last-event-id'] ?? 'c0')))
  const statuses: Status[] = []
  const subscription = world
    .connect({ ...two, transport: 'sse' })
    .subscribe('a', { onStatus: (status) => statuses.push(status) })
  const events: Event[] = []
  const reading = take(subscription, 2, events)
  await world.settle()
  streams[0]?.push(`retry: 4000\n\n${event(1)}`)
  streams[0]?.end()
  await world.settle()
  t.match(statuses.at(-1), { type: 'waiting', why: 'the stream ended', ms: 2000 })
  await world.advance(2000)
  t.match(world.asked[1], { path: '/main/bus/events?channel=a', headers: { 'last-event-id': 'c1' } })
  t.not(world.asked[1]?.server, world.asked[0]?.server)
  streams[1]?.push(event(2))
  await reading
  t.same(numbers(events), [1, 2])
})

test('server-sent events: silence, a broken stream and nonsense are faults of that node', async (t) => {
  const { world, streams } = streaming((_, stream) => stream.push(position('c0')))
  const statuses: Status[] = []
  const client = world.connect({ ...two, transport: 'sse', silenceMs: 1000 })
  client.subscribe('a', { onStatus: (status) => status.type === 'waiting' && statuses.push(status) })
  await world.settle()
  for (let i = 0; i < 5; i++) {
    streams[0]?.push(': heartbeat\n\n')
    await world.advance(900)
  }
  t.equal(streams.length, 1)
  await world.advance(400)
  t.match(statuses, [{ why: 'it has fallen silent' }])
  streams[1]?.end(new Error('reset'))
  await world.advance(1000)
  t.match(statuses[1], { why: 'reset' })
  streams[2]?.push('data: {\n\n')
  await world.advance(1000)
  t.match(statuses[2], { why: /JSON/ })
  await client.close()
})

test('server-sent events: a slow reader reads no further, and is not taken for a dead node', async (t) => {
  const { world, streams } = streaming((_, stream) => stream.push(position('c0')))
  const client = world.connect({ transport: 'sse', silenceMs: 1000 })
  const statuses: Status[] = []
  const subscription = client.subscribe('a', { backlog: 2, onStatus: (status) => statuses.push(status) })
  await world.settle()
  for (let n = 1; n <= 10; n++) streams[0]?.push(event(n))
  await world.settle()
  t.equal(streams[0]?.reads, 3, 'the position and two messages')
  await world.advance(60_000)
  t.same(numbers(await take(subscription, 10)), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  t.equal(statuses.length, 1)
})

test('server-sent events: refused', async (t) => {
  const world = new World(() => refusal(403, 'forbidden'))
  await t.rejects(world.connect({ transport: 'sse' }).subscribe('a').ready, { code: 'forbidden', status: 403 })
  const ended = streaming((_, stream) =>
    stream.push('event: end\ndata: {"error":{"code":"unauthorized","message":"no more"}}\n\n'),
  )
  await t.rejects(ended.world.connect({ transport: 'sse' }).subscribe('a').ready, { code: 'unauthorized' })
  const draining = streaming((_, stream) =>
    stream.push('retry: 3000\nevent: end\ndata: {"error":{"code":"draining","message":"so"}}\n\n'),
  )
  const statuses: Status[] = []
  const client = draining.world.connect({ transport: 'sse' })
  client.subscribe('a', { onStatus: (status) => statuses.push(status) })
  await draining.world.settle()
  t.match(statuses, [{ type: 'waiting', why: 'so', ms: 1500 }])
  await client.close()
  const empty = new World(() => ({ body: '' }))
  const lost = t.rejects(empty.connect({ transport: 'sse' }).subscribe('a', { connectMs: 10 }).ready, /is empty/)
  await empty.advance(500)
  await lost
})

const socketOf = (world: World, i: number): FakeSocket => world.sockets[i] ?? new FakeSocket('', '', {})

const said = (n: number): object => ({ type: 'message', channel: 'a', message: { message_id: `c${n}`, n } })

test('WebSocket: subscribed, messages, gap, late, heartbeat', async (t) => {
  const world = new World(() => 'hang')
  const subscription = world
    .connect({ servers: ['https://a/x'], transport: 'ws', token: 'secret' })
    .subscribe(['a', 'b'], { from: 'c0', text: true })
  const events: Event[] = []
  const reading = take(subscription, 4, events)
  await world.settle()
  const socket = socketOf(world, 0)
  t.match(socket, {
    url: 'wss://a/x/main/bus/socket',
    protocol: 'carillon.v1',
    headers: { authorization: 'Bearer secret' },
  })
  t.same(socket.sent, [])
  socket.open()
  t.same(JSON.parse(socket.sent[0] ?? ''), { type: 'subscribe', id: '1', channels: ['a', 'b'], from: 'c0' })
  socket.say({ type: 'subscribed', id: '1', channels: ['a', 'b'], cursor: 'c0' })
  await subscription.ready
  socket.say(said(1))
  socket.say({ type: 'gap', reason: 'evicted', oldest: 'c5', cursor: 'c4' })
  socket.say({ ...said(5), late: true })
  socket.say({ type: 'heartbeat', cursor: 'c6' })
  socket.say({ type: 'something new' })
  await world.settle()
  t.equal(subscription.cursor, 'c6')
  socket.say(said(7))
  await reading
  t.same(numbers(events), [1, 'gap', 5, 7])
  t.match(events[2], { late: true, text: '{"message_id":"c5","n":5}' })
  t.equal(socket.closed, 1000)
})

test('WebSocket of a browser: a fresh ticket in place of the token, for every socket', async (t) => {
  let tickets = 0
  const world = new World(({ path }) => {
    t.equal(path, '/main/bus/ticket')
    return json({ ticket: `ticket-${++tickets}`, expires_in: 30 })
  })
  world.socketHeaders = false
  const subscription = world.connect({ transport: 'ws', token: 'secret' }).subscribe('a')
  await world.settle()
  t.match(world.asked[0], { method: 'POST', headers: { authorization: 'Bearer secret' } })
  t.match(world.sockets[0], { url: 'ws://a/main/bus/socket?ticket=ticket-1' })
  world.sockets[0]?.hangUp(1001)
  await world.advance(1000)
  t.match(world.sockets[1], { url: 'ws://a/main/bus/socket?ticket=ticket-2' })
  world.sockets[1]?.fail('it was too late')
  await world.advance(1000)
  t.match(world.sockets[2], { url: 'ws://a/main/bus/socket?ticket=ticket-3' })
  await subscription.close()
})

test('WebSocket of a browser: no token, or a node that asks for none; no ticket for this token', async (t) => {
  const world = new World(() => refusal(404, 'not_found'))
  world.socketHeaders = false
  const open = world.connect({ transport: 'ws', token: 'of no use' }).subscribe('a')
  await world.settle()
  t.match(world.sockets[0], { url: 'ws://a/main/bus/socket' })
  const plain = world.connect({ transport: 'ws' }).subscribe('a')
  await world.settle()
  t.equal(world.asked.length, 1, 'without a token nobody is asked')
  t.equal(world.sockets.length, 2)
  await Promise.all([open.close(), plain.close()])

  const refusing = new World(({ headers }) =>
    headers['authorization'] === 'Bearer new' ? json({ ticket: 'x' }) : refusal(401, 'unauthorized'),
  )
  refusing.socketHeaders = false
  const final = refusing.connect({ transport: 'ws', token: 'old' }).subscribe('a')
  await t.rejects(final.done, { code: 'unauthorized' })
  const renewing = refusing
    .connect({ transport: 'ws', token: (isRefused) => (isRefused ? 'new' : 'old') })
    .subscribe('a')
  await refusing.advance(1000)
  t.match(refusing.sockets, [{ url: 'ws://a/main/bus/socket?ticket=x' }], 'another token is asked for')
  await renewing.close()
})

test('WebSocket: what its end means', async (t) => {
  const cases: readonly (readonly [end: (socket: FakeSocket) => void, expected: object | 'at once'])[] = [
    [(socket) => socket.hangUp(1001, 'draining'), { type: 'waiting', why: 'draining' }],
    [(socket) => socket.hangUp(1006), { type: 'waiting', why: 'closed with 1006' }],
    [(socket) => socket.hangUp(1013), { type: 'waiting' }],
    [(socket) => socket.fail('ECONNREFUSED'), { type: 'waiting', why: 'ECONNREFUSED' }],
    [(socket) => socket.say({ type: 'error', error: { code: 'draining', message: 'so' } }), { why: 'so' }],
    [(socket) => socket.onmessage?.({ data: '{' } as never), { type: 'waiting', why: /JSON/ }],
    [(socket) => socket.hangUp(4408), 'at once'],
  ]
  for (const [end, expected] of cases) {
    const world = new World(() => 'hang')
    const statuses: Status[] = []
    const client = world.connect({ ...two, transport: 'ws' })
    client.subscribe('a', { from: 'c0', onStatus: (status) => statuses.push(status) })
    await world.settle()
    socketOf(world, 0).open()
    socketOf(world, 0).say({ type: 'subscribed', id: '1', cursor: 'c1' })
    await world.settle()
    end(socketOf(world, 0))
    await world.settle()
    if (expected === 'at once') t.equal(world.sockets.length, 2)
    else t.match(statuses[1], expected)
    await world.advance(1000)
    socketOf(world, 1).open()
    t.match(JSON.parse(socketOf(world, 1).sent[0] ?? ''), { from: 'c1' })
    t.equal(socketOf(world, 0).url === socketOf(world, 1).url, expected === 'at once')
    await client.close()
  }
})

test('WebSocket: what no node would do', async (t) => {
  const ends: readonly (readonly [end: (socket: FakeSocket) => void, code: string])[] = [
    [(socket) => socket.hangUp(4403, 'not for you'), 'forbidden'],
    [(socket) => socket.hangUp(4401), 'unauthorized'],
    [(socket) => socket.hangUp(1009, 'too large'), 'bad_request'],
    [(socket) => socket.fail('Unexpected server response: 401'), 'unauthorized'],
    [(socket) => socket.say({ type: 'error', id: '1', error: { code: 'bad_cursor', message: 'so' } }), 'bad_cursor'],
  ]
  for (const [end, code] of ends) {
    const world = new World(() => 'hang')
    const subscription = world.connect({ transport: 'ws', token: 'old' }).subscribe('a')
    await world.settle()
    end(socketOf(world, 0))
    await t.rejects(subscription.ready, { code, name: 'RefusedError' })
  }
  const world = new World(() => 'hang')
  const client = world.connect({ transport: 'ws', token: (isRefused) => (isRefused ? 'new' : 'old') })
  client.subscribe('a')
  await world.settle()
  socketOf(world, 0).hangUp(4401)
  await world.advance(1000)
  t.match(socketOf(world, 1).headers, { authorization: 'Bearer new' })
  await client.close()
})

test('WebSocket: no answer, and silence', async (t) => {
  const world = new World(() => 'hang')
  const statuses: Status[] = []
  const client = world.connect({ ...two, transport: 'ws', silenceMs: 1000 })
  client.subscribe('a', { onStatus: (status) => statuses.push(status) })
  await world.advance(5200)
  t.match(statuses, [{ type: 'waiting', why: 'no answer within 5 s' }])
  t.equal(socketOf(world, 0).closed, 1000)
  socketOf(world, 1).open()
  socketOf(world, 1).say({ type: 'subscribed', id: '1', cursor: 'c1' })
  await world.advance(1000)
  t.match(statuses.slice(1), [{ type: 'connected' }, { type: 'waiting', why: 'it has fallen silent' }])
  await client.close()
})

test('WebSocket: a slow reader stops it, or where that can’t be done leaves and comes back', async (t) => {
  for (const canPause of [true, false]) {
    const world = new World(() => 'hang')
    const calls: string[] = []
    const client = world.connect({ transport: 'ws' })
    const subscription = client.subscribe('a', { from: 'c0', backlog: 1 })
    await world.settle()
    const socket = socketOf(world, 0)
    if (canPause) {
      socket.pause = () => calls.push('pause')
      socket.resume = () => calls.push('resume')
    }
    socket.open()
    for (let n = 1; n <= 3; n++) {
      socket.say({ type: 'message', channel: 'a', message: { message_id: `c${n}`, n, text: 'x'.repeat(600_000) } })
      await world.settle()
    }
    if (canPause) {
      t.match(calls, ['resume', 'pause'])
      t.same(numbers(await take(subscription, 3)), [1, 2, 3])
    } else {
      t.equal(socket.closed, 1000)
      socket.say(said(4))
      const events: Event[] = []
      const reading = take(subscription, 4, events)
      await world.settle()
      t.match(world.sockets.length, 2)
      socketOf(world, 1).open()
      t.match(JSON.parse(socketOf(world, 1).sent[0] ?? ''), { from: 'c3' })
      socketOf(world, 1).say(said(4))
      await reading
      t.same(numbers(events), [1, 2, 3, 4])
    }
    await client.close()
  }
})
