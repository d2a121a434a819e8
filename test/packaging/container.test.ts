import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { parse } from 'yaml'
import { createNode, type Node } from '../../src/index.js'
import { defaults, type Options } from '../../src/options.js'
import { mint } from '../auth/door.js'
import { run } from '../support/cli.js'
import { freePort, host } from '../support/free-port.js'
import { until } from '../support/until.js'
import { type Instruction, stagesOf } from './dockerfile.js'
import { manifest, optionsOf, root, textOf } from './repository.js'

// A few processes from source, on a machine that may be busy: 6 s on a quiet one.
tap.setTimeout(120_000)

const [build = [], final = []] = stagesOf(textOf('Dockerfile'))
const all = (stage: readonly Instruction[], word: string): readonly Instruction[] =>
  stage.filter((each) => each.word === word)
const one = (word: string): readonly string[] => {
  const [found, more] = all(final, word)
  if (!found || more) throw new Error(`${word} must be there once`)
  return found.words
}

test('Dockerfile: what it copies is there, and nothing else gets into the build', (t) => {
  const copied = [...build, ...final].filter(({ word, flags }) => word === 'COPY' && flags.length === 0)
  const paths = copied.flatMap(({ words }) => words.slice(0, -1))
  for (const path of paths) t.ok(existsSync(join(root, path)), path)
  const [first, ...allowed] = textOf('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  t.equal(first, '*')
  t.same(allowed.sort(), [...new Set(paths)].map((path) => `!${path}`).sort())
  t.same(
    all(final, 'COPY')
      .filter(({ flags }) => flags[0] === '--from=build')
      .map(({ words }) => words),
    [
      ['/build/node_modules', 'node_modules'],
      ['/build/dist', 'dist'],
    ],
  )
  t.end()
})

test('Dockerfile: runs as somebody who is not root, stops by SIGTERM, and needs no shell for it', (t) => {
  for (const stage of [build, final]) t.match(stage[0]?.words[0], /^node:20-/, 'the oldest Node that will do')
  t.match(manifest.engines.node, />=20/)
  t.same(one('USER'), ['1000:1000'])
  t.same(one('STOPSIGNAL'), ['SIGTERM'])
  t.same(
    one('EXPOSE'),
    [defaults.listen, defaults.peerListen].map((address) => address.split(':')[1]),
  )
  const [folder = ''] = one('WORKDIR')
  const link = all(final, 'RUN').map(({ words }) => words.join(' '))
  t.same(link, [`ln -s ${join(folder, manifest.bin.carillon)} /usr/local/bin/carillon`])
  for (const word of ['HEALTHCHECK', 'ENTRYPOINT', 'CMD']) t.ok(all(final, word)[0]?.isExec, `${word} is a list`)
  t.same(one('ENTRYPOINT'), ['carillon'])
  t.equal(optionsOf(one('CMD')).listen, defaults.listen)
  t.end()
})

test('HEALTHCHECK: 0 while the node is ready; 1 when it is not, or is no more', async (t) => {
  const [program, ...args] = one('HEALTHCHECK')
  t.equal(program, 'carillon')
  const node = await createNode({ listen: `${host}:0`, peerListen: `${host}:0`, logLevel: 'silent' })
  t.teardown(() => node.close())
  await until('ready', () => node.ready)
  const unready = createServer((_request, response) => response.writeHead(503).end())
  await new Promise<void>((resolve) => unready.listen(0, host, resolve))
  t.teardown(() => unready.close())
  const address = unready.address()
  const health = (port: number | string) => run(args, '', { CARILLON_SERVER: `http://${host}:${port}` })
  const [ready, joining, dead] = await Promise.all([
    health(new URL(node.url).port),
    health(typeof address === 'object' && address ? address.port : 0),
    health(await freePort()),
  ])
  t.match(ready, { code: 0, stdout: '', stderr: '' })
  t.match(joining, { code: 1, stderr: /is not ready \(503\)/ })
  t.match(dead, { code: 1, stderr: /does not answer/ })
})

interface Service {
  readonly command: readonly string[]
  readonly environment: { readonly [name: string]: string }
  readonly ports: readonly string[]
  readonly secrets: readonly string[]
  readonly stop_grace_period: string
  readonly ulimits: { readonly nofile: number }
}

const compose: {
  readonly services: { readonly [name: string]: Service }
  readonly secrets: { readonly [name: string]: { readonly file: string } }
} = parse(textOf('compose.yaml'), { merge: true })
const services = Object.entries(compose.services)

/** As compose would mount them. */
const withSecrets = (folder: string, options: Options): Options => {
  const own = (path: string): string => path.replace('/run/secrets', folder)
  return { ...options, secretFile: own(options.secretFile), jwtSecretFile: own(options.jwtSecretFile) }
}

test('compose.yaml: three nodes whose command lines hold, that find each other and let nobody in unasked', (t) => {
  t.equal(services.length, 3)
  for (const [name, { command, environment, ports, secrets, stop_grace_period, ulimits }] of services) {
    const options = optionsOf(command, environment)
    t.match(options, { name, advertise: `${name}:7500`, auth: 'jwt', insecure: false })
    t.same(
      options.join,
      services.map(([other]) => `${other}:7500`),
    )
    const url = new URL(options.url)
    t.same(ports, [`127.0.0.1:${url.port}:${options.listen.split(':')[1]}`], 'reached at loopback only, where it says')
    t.same(secrets, Object.keys(compose.secrets))
    t.same(
      [options.secretFile, options.jwtSecretFile],
      secrets.map((each) => `/run/secrets/${each}`),
    )
    t.ok(Number.parseInt(stop_grace_period, 10) > options.drainTimeout)
    t.ok(ulimits.nofile > options.connections + options.peerConnections)
    const { CARILLON_AUTH: _, CARILLON_JWT_SECRET_FILE: __, ...open } = environment
    t.throws(() => optionsOf(command, open), /open to other machines/, 'without auth it refuses to start')
  }
  const ignored = textOf('.gitignore').split('\n')
  for (const { file } of Object.values(compose.secrets)) {
    t.ok(ignored.includes(file.replace('./', '')), `${file} is not committed by accident`)
  }
  t.end()
})

test('compose.yaml: its nodes as they stand, on loopback, become one cluster that asks for tokens', async (t) => {
  const folder = t.testdir({ 'peer-secret': `${'p'.repeat(44)}\n`, 'jwt-secret': `${'j'.repeat(64)}\n` })
  const places = new Map<string, string>()
  for (const [name] of services) places.set(`${name}:7500`, `${host}:${await freePort()}`)
  const port = await freePort()
  const here = (address: string): string => places.get(address) ?? ''
  const nodes: Node[] = await Promise.all(
    services.map(([, { command, environment }], i) => {
      const listen = `${host}:${i === 0 ? port : 0}`
      const options = withSecrets(folder, optionsOf(command, environment))
      const [advertise, join] = [here(options.advertise), options.join.map(here)]
      return createNode({ ...options, listen, peerListen: advertise, advertise, join, logLevel: 'silent' })
    }),
  )
  t.teardown(() => Promise.all(nodes.map((node) => node.close())))
  await until('one view', () =>
    nodes.every((node) => node.ready && node.status().members.filter((each) => each.inView).length === 3),
  )
  t.same(
    nodes.map(({ url }) => url),
    services.map(([, { ports }]) => `http://${ports[0]?.replace(/:\d+$/, '')}`),
  )
  const publish = async (headers: { readonly [name: string]: string }): Promise<unknown> => {
    const given = { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers } }
    const reply = await fetch(`http://${host}:${port}/main/bus/publish`, {
      ...given,
      body: '{"channel":"a","message":{}}',
    })
    return [reply.status, (JSON.parse(await reply.text()) as { readonly copies?: number }).copies]
  }
  t.same(await publish({}), [401, undefined])
  const token = await mint({ publish: ['*'] }, { key: Buffer.from('j'.repeat(64)) })
  t.same(await publish({ Authorization: `Bearer ${token}` }), [200, 3])
})

const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0

test('docker compose reads it', { skip: hasCompose ? false : 'docker compose is not installed' }, (t) => {
  const folder = t.testdir({ 'peer-secret': '', 'jwt-secret': '', 'compose.yaml': textOf('compose.yaml') })
  const { status, stderr } = spawnSync('docker', ['compose', 'config', '--quiet'], { cwd: folder, encoding: 'utf8' })
  t.match({ status, stderr }, { status: 0, stderr: '' })
  t.end()
})
