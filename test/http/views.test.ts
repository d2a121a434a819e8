import { test } from 'tap'
import { httpDefaults } from '../../src/http/limits.js'
import { Rates } from '../../src/http/rates.js'
import { HttpServer } from '../../src/http/server.js'
import { until } from '../support/until.js'
import { Stage } from './stage.js'
import { codeOf, told, Wire } from './wire.js'

test('live, ready, cluster, page', async (t) => {
  const stage = await Stage.set(t)
  t.equal((await stage.ask('GET', '/livez')).body, '{"status":"ok"}')
  t.equal((await stage.ask('GET', '/readyz')).body, '{"status":"ready"}')
  t.equal((await stage.ask('GET', '/readyz?verbose=1')).status, 200, 'a query is no part of the path')
  t.equal((await stage.ask('GET', 'http://h:1/readyz')).status, 200, 'a target may be absolute')
  const cluster = await stage.ask('GET', '/cluster')
  t.match(told(cluster), {
    name: 'one',
    ready: true,
    view: { members: ['one'] },
    counters: { published: 7, http_requests: 5 },
  })
  const page = await stage.ask('GET', '/')
  t.match(page.headers.get('content-type'), /^text\/html/)
  t.match(page.body, /<table>/)
})

test('rates are over a span that is not too short', (t) => {
  const rates = new Rates()
  t.same(rates.until({ atMs: 0, counts: { shown: 5 } }), {}, 'nothing to compare with')
  rates.sample({ atMs: 1000, counts: { shown: 5 } })
  t.same(rates.until({ atMs: 1000, counts: { shown: 5 } }), {})
  t.same(rates.until({ atMs: 3000, counts: { shown: 10, late: 1 } }), { shown: 2.5, late: 0.5 })
  rates.sample({ atMs: 3000, counts: { shown: 10 } })
  t.same(rates.until({ atMs: 3001, counts: { shown: 10 } }), { shown: 2.5 }, 'the last sample but one counts')
  rates.sample({ atMs: 5000, counts: { shown: 10 } })
  t.same(rates.until({ atMs: 6000, counts: { shown: 10 } }), { shown: 0 })
  t.end()
})

test('rates come with the counters', async (t) => {
  const stage = await Stage.set(t, { checkMs: 1 })
  const rates = await until('sampled', async () => {
    const { rates } = told(await stage.ask('GET', '/cluster'))
    return Object.keys(rates ?? {}).length > 0 && rates
  })
  t.match(rates, { published: 0, http_requests: Number })
})

test('alive, but not ready', async (t) => {
  const stage = await Stage.set(t)
  stage.bus.ready = false
  t.equal((await stage.ask('GET', '/livez')).status, 200)
  const joining = await stage.ask('GET', '/readyz')
  t.equal(joining.status, 503)
  t.equal(codeOf(joining), 'not_ready')
  t.equal(joining.headers.get('retry-after'), '1')
  stage.bus.draining = true
  t.equal(codeOf(await stage.ask('GET', '/readyz')), 'draining')
})

