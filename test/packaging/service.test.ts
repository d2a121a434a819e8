import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { defaultConfig } from '../../bin/config-text.js'
import { defaults } from '../../src/options.js'
import { optionsOf, textOf } from './repository.js'

// One second.

const unit = textOf('bin/carillon.service')

const settings = (name: string): readonly string[] =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)

const setting = (name: string): string => {
  const [value, more] = settings(name)
  if (value === undefined || more !== undefined) throw new Error(`${name} must be there once`)
  return value
}

test('what the unit runs is a command line that holds, with the configuration that it says how to make', (t) => {
  const folder = t.testdir({ 'carillon.toml': defaultConfig() })
  const [program, ...args] = setting('ExecStart').replace('/etc/carillon', folder).split(' ')
  t.equal(program, 'carillon')
  t.match(args.join(' '), folder)
  t.same(optionsOf(args), defaults)
  t.match(unit, 'carillon config default > /etc/carillon/carillon.toml')
  t.end()
})

test('it reloads by SIGHUP, has time to drain, and files for all connections', (t) => {
  t.equal(setting('ExecReload'), 'kill -HUP $MAINPID')
  t.equal(setting('Type'), 'exec')
  t.equal(setting('Restart'), 'on-failure')
  t.equal(setting('RestartPreventExitStatus'), '2', 'wrong usage')
  t.ok(Number(setting('TimeoutStopSec')) > defaults.drainTimeout)
  t.ok(Number(setting('LimitNOFILE')) > defaults.connections + defaults.peerConnections)
  t.end()
})

const missing = spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'systemd-analyze is not installed'

test('systemd understands it, and finds little that it could do harm to', { skip: missing }, (t) => {
  const file = join(t.testdir(), 'carillon.service')
  // The program has to be there, which it is where the package is installed.
  writeFileSync(file, unit.replace(/^ExecStart=carillon/m, `ExecStart=${process.execPath}`))
  const analyze = (...args: string[]) => spawnSync('systemd-analyze', [...args, file], { encoding: 'utf8' })
  const verified = analyze('verify')
  t.match({ status: verified.status, stderr: verified.stderr }, { status: 0, stderr: '' })
  const secure = analyze('security', '--offline=true', '--threshold=15', '--no-pager')
  t.equal(secure.status, 0, secure.stdout.split('\n').at(-2) ?? secure.stderr)
  t.end()
})
