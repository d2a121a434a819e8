import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { gunzipSync } from 'node:zlib'
import { test } from 'tap'
import { EngineError } from '../../src/errors.js'
import { bearer, door, mint } from '../auth/door.js'
import { bundle } from '../client/bundle.js'
import { until } from '../support/until.js'
import { Stage } from './stage.js'
import { told } from './wire.js'

const sizeMax = 30 * 1024

const digest = (text: string): string => createHash('sha256').update(text).digest('base64')

const inside = (html: string, tag: string): string => new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(html)?.[1] ?? '#'

test('what is served is what the sources give', (t) => {
  const made = bundle(t, 'build:page')
  const root = new URL('../../dist/page/', import.meta.url)
  for (const name of ['page.js', 'page.css', 'page.html']) {
    const from = join(made, name)
    const text = existsSync(from) ? readFileSync(from, 'utf8') : ''
    t.equal(readFileSync(new URL(name, root), 'utf8') === text, true, `${name}: npm run build makes it anew`)
  }
  t.end()
})

for (const path of ['/', '/example']) {
  test(`${path} runs its own script and style, and nothing else`, async (t) => {
    const stage = await Stage.set(t)
    const { headers, body } = await stage.ask('GET', path)
    const policy = headers.get('content-security-policy') ?? ''
    t.match(policy, /default-src 'none'/)
    t.notMatch(policy, /unsafe/)
    t.ok(policy.includes(`script-src 'sha256-${digest(inside(body, 'script'))}'`))
    t.ok(policy.includes(`style-src 'sha256-${digest(inside(body, 'style'))}'`))
    t.match(policy, /require-trusted-types-for 'script'/)
    t.equal(headers.get('x-content-type-options'), 'nosniff')
    t.doesNotThrow(() => new Script(inside(body, 'script')), 'it is JavaScript')
    t.notMatch(body.replace(/http:\/\/www\.w3\.org\/\S+?'/g, "'"), /(src|href)="(?!#|\/|data:)/, 'all of it is here')
    t.notMatch(body, / (style|on\w+)="/, 'nothing that the policy forbids')
  })
}

test('it is small, compressed, and not sent again', async (t) => {
  const stage = await Stage.set(t)
  const plain = await stage.ask('GET', '/')
  t.equal(plain.headers.get('content-encoding'), undefined)
  const wire = await stage.open()
  wire.write('GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: br, gzip\r\n\r\n')
  const packed = await until('all of it', () => {
    const [head = '', ...rest] = wire.rest.split('\r\n\r\n')
    const bytes = Buffer.from(rest.join('\r\n\r\n'), 'latin1')
    return bytes.length > 0 && bytes.length === Number(/content-length: (\d+)/i.exec(head)?.[1]) && { head, bytes }
  })
  t.match(packed.head, /content-encoding: gzip/i)
  t.equal(gunzipSync(packed.bytes).toString(), plain.body)
  t.comment(`the page: ${Buffer.byteLength(plain.body)} bytes, ${packed.bytes.length} gzipped`)
  t.ok(packed.bytes.length < sizeMax)
  for (const encoding of ['identity', 'gzip;q=0', 'br', 'gzip; q=0.0'])
    t.equal((await stage.ask('GET', '/', undefined, [`Accept-Encoding: ${encoding}`])).body, plain.body, encoding)
  const etag = plain.headers.get('etag') ?? ''
  t.match(etag, /^W\/"[\w+/]{22}"$/)
  t.equal(plain.headers.get('cache-control'), 'no-cache')
  for (const tag of [etag, `"x", ${etag}`, etag.slice(2)]) {
    const same = await stage.open()
    same.write(`GET / HTTP/1.1\r\nHost: h\r\nIf-None-Match: ${tag}\r\n\r\nGET /livez HTTP/1.1\r\nHost: h\r\n\r\n`)
    await until('both answers', () => same.rest.includes('"status":"ok"'))
    t.match(same.rest, /^HTTP\/1\.1 304 /)
    t.match(same.rest, /\r\n\r\nHTTP\/1\.1 200 /, 'no body, and the connection goes on')
    t.match(same.rest, /etag: /i)
  }
  t.equal((await stage.ask('GET', '/', undefined, ['If-None-Match: "x"'])).status, 200)
  const head = await stage.open()
  head.write('HEAD / HTTP/1.1\r\nHost: h\r\n\r\n')
  await until('headers', () => head.rest.includes('\r\n\r\n'))
  t.match(head.rest, new RegExp(`content-length: ${Buffer.byteLength(plain.body)}\r\n`, 'i'))
  t.ok(head.rest.endsWith('\r\n\r\n'))
})

const proxied = 'X-Forwarded-For: 10.0.0.1'
const browser = 'Accept: text/html,application/xhtml+xml,*/*;q=0.8'

test('a browser that is refused is shown where to put a token', async (t) => {
  const { stage } = await door(t)
  const user = bearer(await mint({ subscribe: ['a'] }))
  const none = await stage.ask('GET', '/', undefined, [proxied, browser])
  t.equal(none.status, 401)
  t.match(none.headers.get('content-type'), /^text\/html/)
  t.match(none.headers.get('www-authenticate'), /^Bearer/)
  t.equal(none.headers.get('etag'), undefined)
  t.match(none.body, /id="token-form"/)
  const wrong = await stage.ask('GET', '/', undefined, [proxied, browser, user])
  t.equal(wrong.status, 403)
  t.match(wrong.body, /id="token-form"/)
  t.equal(stage.server.counters()['http_refused'], 2)
  t.equal(
    told(await stage.ask('GET', '/', undefined, [proxied])).error?.code,
    'unauthorized',
    'others are told in JSON',
  )
  const admin = bearer(await mint({ admin: true }))
  t.equal((await stage.ask('GET', '/', undefined, [proxied, browser, admin])).status, 200)
})

const member = (url: string, state: 'alive' | 'down' = 'alive'): Stage['bus']['members'][number] => ({
  ...{ id: url as never, name: url, address: '', url, self: false, state, ready: true, inView: true },
  ...{ lag: 0, waiters: 0, heardMs: 0, unheard: [] },
})

test('the pages of the nodes may use the other nodes', async (t) => {
  const stage = await Stage.set(t)
  stage.bus.members = [
    member('http://127.0.0.1:7401', 'down'),
    member('http://10.0.0.2:7400/'),
    member('https://example.org'),
    member('nonsense'),
  ]
  const may = async (origin: string, method = 'GET', target = '/cluster'): Promise<string | undefined> => {
    const { headers } = await stage.ask(method, target, undefined, [`Origin: ${origin}`])
    t.equal(headers.get('access-control-allow-credentials'), undefined)
    return headers.get('access-control-allow-origin')
  }
  for (const origin of ['http://127.0.0.1:7401', 'http://localhost:7401', 'http://10.0.0.2:7400']) {
    t.equal(await may(origin), origin)
    t.equal(await may(origin, 'GET', '/nowhere'), origin, 'refusals, too')
    t.equal(await may(origin, 'OPTIONS', '/main/bus/publish'), origin)
  }
  const others = [
    'http://127.0.0.1:7402',
    'https://127.0.0.1:7401',
    'http://localhost:7400',
    'https://evil.example',
    'null',
  ]
  for (const origin of [...others, 'https://example.org']) t.equal(await may(origin), undefined, origin)
  const preflight = await stage.ask('OPTIONS', '/main/bus/publish', undefined, ['Origin: http://127.0.0.1:7401'])
  t.match(preflight.headers.get('access-control-allow-headers'), /Authorization, Content-Type/)
  const quick = await stage.post('/main/bus/publish', '{"channel":"a","message":{}}', ['Origin: http://127.0.0.1:7401'])
  t.equal(quick.headers.get('access-control-allow-origin'), 'http://127.0.0.1:7401')
  t.equal(stage.server.counters()['http_quick'], 1)
})

test('a node that is starting knows no pages', async (t) => {
  const stage = await Stage.set(t)
  stage.bus.status = () => {
    throw new EngineError('not_ready', 'the node is starting')
  }
  const asked = await stage.ask('GET', '/livez', undefined, ['Origin: http://127.0.0.1:7401'])
  t.equal(asked.status, 200)
  t.equal(asked.headers.get('access-control-allow-origin'), undefined)
})
