import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { Bells } from '../support/bells.js'
import { Cli, run } from '../support/cli.js'
import { install, pack } from './installed.js'
import { root } from './repository.js'

// Builds the package, and runs processes of it, on a machine that may be busy: 20 s on a quiet one.
tap.setTimeout(180_000)

const allowed = [
  /^dist\/(src|bin)\/[\w/-]+\.js$/,
  /^dist\/src\/[\w/-]+\.d\.ts$/,
  /^dist\/client\/(carillon|tabs)\.js$/,
  /^dist\/page\/page\.(js|css|html)$/,
  /^src\/(metrics\/(alerts\.yml|grafana\.json)|tryton\/carillon_bus\.py)$/,
  /^bin\/carillon\.service$/,
  /^(README|CHANGELOG)\.md$/,
  /^(LICENSE|package\.json)$/,
]

const sourcesIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    // Of the status page there is one file.
    .filter((path) => !path.startsWith('page/'))
    .map((path) => `${folder}/${path.replace(/\.ts$/, '')}`)

const program = `
import { createNode, defaults } from 'carillon'
import { connect, RefusedError } from 'carillon/client'
import { shareTabs } from 'carillon/client/tabs'
const node = await createNode({ listen: '127.0.0.1:0', peerListen: '127.0.0.1:0', logLevel: 'silent' })
const bus = connect({ servers: [node.url] })
await bus.publish('a', { n: 1 })
for await (const event of bus.subscribe('a', { from: 'earliest' })) {
  console.log(JSON.stringify([event.message.n, defaults.members, typeof shareTabs, typeof RefusedError]))
  break
}
await bus.close()
await node.close()
`

const typed = `
import { createNode, type Node } from 'carillon'
import { connect, type Client } from 'carillon/client'
export const node: Promise<Node> = createNode({ listen: '127.0.0.1:0' }), bus: Client = connect({ servers: ['http://a'] })
// @ts-expect-error Types are there: a number is no address.
export const wrong = createNode({ listen: 1 })
`

test('the package, as it would be published', async (t) => {
  const { tarball, files } = pack(t)
  const sources = [...sourcesIn('src'), ...sourcesIn('bin')].sort()

  await t.test('has what is needed, and nothing else', (t) => {
    t.same(
      files.filter((file) => !allowed.some((pattern) => pattern.test(file))),
      [],
    )
    for (const pattern of allowed)
      t.ok(
        files.some((file) => pattern.test(file)),
        String(pattern),
      )
    const modules = files.filter((file) => /^dist\/(src|bin)\/.*\.js$/.test(file))
    t.same(modules, sources.map((source) => `dist/${source}.js`).sort())
    t.end()
  })

  const folder = install(t, tarball)
  const carillon = join(folder, 'node_modules/.bin/carillon')

  await t.test('runs a cluster: what one node is told, a subscriber of another hears', async (t) => {
    const bells = await Bells.ring(t, 3, carillon)
    const [one = '', two = '', last = ''] = bells.urls
    const subscriber = new Cli(['subscribe', 'hello', '--server', two, '--count', '1'], {}, undefined, carillon)
    t.teardown(() => subscriber.kill())
    await subscriber.shows(/subscribed to hello/, 'stderr')
    t.match(await run(['publish', 'hello', '{"n":1}', '--server', one], '', {}, carillon), { code: 0, stderr: '' })
    t.match(await subscriber.ended, { code: 0, stdout: /^\{.*"n":1\}.*\n$/ })
    t.match(await run(['health', '--server', last], '', {}, carillon), { code: 0 })
    t.match(await (await fetch(one)).text(), /<script>.+<\/script>/s, 'the status page is there')
    bells.cli.interrupt()
    t.equal((await bells.ended()).code, 130)
  })

  await t.test('is imported, as a library and as a client', (t) => {
    writeFileSync(join(folder, 'main.mjs'), program)
    const { status, stdout, stderr } = spawnSync(process.execPath, ['main.mjs'], { cwd: folder, encoding: 'utf8' })
    t.match({ status, stdout, stderr }, { status: 0, stdout: '[1,64,"function","function"]\n', stderr: '' })
    t.end()
  })

  await t.test('has types, whichever way a project looks for them', (t) => {
    writeFileSync(join(folder, 'main.ts'), typed)
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
    for (const module of ['nodenext', 'preserve']) {
      const args = [tsc, '--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', module, 'main.ts']
      const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
      t.match({ status, stdout }, { status: 0, stdout: '' }, module)
    }
    t.end()
  })
})
