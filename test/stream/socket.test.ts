import { test } from 'tap'
import { Stage } from '../http/stage.js'
import { frame, RawSocket } from './raw-socket.js'
import { StreamStage } from './stage.js'
import { SocketReader } from './tap.js'

test('subscribe, publish, unsubscribe, each answered by its id', async (t) => {
  const stage = await StreamStage.set(t)
  const client = stage.socket()
  await client.send({ type: 'subscribe', id: 1, channels: ['a'] })
  const subscribed = await client.frames.nth(0)
  t.match(subscribed, { type: 'subscribed', id: 1, channels: ['a'], cursor: /^1\./ })
  await client.send({ type: 'publish', id: 'é', channel: 'a', message: { text: 'grüß' } })
  const both = await client.frames.first(3)
  const published = both.find(({ type }) => type === 'published')
  const message = both.find(({ type }) => type === 'message')
  t.match(published, { id: 'é', copies: 1 })
  t.same(message, { type: 'message', channel: 'a', message: { message_id: published?.['message_id'], text: 'grüß' } })
  await client.send({ type: 'subscribe', id: 2, channels: ['b'] })
  t.same((await client.frames.nth(3))['channels'], ['a', 'b'])
  await client.send({ type: 'unsubscribe', id: 3, channels: ['a'] })
  t.same(await client.frames.nth(4), { type: 'unsubscribed', id: 3, channels: ['b'] })
  await client.send({
    type: 'publish',
    id: 4,
    messages: [
      { channel: 'a', message: {} },
      { channel: 'b', message: {} },
    ],
  })
  const last = await client.frames.first(7)
  t.match(
    last.find(({ id }) => id === 4),
    { type: 'published', message_ids: [String, String] },
  )
  t.equal(last.filter(({ type }) => type === 'message').at(-1)?.['channel'], 'b')
})

test('a socket has one position', async (t) => {
  const stage = await StreamStage.set(t)
  const first = await stage.publish('a', { n: 0 })
  const client = stage.socket()
  await client.send({ type: 'subscribe', id: 1, channels: ['a'], from: 'earliest' })
  t.same(await client.frames.nth(0), { type: 'subscribed', id: 1, channels: ['a'], cursor: 'earliest' })
  t.match(await client.frames.nth(1), { type: 'message', message: { message_id: first } })
  await client.send({ type: 'subscribe', id: 2, channels: ['b'], from: 'now' })
  t.match(await client.frames.nth(2), { type: 'error', id: 2, error: { code: 'bad_request' } })
  await client.send({ type: 'subscribe', id: 3, channels: ['b'] })
  t.match(await client.frames.nth(3), { type: 'subscribed', id: 3, channels: ['a', 'b'] })
})

test('the channels may stand in the target', async (t) => {
  const stage = await StreamStage.set(t)
  const id = await stage.publish('a', { n: 0 })
  const client = stage.socket('?channel=a&from=earliest', { protocols: [] })
  t.same(await client.frames.nth(0), { type: 'subscribed', channels: ['a'], cursor: 'earliest' })
  t.match(await client.frames.nth(1), { type: 'message', message: { message_id: id } })
})

test('a refused request changes nothing, and closes nothing', async (t) => {
  const stage = await StreamStage.set(t)
  const client = stage.socket()
  const refused: readonly (readonly [request: object, code: string])[] = [
    [{ type: 'subscribe', channels: ['a'], from: 'nonsense' }, 'bad_cursor'],
    [{ type: 'subscribe', channels: [] }, 'bad_request'],
    [{ type: 'subscribe', channels: [''] }, 'bad_channel'],
    [{ type: 'unsubscribe', channels: 'a' }, 'bad_request'],
    [{ type: 'publish', channel: 'a', message: 1 }, 'bad_request'],
    [{ type: 'publish', channel: 'a', message: {}, key: '' }, 'bad_key'],
    [{ type: 'publish', channel: 'a', message: {}, min_copies: 2 }, 'too_few_copies'],
  ]
  for (const [index, [request, code]] of refused.entries()) {
    await client.send({ id: index, ...request })
    t.match(await client.frames.nth(index), { type: 'error', id: index, error: { code } }, code)
  }
  await client.send({ type: 'subscribe', id: 'after', channels: ['a'] })
  t.match(await client.frames.nth(refused.length), { type: 'subscribed', id: 'after' })
})

