import { test } from 'tap'
import { fileKeys, secretKeys } from '../../src/auth/jwt-keys.js'
import type { Stage } from '../http/stage.js'
import { codeOf, type Reply, told } from '../http/wire.js'
import { until } from '../support/until.js'
import { bearer, door, ec, mint, pemOf, rsa, secret } from './door.js'

const pollOf = (...channels: readonly string[]): string => JSON.stringify({ channels, timeout: 0 })
const publishOf = (channel: string): string => JSON.stringify({ channel, message: {} })

const poll = (stage: Stage, token?: string, channel = 'a'): Promise<Reply> =>
  stage.post('/main/bus/poll', pollOf(channel), token === undefined ? [] : [bearer(token)])

const challengeOf = (reply: Reply): string | undefined => reply.headers.get('www-authenticate')

test('a token lets its bearer do what its claims say, and nothing else', async (t) => {
  const { stage } = await door(t)
  const token = await mint({ subscribe: ['a', 'news.*'], publish: ['orders.*.new'], databases: ['main'] })
  const rows: readonly (readonly [target: string, body: string, status: number])[] = [
    ['/main/bus/poll', pollOf('a'), 200],
    ['/main/bus/poll', pollOf('a', 'news.uk'), 200],
    ['/main/bus/poll', pollOf('a', 'b'), 403],
    ['/main/bus/poll', pollOf('orders.1.new'), 403],
    ['/other/bus/poll', pollOf('a'), 403],
    ['/main/bus/publish', publishOf('orders.1.new'), 200],
    ['/main/bus/publish', publishOf('orders.1.old'), 403],
    ['/main/bus/publish', publishOf('a'), 403],
    ['/main/bus/publish', `{"messages":[${publishOf('orders.1.new')},${publishOf('a')}]}`, 403],
    ['/main/bus/notify', '{"title":"x","user":1}', 403],
  ]
  for (const [target, body, status] of rows) {
    const reply = await stage.post(target, body, [bearer(token)])
    t.equal(reply.status, status, `${target} ${body}: ${reply.body}`)
    if (status !== 403) continue
    t.equal(codeOf(reply), 'forbidden')
    t.match(challengeOf(reply), /^Bearer realm="carillon", error="insufficient_scope", error_description="[ -~]+"$/)
  }
  t.equal(stage.bus.publishes.length, 1, 'a refused batch changes nothing')
  t.equal(stage.bus.polls.length, 2)
})

test('whether a channel exists makes no difference to who may not read it', async (t) => {
  const { stage } = await door(t)
  const token = await mint({ subscribe: ['a'], publish: ['b'] })
  await stage.post('/main/bus/publish', publishOf('b'), [bearer(token)])
  const [there, not] = [await poll(stage, token, 'b'), await poll(stage, token, 'c')]
  t.equal(there.body.replaceAll('"b', '"c').replaceAll('b\\', 'c\\'), not.body)
})

