import { test } from 'tap'
import { remoteKeys } from '../../src/auth/jwt-keys.js'
import { codeOf } from '../http/wire.js'
import { FakeServer } from '../support/fake-server.js'
import { bearer, door, ec, mint } from './door.js'

const body = '{"channels":["a"],"timeout":0}'
const claims = { subscribe: ['*'] }
const [first, second] = [ec(), ec()]
const tokenBy = (pair: typeof first, kid: string, expires = 3600): Promise<string> =>
  mint(claims, { key: pair.privateKey, alg: 'ES256', kid, expires })

const jwk = ({ publicKey }: typeof first, kid: string): object => ({ ...publicKey.export({ format: 'jwk' }), kid })

test('a set of keys at a URL: cached, looked for anew when a token names another key, and kept while it is away', async (t) => {
  let keys = [jwk(first, '1')]
  let isUp = true
  const server = await FakeServer.listen(() => (isUp ? { body: JSON.stringify({ keys }) } : { status: 500 }))
  t.teardown(() => server.close())
  const source = remoteKeys({ url: `${server.url}/jwks`, timeoutMs: 2000, cacheMs: 0, pauseMs: 0 })
  const { stage } = await door(t, { keys: source })
  const statusOf = async (token: string): Promise<number> =>
    (await stage.post('/main/bus/poll', body, [bearer(token)])).status
  t.equal(await statusOf(await tokenBy(first, '1')), 200)
  t.equal(await statusOf(await tokenBy(second, '2')), 401, 'not known yet')
  keys = [jwk(first, '1'), jwk(second, '2')]
  t.equal(await statusOf(await tokenBy(second, '2', 3601)), 200, 'a new key is found')
  isUp = false
  t.equal(await statusOf(await tokenBy(first, '1', 3602)), 200, 'what was known last holds')
  isUp = true
  keys = [jwk(second, '2')]
  t.equal(await statusOf(await tokenBy(second, '2', 3603)), 200)
})

test('it is asked for once, however many tokens come, and not again at once for a key that nobody has', async (t) => {
  const server = await FakeServer.listen(() => ({ body: JSON.stringify({ keys: [jwk(first, '1')] }) }))
  t.teardown(() => server.close())
  const source = remoteKeys({ url: server.url, timeoutMs: 2000, cacheMs: 60_000, pauseMs: 60_000 })
  const { stage } = await door(t, { keys: source })
  for (let i = 0; i < 5; i++) {
    const [good, strange] = [await tokenBy(first, '1', 100 + i), await tokenBy(second, `x${i}`)]
    t.equal((await stage.post('/main/bus/poll', body, [bearer(good)])).status, 200)
    t.equal((await stage.post('/main/bus/poll', body, [bearer(strange)])).status, 401)
  }
  t.equal(server.asked.length, 1)
})

test('as long as there never were keys, nobody can be let in or sent away', async (t) => {
  let isUp = false
  const server = await FakeServer.listen(() =>
    isUp ? { body: JSON.stringify({ keys: [jwk(first, '1')] }) } : { status: 500 },
  )
  t.teardown(() => server.close())
  const source = remoteKeys({ url: server.url, timeoutMs: 2000, cacheMs: 1000, pauseMs: 0 })
  const { stage, reports } = await door(t, { keys: source })
  const reply = await stage.post('/main/bus/poll', body, [bearer(await tokenBy(first, '1'))])
  t.equal(reply.status, 503)
  t.equal(codeOf(reply), 'auth_unavailable')
  t.equal(reply.headers.get('retry-after'), '1')
  await stage.post('/main/bus/poll', body, [bearer(await tokenBy(first, '1', 3601))])
  t.match(reports, [{ event: 'keys_unavailable' }], 'told once')
  isUp = true
  t.equal((await stage.post('/main/bus/poll', body, [bearer(await tokenBy(first, '1'))])).status, 200)
  t.match(reports[1], { event: 'keys_available' })
  t.equal(reports.length, 2)
})
