import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { defaults } from '../src/options.js'
import { renewalOf } from '../src/renewal.js'
import { bearer, mint, secret } from './auth/door.js'
import { EventReader } from './stream/tap.js'
import { buildOfThis } from './support/build.js'
import { Cli } from './support/cli.js'
import { freePort } from './support/free-port.js'
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

test('SIGHUP: secrets of peers are changed one by one, and limits, and no connection is dropped', async (t) => {
  const [old, young] = ['the secret of last year', 'the secret of this year']
  const folder = t.testdir({ secret: old })
  const { program } = buildOfThis(t)
  const file = join(folder, 'node.yaml')
  const configure = (batchCount: number): void =>
    writeFileSync(
      file,
      `listen: 127.0.0.1:0\nlog-format: json\nsecret-file: ${folder}/secret\nbatch-count: ${batchCount}\n`,
    )
  configure(1000)
  const ports = [await freePort(), await freePort()]
  const peers = ports.map((port) => `127.0.0.1:${port}`)
  const start = (name: string, peer: string, env: NodeJS.ProcessEnv = {}): Cli => {
    const own = ['--config', file, '--name', name, '--peer-listen', peer, '--join', peers.join()]
    const cli = new Cli(['start', ...own], env, undefined, program)
    t.teardown(() => cli.kill())
    return cli
  }
  const nodes = peers.map((peer, i) => start(`node-${i + 1}`, peer))
  const reload = async (): Promise<void> => {
    for (const cli of nodes) {
      const times = cli.stderr.split('"msg":"reloaded"').length
      cli.process.kill('SIGHUP')
      await until('it has reloaded', () => cli.stderr.split('"msg":"reloaded"').length > times, 30_000)
    }
  }
  const urlOf = async (cli: Cli): Promise<string> => (await cli.shows(/"url":"([^"]+)"/, 'stderr'))[1] ?? ''
  const urls = await Promise.all(nodes.map(urlOf))
  const joined = async (url: string, size: number): Promise<boolean> => {
    const { ready, view } = (await (await fetch(`${url}/cluster`)).json()) as { ready: boolean; view: { members: [] } }
    return ready && view.members.length === size
  }
  for (const url of urls) await until('two in a view', () => joined(url, 2), 30_000)
  const unlinked = (): number => nodes.flatMap(({ stderr }) => stderr.match(/"unlinked"/g) ?? []).length
  // Two that dial each other at once drop one of their links.
  const before = unlinked()
  const streams = urls.map((url) => new EventReader(Number(new URL(url).port), '/main/bus/events?channel=a'))
  for (const stream of streams) {
    t.teardown(() => stream.close())
    await stream.events.first(1)
  }
  const publish = (count: number): Promise<Response> =>
    fetch(`${urls[0]}/main/bus/publish`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ messages: Array.from({ length: count }, () => ({ channel: 'a', message: {} })) }),
    })
  t.equal((await publish(3)).status, 200)
  configure(2)
  for (const secrets of [`${old}\n${young}`, `${young}\n${old}`, young]) {
    writeFileSync(join(folder, 'secret'), secrets)
    await reload()
    t.match(await (await publish(2)).json(), { copies: 2 }, 'between any two as well')
  }
  t.equal((await publish(3)).status, 400, 'more than there may be now')
  const late = start('late', '127.0.0.1:0', { CARILLON_SECRET: old })
  await late.shows(/the secrets differ/, 'stderr')
  const guest = start('guest', '127.0.0.1:0', { CARILLON_SECRET: young })
  const url = await urlOf(guest)
  await until('it is let in', () => joined(url, 3), 30_000)
  for (const stream of streams) {
    await stream.events.first(1 + 3 + 6)
    t.notOk(stream.ended || stream.socket.destroyed, 'who reads stays')
  }
  t.equal(unlinked(), before, 'no link of peers was dropped')
})
