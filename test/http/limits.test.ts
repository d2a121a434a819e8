import { test } from 'tap'
import { until } from '../support/until.js'
import { Stage } from './stage.js'
import { codeOf, told, type Wire } from './wire.js'

const poll = '{"channels":["a"]}'
const now = '{"channels":["a"],"timeout":0}'

const serves = async (wire: Wire): Promise<boolean> =>
  (await wire.send('POST', '/main/bus/poll', now).reply()).status === 200

const waiting = (stage: Stage, count: number): Promise<unknown> =>
  until(`${count} waiting`, () => stage.bus.waiting.size === count)

const large = (bytes: number): { messages: []; cursor: string } => ({ messages: [], cursor: 'c'.repeat(bytes) })

/** Time limits that the test need not wait for long, and the others with room to spare. */
const impatient = { headerTimeoutMs: 50, bodyTimeoutMs: 100, checkMs: 10, lingerMs: 50 }

test('headers and bodies that never end', async (t) => {
  const stage = await Stage.set(t, impatient)
  const silent = await stage.open()
  t.equal(codeOf(await silent.reply()), 'timeout', 'not a byte')
  const slow = (await stage.open()).write('GET /livez HTTP/1.1\r\nHost: h\r\nX: ')
  const headers = await slow.reply()
  t.equal(headers.status, 408)
  t.equal(headers.headers.get('connection'), 'close')
  const body = await (await stage.open())
    .send('POST', '/main/bus/poll', undefined, ['Content-Type: application/json', 'Content-Length: 10'])
    .write('{')
    .reply()
  t.equal(body.status, 408)
  t.equal(codeOf(body), 'timeout')
  const chunked = await stage.open()
  chunked.send('POST', '/main/bus/poll', undefined, ['Content-Type: application/json', 'Transfer-Encoding: chunked'])
  t.equal((await chunked.write('1\r\n{\r\n').reply()).status, 408)
  await chunked.closed
  t.pass('closed, though its other end stays open')
})

test('a poll is not a request that takes too long', async (t) => {
  const stage = await Stage.set(t, impatient)
  const wire = await stage.open()
  wire.send('POST', '/main/bus/poll', poll)
  await waiting(stage, 1)
  const silent = await stage.open()
  await silent.closed
  stage.bus.answer(large(1))
  t.equal((await wire.reply()).status, 200)
})

test('idle connections are closed', async (t) => {
  const stage = await Stage.set(t, { keepAliveMs: 1 })
  const wire = await stage.open()
  t.equal((await wire.send('GET', '/livez').reply()).status, 200)
  await wire.closed
  t.equal(stage.server.counters().http_cut, 0)
})

test('connections, all together', async (t) => {
  const stage = await Stage.set(t, { connectionsMax: 2, lingerMax: 1, checkMs: 10, lingerMs: 60_000 })
  const wires = [await stage.open(), await stage.open()] as const
  t.ok((await serves(wires[0])) && (await serves(wires[1])))
  const third = await stage.open()
  const refusal = await third.reply()
  t.equal(refusal.status, 503)
  t.equal(codeOf(refusal), 'overloaded')
  t.equal(refusal.headers.get('retry-after'), '1')
  const fourth = await stage.open()
  await fourth.closed
  t.pass('while one more lingers, the next is closed at once')
  t.ok(await serves(wires[0]))
  wires[1].close()
  await until('room', () => stage.server.counters().http_connections === 1)
  t.ok(await serves(await stage.open()), 'there is room again')
})

test('connections of one address', async (t) => {
  const stage = await Stage.set(t, { connectionsPerAddressMax: 1 })
  const wire = await stage.open()
  t.ok(await serves(wire))
  t.equal((await (await stage.open()).reply()).status, 503)
  t.ok(await serves(wire))
  wire.close()
  await until('room', () => stage.server.counters().http_connections === 0)
  t.ok(await serves(await stage.open()))
})

test('requests that wait on one connection', async (t) => {
  const stage = await Stage.set(t, { pipelineMax: 2 })
  const other = await stage.open()
  const wire = await stage.open()
  for (let i = 0; i < 5; i++) wire.send('POST', '/main/bus/poll', poll)
  wire.send('POST', '/main/bus/publish', '{"channel":"a","message":{}}')
  await until('refused', () => stage.server.counters().http_refused === 1)
  t.equal(stage.bus.waiting.size, 2)
  t.ok(await serves(other))
  // The other's poll was answered with all that wait.
  t.equal((await wire.reply()).status, 200)
  t.equal((await wire.reply()).status, 200)
  const last = await wire.reply()
  t.equal(last.status, 429)
  t.equal(codeOf(last), 'too_many_requests')
  t.equal(last.headers.get('connection'), 'close')
  await wire.closed
  t.equal(wire.rest, '')
  t.equal(stage.bus.publishes.length, 0, 'what comes behind is not done')
})

test('who is too far ahead is not read on, whatever waits before', async (t) => {
  const stage = await Stage.set(t, { pipelineMax: 2, quick: false })
  const wire = await stage.open()
  for (let i = 0; i < 4; i++) wire.send('POST', '/main/bus/poll', poll)
  const request = Buffer.from(
    `POST /main/bus/poll HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: ${poll.length}\r\n\r\n${poll}`,
  )
  const much = Buffer.concat(new Array(300_000).fill(request))
  wire.write(much)
  await until('refused', () => stage.server.counters().http_refused === 1)
  for (let turn = 0; turn < 1500; turn++) await new Promise(setImmediate)
  t.ok(wire.socket.writableLength > much.length / 2, 'most of it stays with its sender')
  t.equal(stage.bus.waiting.size, 2)
})

