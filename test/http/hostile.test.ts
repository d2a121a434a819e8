import fc from 'fast-check'
import { test } from 'tap'
import type { HttpOptions } from '../../src/http/limits.js'
import { until } from '../support/until.js'
import { Stage } from './stage.js'
import { codeOf, type Reply, type Wire } from './wire.js'

/** What is put on the wire, and what must come back; `open` if the connection must stay. */
type Row = readonly [name: string, bytes: string | Buffer, status: number, code: string, state?: 'open']

const poll = '{"channels":["a"],"timeout":0}'

const post = (target: string, body: string | Buffer, ...headers: string[]): Buffer => {
  const type = headers.some((line) => /^content-type/i.test(line)) ? [] : ['Content-Type: application/json']
  const length = headers.some((line) => /^(content-length|transfer)/i.test(line))
    ? []
    : [`Content-Length: ${Buffer.byteLength(body)}`]
  const head = [`POST ${target} HTTP/1.1`, 'Host: h', ...type, ...length, ...headers].join('\r\n')
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), Buffer.from(body as string)])
}

const get = (target: string, ...headers: string[]): string =>
  `${[`GET ${target} HTTP/1.1`, 'Host: h', ...headers].join('\r\n')}\r\n\r\n`

/** Somebody else, connected before: their polls go on being answered. */
const serves = async (wire: Wire): Promise<boolean> =>
  (await wire.send('POST', '/main/bus/poll', poll).reply()).status === 200

const isError = (reply: Reply): boolean =>
  reply.headers.get('content-type') === 'application/json' && (codeOf(reply) ?? '') !== ''

const run = (title: string, rows: readonly Row[], options: Partial<HttpOptions> = {}): void => {
  test(title, async (t) => {
    const stage = await Stage.set(t, options)
    const other = await stage.open()
    for (const [name, bytes, status, code, state] of rows) {
      const wire = (await stage.open()).write(bytes)
      const reply = await wire.reply()
      t.equal(reply.status, status, `${name}: ${reply.body}`)
      t.equal(codeOf(reply), code, name)
      t.ok(isError(reply), `${name}: JSON`)
      if (state === 'open') t.ok(await serves(wire), `${name}: goes on`)
      else {
        t.equal(reply.headers.get('connection'), 'close', `${name}: says that it closes`)
        wire.socket.end()
        await wire.closed
        t.equal(wire.rest, '', `${name}: nothing more comes`)
      }
      t.ok(await serves(other), `${name}: others are served`)
    }
    t.equal(stage.bus.publishes.length, 0, 'nothing was published')
    t.equal(stage.bus.waiting.size, 0, 'nobody waits')
  })
}

