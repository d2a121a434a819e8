import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { mint, secret } from '../auth/door.js'
import { embed } from '../live/crew.js'
import { run } from '../support/cli.js'
import { freePort, host } from '../support/free-port.js'
import { bundle } from './bundle.js'
import { Story } from './story.js'

// Several processes, on a machine that may be busy.
tap.setTimeout(300_000)

const { command, plantedVerify } = await bundle(tap.testdir())

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a bundled program; `interruptAt`: Ctrl-C once this is said on standard error. */
const start = (args: readonly string[], interruptAt?: RegExp): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    let isInterrupted = false
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      if (isInterrupted || !interruptAt?.test(stderr)) return
      isInterrupted = true
      child.kill('SIGINT')
    })
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })

test('nodes without a rule: status 1, with evidence', async (t) => {
  const { code, stdout, stderr } = await start([plantedVerify, 'ackAll', '{"faults":["kill"],"duration":3}'])
  t.equal(code, 1, stderr)
  t.match(stdout, /^another id +[1-9]/m)
  t.match(stdout, /^- p\d-\d+ has the ids .*\n( {4}.*\n)* {4}.* publishes p\d-\d+ to verify-.* at node-\d by /m)
  t.match(stderr, /promises were broken: .*another id/)
})

test('broken off: status 130, and a verdict on what had come', async (t) => {
  const args = [command, 'verify', '--nodes', '1', '--duration', '600', '--json']
  const { code, stdout, stderr } = await start(args, /running .* [1-9]\d* published/)
  t.equal(code, 130, stderr)
  t.match(JSON.parse(stdout), { ok: true, complete: false })
  t.match(stderr, /nothing wrong was found until it was broken off/)
})

test('a running cluster, without disturbing its users', async (t) => {
  // It may not see the state of the nodes.
  const token = await mint({ publish: ['verify-*'], subscribe: ['verify-*'] })
  const node = await embed(t, { name: 'solo', auth: 'jwt', jwtSecret: secret })
  const brief = ['--duration', '1', '--publishers', '2', '--subscribers', '2', '--seed', '5']
  const { code, stdout, stderr } = await run(['verify', '--server', node.url, ...brief], '', {
    CARILLON_TOKEN: token,
  })
  t.equal(code, 0, stderr)
  t.match(stdout, /^seed 5, .* s, faults: none$/m)
  t.match(stdout, /^stuck +0 /m)
  t.match(await start([command, 'verify', '--server', node.url, ...brief]), { code: 1, stderr: /refused: / })
  const refused = await start([command, 'verify', '--server', node.url, '--faults', 'kill'])
  t.match(refused, { code: 2, stderr: /--faults is for nodes that it starts itself/ })
})

test('a history alone', async (t) => {
  const dir = t.testdir()
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(dir, name), text)
    return join(dir, name)
  }
  const story = new Story().whole().reader('r', 'a').publish('m').end('r')
  const bad = await write('bad', story.lines.map((line) => JSON.stringify(line)).join('\n'))
  const none = await write('none', 'no history')
  const [judged, unread, gone] = await Promise.all(
    [bad, none, join(dir, 'gone')].map((path) => start([command, 'verify', '--check', path])),
  )
  t.match(judged, { code: 1, stdout: /^lost +1 /m, stderr: /promises were broken: 1 × lost/ })
  t.match(unread, { code: 2, stderr: /is no history/ })
  t.match(gone, { code: 1, stderr: /can't be read/ })
})

test('what it can not do is said', async (t) => {
  const nobody = `http://${host}:${await freePort()}`
  const wishes = [
    ['--faults', 'flood'],
    ['--server', nobody],
    ['--check', 'a', '--server', nobody],
    ['--help'],
    ['--nodes', '1', '--faults', 'all'],
    ['--history', '/nowhere/history'],
  ]
  const [faults, away, both, help, single, nowhere] = await Promise.all(
    wishes.map((wish) => start([command, 'verify', ...wish])),
  )
  t.match(faults, { code: 2, stderr: /kill, pause, cut, and all/ })
  t.match(away, { code: 3, stderr: /nobody listens there/ })
  t.match(both, { code: 2 })
  t.match(single, { code: 2, stderr: /no links to cut/ })
  t.match(nowhere, { code: 1, stderr: /no such file/ })
  t.match(help, { code: 0, stdout: /^Examples:\n {2}\$ carillon verify\n/ })
})
