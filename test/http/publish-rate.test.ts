import { type Test, test } from 'tap'
import { clientNameOf } from '../../src/http/client-name.js'
import { anyone, trusted, type Visitor } from '../../src/http/guard.js'
import { httpDefaults } from '../../src/http/limits.js'
import type { Order } from '../../src/http/operation.js'
import { PublishRate } from '../../src/http/publish-rate.js'
import { isNetwork, Networks } from '../../src/networks.js'
import { bearer, door, mint } from '../auth/door.js'
import { renew } from '../live/crew.js'
import { StreamStage } from '../stream/stage.js'
import { Stage } from './stage.js'
import { codeOf, type Reply, told } from './wire.js'

const ofMany = (messages: number): Order => ({
  terms: { type: 'publish', drafts: new Array(messages).fill({}), ack: 'all', minCopies: 1 },
  form: 'many',
})

const from = (address: string, forwarded?: string, visitor: Visitor = anyone) => ({
  visitor,
  address,
  headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
})

/** A clock that the test sets. */
const rateOf = (publishRate: number, publishBurst: number, more = {}) => {
  const clock = { ms: 0 }
  const rate = new PublishRate({ ...httpDefaults, publishRate, publishBurst, ...more }, () => clock.ms)
  const charge = (messages: number, address = '10.0.0.1', visitor?: Visitor): number | undefined => {
    try {
      rate.charge(ofMany(messages), from(address, undefined, visitor))
      return undefined
    } catch (error) {
      return (error as { retryAfterSeconds: number }).retryAfterSeconds
    }
  }
  return { rate, clock, charge }
}

test('as much as the bucket holds, and then as fast as it fills', (t) => {
  const { rate, clock, charge } = rateOf(10, 5)
  for (let n = 0; n < 5; n++) t.equal(charge(1), undefined)
  t.equal(charge(1), 1)
  t.equal(charge(1, '10.0.0.2'), undefined, 'others have buckets of their own')
  clock.ms = 99
  t.equal(charge(1), 1)
  clock.ms = 100
  t.equal(charge(1), undefined)
  t.equal(charge(1), 1, 'no more than that')
  clock.ms = 60_000
  for (let n = 0; n < 5; n++) t.equal(charge(1), undefined)
  t.equal(charge(1), 1, 'however long it was quiet')
  t.equal(charge(1, '10.0.0.1', trusted), undefined, 'servers with the token of the operator are not limited')
  clock.ms = 120_000
  t.equal(charge(45), undefined, 'a batch that no bucket holds is taken from a full one')
  t.equal(charge(1), 5, 'and paid for afterwards')
  clock.ms += 4099
  t.equal(charge(1), 1)
  clock.ms += 1
  t.equal(charge(1), undefined)
  t.equal(rate.clients, 2)
  clock.ms += 1000
  rate.expire()
  t.equal(rate.clients, 0, 'who is like somebody new is forgotten')
  t.end()
})

test('there are so many accounts', (t) => {
  const { rate, charge } = rateOf(1, 1, { publishClients: 2 })
  for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) t.equal(charge(1, address), undefined)
  t.equal(rate.clients, 2)
  t.equal(charge(1, '10.0.0.3'), 1)
  t.equal(charge(1, '10.0.0.1'), undefined, 'the one that came first is taken for new')
  t.end()
})