test('what is no request at all closes the socket for good', async (t) => {
  const stage = await StreamStage.set(t)
  for (const frame of [
    '',
    '{',
    '[]',
    '{"id":1}',
    '{"type":"x","id":1}',
    '{"type":"publish"}',
    '{"type":"publish","id":-1}',
  ]) {
    const client = stage.socket()
    await client.send(frame)
    t.equal((await client.closed).code, 4400, frame)
    t.match(client.frames.items, [{ type: 'error' }], frame)
  }
  const binary = stage.socket()
  await binary.opened
  binary.ws.send(Buffer.from('{}'))
  t.equal((await binary.closed).code, 1003)
})

test('who breaks the protocol is told nothing after the close', async (t) => {
  const stage = await StreamStage.set(t)
  const client = new RawSocket(stage.port)
  t.teardown(() => client.close())
  client.write(frame(1, '{"type":"subscribe","id":1,"channels":["a"]}'))
  await client.frame(0)
  await stage.publish('a', { n: 1 })
  t.match(String((await client.frame(1))?.data), /"n":1/)
  client.write(frame(1, 'bare', { masked: false }))
  t.equal((await client.frame(2))?.opcode, 8)
  await stage.publish('a', { n: 2 })
  await client.closed
  t.equal(client.frames.length, 3)
})

test('who may not connect is told so before the upgrade', async (t) => {
  const stage = await StreamStage.set(t, { corsOrigin: ['https://example.org'], streams: 1 })
  t.equal(await stage.socket('', { headers: { origin: 'https://evil.example' } }).refused, 403)
  t.equal(await stage.socket('?channel=').refused, 400)
  const friend = stage.socket('', { headers: { origin: 'https://example.org' } })
  await friend.opened
  t.equal(await stage.socket().refused, 503, 'too many streams')
  friend.close()
})

test('a page of the node itself may connect', async (t) => {
  const stage = await StreamStage.set(t)
  await stage.socket('', { headers: { origin: stage.node.url } }).opened
})

test('a node that stops closes with 1001', async (t) => {
  const stage = await StreamStage.set(t)
  const client = stage.socket('?channel=a')
  await client.frames.first(1)
  const idle = stage.socket()
  await idle.opened
  await Promise.all([stage.node.close(), client.closed, idle.closed])
  t.equal((await client.closed).code, 1001)
  t.equal((await idle.closed).code, 1001)
})

test('limits of a socket', async (t) => {
  const stage = await StreamStage.set(t, {
    channelsPerRequest: 2,
    pipeline: 1,
    inboundBytes: 2 ** 23,
    frameBytes: 2 ** 24,
  })
  const client = stage.socket('?channel=a')
  await client.frames.first(1)
  await client.send({ type: 'subscribe', id: 1, channels: ['b', 'c'] })
  t.match(await client.frames.nth(1), { type: 'error', id: 1, error: { code: 'bad_request' } })
  await client.send({ type: 'subscribe', id: 2, channels: ['b', 'a'] })
  t.match(await client.frames.nth(2), { type: 'subscribed', id: 2, channels: ['a', 'b'] })
  const large = stage.socket()
  await large.opened
  // Never whole, so that it counts until it is too much.
  large.ws.send('x'.repeat(2 ** 23 + 1), { fin: false })
  t.equal((await large.closed).code, 1013)
})

test('publishes that wait are counted, and more of them are refused', async (t) => {
  const stage = await Stage.set(t, { pipelineMax: 1 })
  stage.bus.outcome = () => undefined
  const client = new SocketReader(stage.port, '/main/bus/socket')
  t.teardown(() => client.close())
  for (const id of [1, 2]) await client.send({ type: 'publish', id, channel: 'a', message: {} })
  t.match(await client.frames.nth(0), { type: 'error', id: 2, error: { code: 'too_many_requests' } })
})