test('who brings no token, or a bad one, is told why, as RFC 6750 has it', async (t) => {
  const { stage, reports } = await door(t)
  const bare = await poll(stage)
  t.match([bare.status, codeOf(bare), challengeOf(bare)], [401, 'unauthorized', 'Bearer realm="carillon"'])
  t.notMatch(challengeOf(bare), 'error', 'nothing is wrong with what was not brought')
  const good = { subscribe: ['*'] }
  const { privateKey, publicKey } = rsa()
  const [head = '', claims = ''] = (await mint(good)).split('.')
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`
  const rows: readonly (readonly [name: string, token: string, why: RegExp])[] = [
    ['expired', await mint(good, { expires: -1 }), /has expired/],
    ['without an end', await mint(good, { expires: null }), /claim exp/],
    ['not yet', await mint({ ...good, nbf: Math.floor(Date.now() / 1000) + 600 }), /claim nbf/],
    ['another secret', await mint(good, { key: Buffer.from('x'.repeat(32)) }), /signature/],
    [
      'changed',
      `${head}.${Buffer.from('{"subscribe":["*"],"exp":9999999999}').toString('base64url')}.AAAA`,
      /signature/,
    ],
    ['unsigned', unsigned, /algorithm/],
    ['another algorithm', await mint(good, { key: privateKey, alg: 'RS256' }), /algorithm/],
    ['no token', 'nonsense', /malformed/],
    ['claims that make no sense', await mint({ subscribe: [1] }), /claim subscribe/],
  ]
  for (const [name, token, why] of rows) {
    const reply = await poll(stage, token)
    t.equal(reply.status, 401, name)
    t.match(told(reply).error, { code: 'unauthorized', message: why }, name)
    t.match(challengeOf(reply), /^Bearer realm="carillon", error="invalid_token", error_description="[ -~]+"$/, name)
    const words = JSON.stringify([...stage.bus.reports, ...reports])
    t.notOk(words.includes(token.slice(0, 20)), 'no token is in the log')
  }
  t.equal(stage.bus.inputs.length, 0)
  const confused = await door(t, { keys: fileKeys(pemOf(publicKey), 'k') })
  const forged = await mint(good, { key: Buffer.from(pemOf(publicKey)) })
  t.equal((await poll(confused.stage, forged)).status, 401, 'a public key is no secret')
})

test('header, then ticket, then cookie', async (t) => {
  const { stage } = await door(t, { options: { jwtCookie: 'session' } })
  const token = await mint({ subscribe: ['a'] })
  const bad = await mint({ subscribe: ['a'] }, { expires: -1 })
  const ask = (...headers: readonly string[]): Promise<Reply> => stage.post('/main/bus/poll', pollOf('a'), headers)
  t.equal((await ask(`Cookie: x=1; session=${token}; y=2`)).status, 200)
  t.equal((await ask(`Cookie: carillon=${token}`)).status, 401, 'only this cookie')
  t.equal((await ask(`Cookie: session=${token}`, bearer(bad))).status, 401, 'the header counts')
  t.equal((await ask('Authorization: Basic YTpi', `Cookie: session=${token}`)).status, 200)
  const off = await door(t, { options: { jwtCookie: '' } })
  t.equal((await off.stage.post('/main/bus/poll', pollOf('a'), [`Cookie: =${token}`])).status, 401)
})

test('several secrets are good at the same time, and what a token says of itself can be asked for', async (t) => {
  const other = 'o'.repeat(40)
  const two = await door(t, { keys: secretKeys([other, secret]) })
  t.equal((await poll(two.stage, await mint({ subscribe: '*' }))).status, 200)
  t.equal((await poll(two.stage, await mint({ subscribe: '*' }, { key: Buffer.from(other) }))).status, 200)
  const strict = await door(t, { options: { jwtIssuer: 'me', jwtAudience: 'bus' } })
  const rows: readonly (readonly [claims: object, status: number])[] = [
    [{ iss: 'me', aud: 'bus' }, 200],
    [{ iss: 'me', aud: ['x', 'bus'] }, 200],
    [{ iss: 'you', aud: 'bus' }, 401],
    [{ iss: 'me', aud: 'x' }, 401],
    [{ iss: 'me' }, 401],
  ]
  for (const [claims, status] of rows) {
    t.equal(
      (await poll(strict.stage, await mint({ subscribe: '*', ...claims }))).status,
      status,
      JSON.stringify(claims),
    )
  }
})

test('what was found once is known, until it expires', async (t) => {
  const { stage } = await door(t)
  const token = await mint({ subscribe: ['a'] }, { expires: 2 })
  for (let i = 0; i < 3; i++) t.equal((await poll(stage, token)).status, 200)
  t.match(stage.server.counters(), { auth_checks: 1, auth_failures: 0 })
  await until('it has expired', async () => (await poll(stage, token)).status === 401, 10_000)
})

test('nobody waits for longer than the token is good for', async (t) => {
  const { stage } = await door(t)
  const wire = await stage.open()
  wire.send('POST', '/main/bus', '{"channels":["a"]}', [bearer(await mint({ subscribe: ['a'] }, { expires: 60 }))])
  await until('waiting', () => stage.bus.polls.length === 1)
  const waitMs = stage.bus.polls[0]?.waitMs ?? 0
  t.ok(waitMs > 10_000 && waitMs <= 60_000, `${waitMs}`)
})

test('public keys by file: PEM of each kind, or a set', async (t) => {
  const [rsaPair, ecPair, other] = [rsa(), ec(), ec()]
  const jwk = (key: typeof ecPair, kid: string) => ({ ...key.publicKey.export({ format: 'jwk' }), kid })
  const pem = fileKeys(`${pemOf(rsaPair.publicKey)}\n${pemOf(ecPair.publicKey)}`, 'keys.pem')
  const set = fileKeys(JSON.stringify({ keys: [jwk(rsaPair, '1'), jwk(ecPair, '2'), jwk(other, '3')] }), 'keys.json')
  const claims = { subscribe: ['*'] }
  for (const keys of [pem, set]) {
    const { stage } = await door(t, { keys })
    const [byRsa, byEc, kept, stranger, secretly] = await Promise.all([
      mint(claims, { key: rsaPair.privateKey, alg: 'RS256', kid: '1' }),
      mint(claims, { key: ecPair.privateKey, alg: 'ES256', kid: '2' }),
      mint(claims, { key: ecPair.privateKey, alg: 'ES256' }),
      mint(claims, { key: ec().privateKey, alg: 'ES256' }),
      mint(claims),
    ])
    t.equal((await poll(stage, byRsa)).status, 200)
    t.equal((await poll(stage, byEc)).status, 200)
    t.equal((await poll(stage, kept)).status, 200, 'all keys are tried for a token that names none')
    t.equal((await poll(stage, stranger)).status, 401)
    t.match(told(await poll(stage, secretly)).error?.message, /algorithm/)
  }
  t.throws(() => fileKeys('nothing', 'f'), /neither PEM nor/)
  t.throws(() => fileKeys('{"keys":1}', 'f'), /no JSON Web Key Set/)
  t.throws(() => fileKeys(pemOf(ec('P-384').publicKey), 'f'), /neither RSA of 2048 bits at least nor EC P-256/)
  const priv = ecPair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  t.throws(() => fileKeys(priv, 'f'), /nodes need the public one only/)
})