test('a large body behind a request that waits', async (t) => {
  const stage = await Stage.set(t, { bodyBytes: 100, dropBytes: 10 })
  const wire = await stage.open()
  wire.send('POST', '/main/bus/poll', poll)
  await waiting(stage, 1)
  wire.send('POST', '/main/bus/poll', 'x'.repeat(101)).send('GET', '/livez')
  await until('refused', () => stage.server.counters().http_refused === 1)
  stage.bus.answer(large(1))
  t.equal((await wire.reply()).status, 200)
  await wire.closed
})

test('garbage behind a request that waits takes nobody’s answer', async (t) => {
  const stage = await Stage.set(t)
  const wire = await stage.open()
  wire.send('POST', '/main/bus/poll', poll)
  await waiting(stage, 1)
  wire.write('garbage\r\n\r\n')
  await wire.closed
  t.equal(wire.rest, '')
  t.equal(stage.bus.waiting.size, 0)
})

test('bodies of all connections together', async (t) => {
  const stage = await Stage.set(t, { inboundBytes: 1000 })
  const head = ['Content-Type: application/json', 'Content-Length: 800']
  const first = (await stage.open()).send('POST', '/main/bus/publish', undefined, head).write('x'.repeat(700))
  const other = await stage.open()
  t.ok(await serves(other))
  const second = (await stage.open()).send('POST', '/main/bus/publish', undefined, head).write('x'.repeat(700))
  const refusal = await second.reply()
  t.equal(refusal.status, 503)
  t.equal(codeOf(refusal), 'overloaded')
  t.ok(await serves(other))
  t.equal((await first.write('x'.repeat(100)).reply()).status, 400)
  t.equal((await stage.post('/main/bus/publish', 'x'.repeat(900))).status, 400, 'there is room again')
  first.send('POST', '/main/bus/publish', undefined, head).write('x'.repeat(700))
  await until('received', async () => (await stage.post('/main/bus/publish', 'x'.repeat(900))).status === 503)
  first.close()
  await until('room', async () => (await stage.post('/main/bus/publish', 'x'.repeat(900))).status === 400)
})

test('who does not read is cut', async (t) => {
  const stage = await Stage.set(t, { writeTimeoutMs: 1, writeBytesPerSecond: 2 ** 40, checkMs: 10 })
  const other = await stage.open()
  const [deaf, willing] = [await stage.open(), await stage.open()]
  deaf.socket.pause()
  deaf.send('POST', '/main/bus/poll', poll)
  await waiting(stage, 1)
  stage.bus.answer(large(32 * 2 ** 20))
  await until('cut', () => stage.server.counters().http_cut === 1)
  t.match(stage.bus.reports, [{ event: 'http_refused', detail: { what: 'slow_reader' } }])
  t.ok(await serves(other))
  t.ok(await serves(willing))
})

test('who reads is not, however long it takes', async (t) => {
  const stage = await Stage.set(t, { outboundBytes: 1000, checkMs: 10 })
  const wire = await stage.open()
  wire.send('POST', '/main/bus/poll', poll)
  await waiting(stage, 1)
  stage.bus.answer(large(32 * 2 ** 20))
  t.equal(String(told(await wire.reply()).cursor).length, 32 * 2 ** 20)
  t.ok(await serves(wire))
  t.equal(stage.server.counters().http_cut, 0)
})

test('answers that lie here for one connection', async (t) => {
  const stage = await Stage.set(t, { outboundBytes: 20 * 2 ** 20 })
  const wire = await stage.open()
  wire.socket.pause()
  wire.send('POST', '/main/bus/poll', poll).send('POST', '/main/bus/poll', poll)
  await waiting(stage, 2)
  stage.bus.answer(large(16 * 2 ** 20))
  t.equal(stage.server.counters().http_cut, 1)
  t.ok(await serves(await stage.open()))
})

test('answers that lie here for all', async (t) => {
  const stage = await Stage.set(t, { outboundTotalBytes: 40 * 2 ** 20 })
  const wires = await Promise.all([1, 2, 3].map(() => stage.open()))
  for (const wire of wires) {
    wire.socket.pause()
    wire.send('POST', '/main/bus/poll', poll)
  }
  await waiting(stage, 3)
  stage.bus.answer(large(16 * 2 ** 20))
  t.equal(stage.server.counters().http_cut, 1)
  t.ok(await serves(await stage.open()))
})

test('a refusal arrives though the client is still sending', async (t) => {
  const stage = await Stage.set(t, { bodyBytes: 1000, lingerMs: 60_000 })
  const wire = await stage.open()
  wire.send('POST', '/main/bus', 'x'.repeat(2 ** 20))
  t.equal((await wire.reply()).status, 413)
  wire.write('x'.repeat(2 ** 20))
  wire.socket.end()
  await wire.closed
  t.equal(wire.rest, '')
  t.equal(wire.error, undefined)
})

test('a refusal arrives though its body comes late, and nothing after it', async (t) => {
  const stage = await Stage.set(t, { lingerMs: 60_000 })
  const ask = async (headers: readonly string[]): Promise<void> => {
    const wire = await stage.open()
    const reply = await wire.send('POST', '/nowhere', undefined, ['Content-Length: 10', ...headers]).reply()
    t.equal(reply.status, 404)
    t.equal(reply.headers.get('connection'), 'close')
    wire.write('x'.repeat(10)).socket.end()
    await wire.closed
    t.equal(wire.error, undefined)
  }
  await ask(['Connection: close'])
  stage.bus.draining = true
  await ask([])
})