test('a path says which methods it takes', async (t) => {
  const stage = await Stage.set(t)
  const cases = [
    ['GET', '/main/bus', 'POST, OPTIONS'],
    ['PUT', '/main/bus/publish', 'POST, OPTIONS'],
    ['POST', '/', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/cluster', 'GET, HEAD, OPTIONS'],
  ] as const
  for (const [method, target, allow] of cases) {
    const refusal = await stage.ask(method, target)
    t.equal(refusal.status, 405)
    t.equal(refusal.headers.get('allow'), allow)
    const options = await stage.ask('OPTIONS', target)
    t.equal(options.status, 204)
    t.equal(options.headers.get('allow'), allow)
    t.equal(options.headers.get('content-length'), undefined)
  }
  t.equal((await stage.ask('OPTIONS', '/nowhere')).status, 404)
  const wire = await stage.open()
  wire.write('HEAD /livez HTTP/1.1\r\nHost: h\r\n\r\n')
  await until('headers', () => /content-length: 15\r\n/i.test(wire.rest) && wire.rest.endsWith('\r\n\r\n'))
  t.pass('HEAD is GET without the body')
})

const allowed = (reply: { headers: ReadonlyMap<string, string> }): string | undefined =>
  reply.headers.get('access-control-allow-origin')

test('pages of some origins may use the node', async (t) => {
  const stage = await Stage.set(t, {
    corsOrigins: ['https://a.example', 'https://b.example'],
    bodyBytes: 100,
    dropBytes: 10,
  })
  const from = ['Origin: https://b.example']
  const preflight = await stage.ask('OPTIONS', '/main/bus', undefined, [...from, 'Access-Control-Request-Method: POST'])
  t.equal(preflight.status, 204)
  t.equal(allowed(preflight), 'https://b.example')
  t.equal(preflight.headers.get('vary'), 'Origin')
  t.equal(preflight.headers.get('access-control-allow-methods'), 'POST, OPTIONS')
  t.match(preflight.headers.get('access-control-allow-headers'), /Authorization, Content-Type, Idempotency-Key/)
  const replies = [
    await stage.post('/main/bus/poll', '{"channels":["a"],"timeout":0}', from),
    await stage.post('/main/bus/poll', '{', from),
    await stage.post('/main/bus/poll', 'x'.repeat(200), from),
    await stage.ask('GET', '/nowhere', undefined, from),
    await stage.ask('GET', '/main/bus', undefined, from),
    await stage.ask('GET', '/x', undefined, [...from, 'Connection: Upgrade', 'Upgrade: websocket']),
  ]
  t.same(
    replies.map(({ status }) => status),
    [200, 400, 413, 404, 405, 404],
  )
  for (const reply of replies) t.equal(allowed(reply), 'https://b.example', `with ${reply.status}`)
  const stranger = await stage.ask('GET', '/livez', undefined, ['Origin: https://c.example'])
  t.equal(allowed(stranger), undefined)
  t.equal(stranger.headers.get('vary'), 'Origin')
})

test('of all origins, or of none', async (t) => {
  const all = await Stage.set(t, { corsOrigins: ['*'] })
  t.equal(allowed(await all.ask('GET', '/nowhere', undefined, ['Origin: https://a.example'])), '*')
  const none = await Stage.set(t)
  t.equal(allowed(await none.ask('OPTIONS', '/main/bus', undefined, ['Origin: https://a.example'])), undefined)
})

test('a server that closes answers who waits, and takes nobody else', async (t) => {
  const stage = await Stage.set(t)
  const [idle, fresh, waits] = [await stage.open(), await stage.open(), await stage.open()]
  t.equal((await idle.send('GET', '/livez').reply()).status, 200)
  waits.send('POST', '/main/bus', '{"channels":["a"]}')
  await until('waiting', () => stage.bus.waiting.size === 1)
  const closed = stage.server.close(60_000)
  await Promise.all([idle.closed, fresh.closed])
  await t.rejects(Wire.open(stage.port), { code: 'ECONNREFUSED' })
  stage.bus.answer({ messages: [], cursor: 'c' })
  const reply = await waits.reply()
  t.equal(reply.body, '{"channel":null,"message":null}')
  t.equal(reply.headers.get('connection'), 'close')
  await waits.closed
  await closed
})

test('when its time is up, it cuts who still waits', async (t) => {
  const stage = await Stage.set(t)
  const wire = await stage.open()
  wire.send('POST', '/main/bus', '{"channels":["a"]}')
  await until('waiting', () => stage.bus.waiting.size === 1)
  await stage.server.close(0)
  await wire.closed
  await until('given up', () => stage.bus.waiting.size === 0)
})

test('a port that is taken is an error, and there is nothing to close', async (t) => {
  const stage = await Stage.set(t)
  const other = new HttpServer({ bus: stage.bus, options: httpDefaults })
  await t.rejects(other.listen('127.0.0.1', stage.port), { code: 'EADDRINUSE' })
  await other.close(60_000)
})
