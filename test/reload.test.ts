import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { defaults } from '../src/options.js'
import { renewalOf } from '../src/renewal.js'
import { bearer, mint, secret } from './auth/door.js'
import { EventReader } from './stream/tap.js'
import { Cli } from './support/cli.js'
import { until } from './support/until.js'

// A process from source.
tap.setTimeout(120_000)

test('what can be taken on is, and what cannot is told', (t) => {
  const after = { ...defaults, corsOrigin: ['*'], waiters: 5, streams: 7 }
  const { options, taken, left } = renewalOf(defaults, after)
  t.same(taken, ['corsOrigin', 'streams'])
  t.same(left, ['waiters'])
  t.same(options, { ...after, waiters: defaults.waiters })
  t.end()
})

test('another certificate can be taken on, but neither TLS itself nor a CA of peers', (t) => {
  const plain = { ...defaults }
  const secure = { ...defaults, tlsCert: 'a.pem', tlsKey: 'a.key' }
  const mutual = { ...secure, tlsCert: 'b.pem', peerCa: 'ca.pem' }
  t.match(renewalOf(secure, { ...secure, tlsCert: 'b.pem' }), { taken: ['tlsCert'], left: [], keepsTls: false })
  t.match(renewalOf(plain, secure), { taken: [], left: ['tlsCert', 'tlsKey'], keepsTls: true, options: plain })
  t.match(renewalOf(secure, plain), { taken: [], left: ['tlsCert', 'tlsKey'], keepsTls: true })
  t.match(renewalOf(secure, mutual), { taken: [], left: ['tlsCert', 'peerCa'], keepsTls: true, options: secure })
  t.end()
})

test('SIGHUP: other tokens, origins and limits, and no connection is dropped', async (t) => {
  const folder = t.testdir({ key: secret, tokens: 'the-first-operator-token' })
  const file = join(folder, 'node.yaml')
  const configure = (more: string): void =>
    writeFileSync(
      file,
      `listen: 127.0.0.1:0\npeer-listen: 127.0.0.1:0\nauth: jwt\njwt-secret-file: ${folder}/key\ntoken-file: ${folder}/tokens\nlog-format: json\n${more}`,
    )
  configure('')
  const cli = new Cli(['start', '--config', file])
  t.teardown(() => cli.kill())
  const [, url = ''] = await cli.shows(/"url":"([^"]+)"/, 'stderr')
  await until('ready', async () => (await fetch(`${url}/readyz`)).ok, 30_000)
  const token = await mint({ subscribe: ['a'], publish: ['a'] })
  const stream = new EventReader(Number(new URL(url).port), '/main/bus/events?channel=a', [bearer(token)])
  t.teardown(() => stream.close())
  await stream.events.first(1)
  const publish = (by: string, message: string): Promise<Response> =>
    fetch(`${url}/main/bus/publish`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${by}`, Origin: 'https://a.example' },
      body: `{"channel":"a","message":${message}}`,
    })
  const before = await publish('the-first-operator-token', '{"n":1}')
  t.match([before.status, before.headers.get('access-control-allow-origin')], [200, null])

  writeFileSync(join(folder, 'tokens'), 'the-second-operator-token')
  writeFileSync(join(folder, 'key'), `${'n'.repeat(40)}\n`)
  configure('cors-origin: https://a.example\nretention-count: 7\n')
  cli.process.kill('SIGHUP')
  const [told] = await cli.shows(/\{[^\n]*"msg":"reloaded"\}/, 'stderr')
  t.match(JSON.parse(told), { taken: ['corsOrigin'], needs_restart: ['retentionCount'] })
  const after = await publish('the-second-operator-token', '{"n":2}')
  t.match([after.status, after.headers.get('access-control-allow-origin')], [200, 'https://a.example'])
  t.equal((await publish('the-first-operator-token', '{}')).status, 401)
  t.equal((await publish(token, '{}')).status, 401, 'signed with a secret that counts no more')
  t.equal((await publish(await mint({ publish: ['a'] }, { key: Buffer.from('n'.repeat(40)) }), '{"n":3}')).status, 200)
  t.match((await stream.events.nth(3)).data, '"n":3', 'who was there stays')

  configure('retention-cuont: 7\n')
  cli.process.kill('SIGHUP')
  await cli.shows(/"why":"[^\n]*did you mean retention-count\?","msg":"not_reloaded"/, 'stderr')
  t.equal((await publish('the-second-operator-token', '{"n":4}')).status, 200, 'it goes on as it is')
  t.notMatch(cli.stderr, /operator-token|nnnnnnnn/, 'nothing secret is in the log')
  cli.process.kill('SIGTERM')
  t.equal((await cli.ended).code, 0)
})
