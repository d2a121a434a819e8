import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { loaders } from '../support/cli.js'
import { until } from '../support/until.js'
import { whyNot } from './real/debian.js'

const real = (name: string): string => fileURLToPath(new URL(`real/${name}`, import.meta.url))

/** With a path on which there is nothing at all. */
const install = (folder: string): ReturnType<typeof spawnSync> =>
  spawnSync('/bin/bash', [real('install.sh'), folder], { env: { PATH: '/nowhere' }, encoding: 'utf8' })

test('without apt-get, what is needed is named, and it is no failure', (t) => {
  const folder = t.testdir({ packages: 'here /bin/sh\nno-such-package /no/such/file\n' })
  const why = 'end to end: skipped: there is no apt-get here to install no-such-package\n'
  t.match(install(folder), { status: 0, stderr: why })
  t.end()
})

test('where all is installed, nothing is done', (t) => {
  const folder = t.testdir({ packages: 'here /bin/sh\n' })
  t.match(install(folder), { status: 0, stderr: 'end to end: all of the packages are installed\n' })
  t.end()
})

test('the tests end to end say what they miss', (t) => {
  t.equal(
    whyNot(() => true),
    false,
  )
  t.equal(
    whyNot((path) => !/nginx|chromium/.test(path)),
    'not installed: nginx-light chromium',
  )
  t.end()
})

test('what a test has started ends even when the test is killed', async (t) => {
  const killed = spawn(process.execPath, [...loaders, real('leashed.ts')], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => killed.kill('SIGKILL'))
  const [line] = await new Promise<[string]>((resolve) => {
    createInterface({ input: killed.stdout }).once('line', (...args) => resolve(args as [string]))
  })
  const { pid, folder }: { pid: number; folder: string } = JSON.parse(line)
  t.ok(process.kill(pid, 0))
  killed.kill('SIGKILL')
  await until('its process is gone', () => {
    try {
      return !process.kill(pid, 0)
    } catch {
      return true
    }
  })
  await until('its folder is gone', () => !existsSync(folder))
})