run('what is not HTTP', [
  ['garbage', 'garbage\r\n\r\n', 400, 'bad_request'],
  ['a TLS hello', Buffer.from('16030100a5010000a10303', 'hex'), 400, 'bad_request'],
  ['bad method', 'PUSH /main/bus HTTP/1.1\r\nHost: h\r\n\r\n', 400, 'bad_request'],
  ['HTTP/9.9', 'GET /livez HTTP/9.9\r\nHost: h\r\n\r\n', 400, 'bad_request'],
  ['no Host', 'GET /livez HTTP/1.1\r\n\r\n', 400, 'bad_request'],
  ['two Hosts', get('/livez', 'Host: other'), 400, 'bad_request'],
  ['two Hosts of a poll', post('/main/bus/poll', poll, 'host: other'), 400, 'bad_request'],
  ['two lengths', post('/main/bus/poll', poll, 'Content-Length: 30', 'Content-Length: 31'), 400, 'bad_request'],
  [
    'length and chunks',
    post('/main/bus/poll', '0\r\n\r\n', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
    400,
    'bad_request',
  ],
  ['bad chunk', post('/main/bus/poll', 'zz\r\n', 'Transfer-Encoding: chunked'), 400, 'bad_request'],
  ['chunk of 2^64', post('/main/bus/poll', '10000000000000000\r\n', 'Transfer-Encoding: chunked'), 400, 'bad_request'],
  ['NUL', get('/livez', 'X: a\0b'), 400, 'bad_request'],
  ['bare LF', 'GET /livez HTTP/1.1\nHost: h\n\n', 400, 'bad_request'],
  ['folded header', get('/livez', 'X: a\r\n b'), 400, 'bad_request'],
  ['space before the colon', get('/livez', 'X : a'), 400, 'bad_request'],
  ['negative length', post('/main/bus/poll', '', 'Content-Length: -1'), 400, 'bad_request'],
  ['long headers', get('/livez', `X: ${'x'.repeat(20_000)}`), 431, 'headers_too_large'],
  ['long target', get(`/${'x'.repeat(20_000)}`), 431, 'headers_too_large'],
  ['long target within the headers', get(`/${'x'.repeat(10_000)}`), 431, 'headers_too_large', 'open'],
  ['raw bytes in the target', post('/\xe9/bus', poll), 400, 'bad_request'],
  ['many headers', get('/livez', ...Array.from({ length: 2500 }, () => 'a:')), 431, 'headers_too_large', 'open'],
  ['101 headers', get('/livez', ...Array.from({ length: 100 }, () => 'a:')), 431, 'headers_too_large', 'open'],
  ['Expect', post('/main/bus/poll', poll, 'Expect: 200-ok'), 417, 'expectation_failed'],
  ['upgrade without a key', get('/main/bus/socket', 'Connection: Upgrade', 'Upgrade: websocket'), 400, 'bad_request'],
  [
    'upgrade by POST',
    post('/main/bus/socket', poll, 'Connection: Upgrade', 'Upgrade: websocket'),
    405,
    'method_not_allowed',
  ],
  ['upgrade of events', get('/main/bus/events', 'Connection: Upgrade', 'Upgrade: websocket'), 404, 'not_found'],
  ['upgrade where nothing is', get('/x', 'Connection: Upgrade', 'Upgrade: websocket'), 404, 'not_found'],
  ['CONNECT', 'CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n', 404, 'not_found'],
])

run('what is asked of the wrong place, or in the wrong way', [
  ['unknown path', get('/nowhere'), 404, 'not_found', 'open'],
  ['unknown action', post('/main/bus/x', poll), 404, 'not_found', 'open'],
  ['events of no channel', get('/main/bus/events'), 400, 'bad_request', 'open'],
  ['events of a channel that is no UTF-8', get('/main/bus/events?channel=%ff'), 400, 'bad_request', 'open'],
  ['events of a channel without a name', get('/main/bus/events?channel='), 400, 'bad_channel', 'open'],
  ['events from two places', get('/main/bus/events?channel=a&from=now&from=now'), 400, 'bad_request', 'open'],
  ['events by POST', post('/main/bus/events?channel=a', poll), 405, 'method_not_allowed', 'open'],
  ['a socket without an upgrade', get('/main/bus/socket'), 426, 'upgrade_required', 'open'],
  ['a slash too many', post('/main/bus/', poll), 404, 'not_found', 'open'],
  ['one too few', post('/main', poll), 404, 'not_found', 'open'],
  ['__proto__ for an action', post('/main/bus/__proto__', poll), 404, 'not_found', 'open'],
  ['no database', post('//bus', poll), 400, 'bad_request', 'open'],
  ['dots for a database', post('/../bus', poll), 400, 'bad_request', 'open'],
  ['encoded dots', post('/%2e%2e/bus', poll), 400, 'bad_request', 'open'],
  ['%00', post('/%00/bus', poll), 400, 'bad_request', 'open'],
  ['%ZZ', post('/%ZZ/bus', poll), 400, 'bad_request', 'open'],
  ['overlong UTF-8', post('/%c0%af/bus', poll), 400, 'bad_request', 'open'],
  ['a long database', post(`/${'x'.repeat(257)}/bus`, poll), 400, 'bad_request', 'open'],
  ['GET of a route for POST', get('/main/bus'), 405, 'method_not_allowed', 'open'],
  ['DELETE', 'DELETE /main/bus/publish HTTP/1.1\r\nHost: h\r\n\r\n', 405, 'method_not_allowed', 'open'],
  ['POST to a route for GET', post('/cluster', poll), 405, 'method_not_allowed', 'open'],
  ['no type', post('/main/bus/poll', poll, 'Content-Type: '), 415, 'unsupported_media_type', 'open'],
  [
    'a form',
    post('/main/bus/poll', poll, 'Content-Type: application/x-www-form-urlencoded'),
    415,
    'unsupported_media_type',
    'open',
  ],
  [
    'text',
    post('/main/bus', poll, 'Content-Type: text/plain; a=application/json'),
    415,
    'unsupported_media_type',
    'open',
  ],
  [
    'another charset',
    post('/main/bus/poll', poll, 'Content-Type: application/json;charset=latin1'),
    415,
    'unsupported_media_type',
    'open',
  ],
  [
    'gzip',
    post('/main/bus/poll', Buffer.from('1f8b0800', 'hex'), 'Content-Encoding: gzip'),
    415,
    'unsupported_encoding',
    'open',
  ],
  [
    'gzip in chunks',
    post('/main/bus/poll', '', 'Content-Encoding: gzip', 'Transfer-Encoding: chunked'),
    415,
    'unsupported_encoding',
  ],
  [
    'deflate of identity',
    post('/main/bus/poll', poll, 'Content-Encoding: identity, deflate'),
    415,
    'unsupported_encoding',
    'open',
  ],
])

const deep = `{"channel":"a","message":{"d":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`
const chunked = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

run('what is no good body', [
  ['empty', post('/main/bus', ''), 400, 'bad_json', 'open'],
  [
    'no body at all',
    'POST /main/bus HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n\r\n',
    400,
    'bad_json',
    'open',
  ],
  ['invalid', post('/main/bus/publish', '{"channel":"a","message":{}'), 400, 'bad_json', 'open'],
  [
    'invalid, in chunks',
    post('/main/bus/publish', chunked('{'), 'Transfer-Encoding: chunked'),
    400,
    'bad_json',
    'open',
  ],
  ['BOM', post('/main/bus/poll', `\ufeff${poll}`), 400, 'bad_json', 'open'],
  ['trailing bytes', post('/main/bus/poll', `${poll}\0`), 400, 'bad_json', 'open'],
  ['a list', post('/main/bus/poll', '[]'), 400, 'bad_request', 'open'],
  ['deep', post('/main/bus/publish', deep), 400, 'bad_json', 'open'],
  [
    'bad UTF-8',
    post('/main/bus/publish', Buffer.from('{"channel":"\xff","message":{}}', 'latin1')),
    400,
    'bad_json',
    'open',
  ],
  [
    'overlong UTF-8',
    post('/main/bus/publish', Buffer.from('{"channel":"a","message":{"d":"\xc0\xaf"}}', 'latin1')),
    400,
    'bad_json',
    'open',
  ],
  ['UTF-16', post('/main/bus/poll', Buffer.from(poll, 'utf16le')), 400, 'bad_json', 'open'],
  ['lone surrogate', post('/main/bus/publish', '{"channel":"\\udead","message":{}}'), 400, 'bad_channel', 'open'],
  ['limit -1', post('/main/bus/poll', '{"channels":["a"],"limit":-1}'), 400, 'bad_request', 'open'],
  ['limit 1e9', post('/main/bus/poll', '{"channels":["a"],"limit":1e9}'), 400, 'bad_request', 'open'],
  ['cursor of a wrong kind', post('/main/bus/poll', '{"channels":["a"],"cursor":7}'), 400, 'bad_cursor', 'open'],
  [
    'long key',
    post('/main/bus/publish', '{"channel":"a","message":{}}', `Idempotency-Key: ${'k'.repeat(300)}`),
    400,
    'bad_key',
    'open',
  ],
])

const big = 'x'.repeat(3000)
const small: Partial<HttpOptions> = { bodyBytes: 1000, batchBytes: 2000, dropBytes: 100, inboundBytes: 10_000 }

run(
  'what is too large',
  [
    ['said so', post('/main/bus/poll', '', 'Content-Length: 1001'), 413, 'too_large'],
    ['said so, and sent', post('/main/bus/poll', big), 413, 'too_large'],
    ['said to be endless', post('/main/bus/poll', '', 'Content-Length: 99999999999'), 413, 'too_large'],
    ['a publish', post('/main/bus/publish', big), 413, 'too_large'],
    [
      'a publish that waits for a go-ahead',
      post('/main/bus/publish', '', 'Content-Length: 2001', 'Expect: 100-continue'),
      413,
      'too_large',
    ],
    ['found out while it comes', post('/main/bus/poll', chunked(big), 'Transfer-Encoding: chunked'), 413, 'too_large'],
    [
      'one message of a fair body',
      post('/main/bus/publish', `{"channel":"a","message":{"d":"${'x'.repeat(1000)}"}}`),
      413,
      'too_large',
      'open',
    ],
  ],
  small,
)

test('100-continue is said to who may go on', async (t) => {
  const stage = await Stage.set(t)
  const wire = await stage.open()
  const head = post('/main/bus/poll', '', 'Expect: 100-continue', `Content-Length: ${poll.length}`)
  wire.write(head)
  t.equal((await wire.reply()).status, 100)
  t.equal((await wire.write(poll).reply()).status, 200)
})

test('what client and address did wrong is reported once in a while', async (t) => {
  const stage = await Stage.set(t)
  for (let i = 0; i < 3; i++) await stage.ask('GET', '/nowhere')
  t.same(stage.bus.reports, [
    { event: 'http_refused', detail: { address: '127.0.0.1', what: 'not_found', unreported: 0 } },
  ])
  t.match(stage.server.counters(), { http_requests: 3, http_refused: 3 })
})

test('whatever bytes come, none is a mistake of ours', async (t) => {
  const stage = await Stage.set(t, { reportMs: 0 })
  const other = await stage.open()
  const requests = [
    post('/main/bus/poll', poll, 'Prefer: wait=1'),
    post('/main/bus', '{"channels":["a","b"],"last_message":"1.x"}', 'Origin: http://a'),
    post('/main/bus/publish', chunked('{"channel":"a","message":{"n":[1,"x"]}}'), 'Transfer-Encoding: chunked'),
    post('/main/bus/notify', '{"title":"t","user":1}', 'Expect: 100-continue'),
    Buffer.from(get('/cluster?x=1')),
  ]
  const edit = fc.tuple(
    fc.nat(),
    fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('\r\n :"{}%0'))),
    fc.nat(2),
  )
  const mutated = fc
    .tuple(fc.constantFrom(...requests), fc.array(edit, { minLength: 1, maxLength: 5 }))
    .map(([request, edits]) => {
      const bytes = [...request]
      for (const [at, byte, kind] of edits)
        bytes.splice(at % bytes.length, kind === 0 ? 0 : 1, ...(kind === 2 ? [] : [byte]))
      return Buffer.from(bytes)
    })
  await fc.assert(
    fc.asyncProperty(mutated, async (bytes) => {
      const wire = await stage.open()
      wire.write(bytes).socket.end()
      await wire.closed
      for (const [, status] of wire.rest.matchAll(/^HTTP\/1\.1 (\d+)/gm)) t.ok(Number(status) < 500, `${status}`)
      t.ok(await serves(other))
    }),
    { numRuns: 300 },
  )
  await until('nobody waits', () => stage.bus.waiting.size === 0)
  t.same(
    stage.bus.reports.filter(({ event }) => event === 'http_mistake'),
    [],
  )
})