test('who a client is', (t) => {
  const proxies = new Networks(['127.0.0.1', '10.0.0.0/8', 'fd00::/8'])
  const rows: readonly (readonly [address: string, forwarded: string | undefined, name: string])[] = [
    ['192.0.2.1', undefined, '192.0.2.1'],
    ['::ffff:192.0.2.1', undefined, '192.0.2.1'],
    ['192.0.2.1', '203.0.113.9', '192.0.2.1'],
    ['127.0.0.1', undefined, '127.0.0.1'],
    ['127.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['::ffff:127.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['127.0.0.1', '198.51.100.7, 203.0.113.9', '203.0.113.9'],
    ['127.0.0.1', '198.51.100.7, 203.0.113.9, 10.1.2.3', '203.0.113.9'],
    ['127.0.0.1', '10.9.9.9', '10.9.9.9'],
    ['127.0.0.1', '203.0.113.9,', '127.0.0.1'],
    ['127.0.0.1', 'unknown', 'unknown'],
    ['2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2'],
    ['2001:DB8:1:2::9', undefined, '2001:db8:1:2'],
    ['2001:db8::1', undefined, '2001:db8:0:0'],
    ['::1', undefined, '0:0:0:0'],
    ['fd00::1', '2001:db8:1:2::9', '2001:db8:1:2'],
  ]
  for (const [address, forwarded, name] of rows) t.equal(clientNameOf(from(address, forwarded), proxies), name)
  const named = { ...anyone, subject: 'ann' }
  t.equal(clientNameOf(from('192.0.2.1', undefined, named), proxies), 'subject ann')
  const open = new Networks([])
  t.equal(clientNameOf(from('127.0.0.1', '203.0.113.9'), open), '127.0.0.1', 'nobody is believed unless told so')
  for (const good of ['::1', '10.0.0.0/8', 'fd00::/128']) t.ok(isNetwork(good), good)
  for (const bad of ['', 'localhost', '10.0.0.0/33', '10.0.0/8', '::/129', '::/x', '1.2.3.4/8/8', '1.2.3.4/'])
    t.notOk(isNetwork(bad), bad)
  t.end()
})

const one = '{"channel":"a","message":{}}'
const three = '{"messages":[{"channel":"a","message":{}},{"channel":"a","message":{}},{"channel":"a","message":{}}]}'
/** So slow that nothing flows in while a test runs, on whatever machine. */
const tight = { publishRate: 0.001, publishBurst: 2, publishPauseMs: 0 }

const isTooFast = (t: Test, reply: Reply): void => {
  t.equal(reply.status, 429)
  t.equal(codeOf(reply), 'too_many_requests')
  t.match(reply.headers.get('retry-after'), /^\d+$/)
  t.equal(told(reply).retry_after, Number(reply.headers.get('retry-after')))
}

test('it holds on all routes, and what is refused has changed nothing', async (t) => {
  const routes: readonly (readonly [what: string, path: string, body: string, headers: readonly string[]])[] = [
    ['recognised', 'publish', one, []],
    ['by node:http', 'publish', one, ['X-Odd: 1']],
    ['a batch', 'publish', three, []],
    ['a notification', 'notify', '{"title":"t","user":1}', []],
  ]
  for (const [what, path, body, headers] of routes) {
    const stage = await Stage.set(t, { ...tight, publishBurst: 1 })
    t.equal((await stage.post(`/main/bus/${path}`, body, headers)).status, 200, what)
    isTooFast(t, await stage.post(`/main/bus/${path}`, body, headers))
    isTooFast(t, await stage.post('/other/bus/publish', one))
    t.equal(stage.bus.publishes.length, 1)
    t.equal((await stage.post('/main/bus/poll', '{"channels":["a"],"timeout":0}')).status, 200, 'reading is free')
    t.equal((await stage.post('/main/bus/publish', '{')).status, 400, 'what is wrong is told first')
    t.match(stage.server.counters(), { limit_publish_rate: 2, http_refused: 3 })
  }
})

test('without a rate there is no account of anybody', async (t) => {
  const stage = await Stage.set(t, { publishBurst: 1 })
  for (let n = 0; n < 20; n++) t.equal((await stage.post('/main/bus/publish', three)).status, 200)
  t.equal(stage.server.counters().limit_publish_rate, undefined)
})

test('a subject has one bucket, wherever it publishes from; the operator has none', async (t) => {
  const { stage } = await door(t, { http: tight, tokens: ['the-token-of-a-server'] })
  const publishes = async (headers: readonly string[]): Promise<number> =>
    (await stage.post('/main/bus/publish', one, headers)).status
  const of = async (sub: string, more = {}): Promise<readonly string[]> => [
    bearer(await mint({ sub, publish: ['*'], ...more })),
  ]
  const [ann, again, bob] = [await of('ann'), await of('ann', { jti: '2' }), await of('bob')]
  t.same([await publishes(ann), await publishes(again), await publishes(ann)], [200, 200, 429])
  t.same([await publishes(bob), await publishes(bob), await publishes(bob)], [200, 200, 429])
  for (let n = 0; n < 5; n++) t.equal(await publishes(['Authorization: Bearer the-token-of-a-server']), 200)
})

test('behind a proxy that is trusted everyone has a bucket; a header of one’s own gives none', async (t) => {
  const options = { ...tight, trustedProxies: ['127.0.0.0/8'] }
  const stage = await Stage.set(t, options)
  const by = async (forwarded: string): Promise<number> =>
    (await stage.post('/main/bus/publish', one, [`X-Forwarded-For: ${forwarded}`])).status
  t.same([await by('192.0.2.1'), await by('192.0.2.1'), await by('192.0.2.1')], [200, 200, 429])
  t.equal(await by('192.0.2.2'), 200)
  t.equal(await by('198.51.100.7, 192.0.2.1'), 429, 'made up by the client')
  const open = await Stage.set(t, tight)
  for (const [i, status] of [200, 200, 429].entries()) {
    const headers = [`X-Forwarded-For: 192.0.2.${i}`]
    t.equal((await open.post('/main/bus/publish', one, headers)).status, status)
  }
})

test('who is refused and goes on is not read for a while, and others are', async (t) => {
  const pauseMs = 50
  const stage = await Stage.set(t, { ...tight, publishBurst: 1, publishPauseMs: pauseMs })
  const other = await stage.open()
  t.equal((await stage.post('/main/bus/publish', one)).status, 200)
  for (const headers of [[], ['X-Odd: 1']]) {
    const wire = await stage.open()
    const since = performance.now()
    for (let n = 0; n < 3; n++) wire.send('POST', '/main/bus/publish', one, headers)
    isTooFast(t, await wire.reply())
    t.equal((await other.send('POST', '/main/bus/poll', '{"channels":["a"],"timeout":0}').reply()).status, 200)
    if (headers.length === 0) isTooFast(t, await wire.reply())
    else {
      await wire.closed
      t.notMatch(wire.rest, /^HTTP\/1.1 [^4]/m, 'what node:http has read already costs the connection')
    }
    t.ok(performance.now() - since > pauseMs - 10, 'not before')
  }
  t.equal(stage.bus.publishes.length, 1)
  const proxied = await Stage.set(t, {
    ...tight,
    publishBurst: 1,
    publishPauseMs: 60_000,
    trustedProxies: ['127.0.0.1'],
  })
  const wire = await proxied.open()
  for (let n = 0; n < 3; n++) wire.send('POST', '/main/bus/publish', one)
  t.same([(await wire.reply()).status, (await wire.reply()).status, (await wire.reply()).status], [200, 429, 429])
})

test('a socket that sends on and on is closed', async (t) => {
  const stage = await StreamStage.set(t, { publishRate: 1, publishBurst: 1, publishPause: 60, pipeline: 3 })
  const socket = stage.socket()
  const messages = new Array(1000).fill({ channel: 'a', message: {} })
  socket.send({ type: 'publish', id: 0, messages })
  await socket.frames.first(1)
  for (let id = 1; id <= 8; id++) socket.send({ type: 'publish', id, channel: 'a', message: {} })
  t.equal((await socket.closed).code, 4429)
  t.same(
    socket.frames.items.map(({ type, id }) => `${type} ${id}`),
    ['published 0', 'error 1', 'error 2', 'error 3', 'error 4'],
  )
})

test('on sockets; a rate that is taken back; and it is counted where it is looked for', async (t) => {
  const burst = { publishRate: 1, publishBurst: 1, publishPause: 0 }
  const stage = await StreamStage.set(t, burst)
  const socket = stage.socket()
  const messages = new Array(1000).fill({ channel: 'a', message: {} })
  socket.send({ type: 'publish', id: 1, messages })
  socket.send({ type: 'publish', id: 2, channel: 'a', message: {} })
  const [first, second] = await socket.frames.first(2)
  t.match(first, { type: 'published', id: 1 })
  t.match(second, { type: 'error', id: 2, error: { code: 'too_many_requests' } })
  t.ok(Number(second?.retry_after) > 600, 'it is a thousand messages ahead')
  t.equal((await stage.post('publish', one)).status, 429, 'one bucket for all ways')
  t.equal(await stage.count('limit_publish_rate'), 2)
  const metrics = await (await fetch(`${stage.node.url}/metrics`)).text()
  t.match(metrics, /^carillon_limits_reached_total\{limit="publish_rate"\} 2$/m)
  await renew(stage.node, {})
  t.equal((await stage.post('publish', three)).status, 200)
  await renew(stage.node, burst)
  t.equal((await stage.post('publish', JSON.stringify({ messages }))).status, 200)
  t.equal((await stage.post('publish', one)).status, 429)
})
