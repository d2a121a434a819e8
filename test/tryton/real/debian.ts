import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'

/** What is needed beside Node: where it shows, and the package that brings it. */
const needs: readonly (readonly [path: string, name: string])[] = [
  ['/usr/bin/trytond', 'tryton-server'],
  ['/usr/lib/python3/dist-packages/psycopg2', 'python3-psycopg2'],
  ['/usr/lib/python3/dist-packages/tryton/bus.py', 'tryton-client'],
  ['/usr/share/tryton-sao/www', 'tryton-sao'],
  ['/usr/sbin/nginx', 'nginx-light'],
  ['/usr/sbin/haproxy', 'haproxy'],
  ['/usr/bin/chromium', 'chromium'],
  ['/usr/lib/postgresql', 'postgresql'],
]

export const python = '/usr/bin/python3'

export const isRoot = process.getuid?.() === 0

const missing = (): readonly string[] => needs.filter(([path]) => !existsSync(path)).map(([, name]) => name)

const apt = (...args: readonly string[]): boolean => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
}

/** Packages ask this file whether they may start their services; 101 is no. */
const policy = '/usr/sbin/policy-rc.d'

/** Installs without starting anything for the whole machine: what the tests need they start themselves. */
const install = (names: readonly string[]): boolean => {
  const isOurs = !existsSync(policy)
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    return apt('update', '-q') && apt('install', '-q', '-y', '--no-install-recommends', ...names)
  } finally {
    if (isOurs) rmSync(policy)
  }
}

/** Installs what is missing, if it may; otherwise says why the tests can't be run here. */
export const whyNot = (): string | false => {
  const names = missing()
  if (names.length === 0) return false
  const advice = `not installed: ${names.join(' ')}`
  if (!isRoot || !existsSync('/usr/bin/apt-get')) return advice
  process.stderr.write(`installing ${names.join(' ')}\n`)
  return install(names) && missing().length === 0 ? false : `could not be installed: ${missing().join(' ')}`
}

/** The programs of PostgreSQL, of the newest version that is there. */
export const postgresBin = (): string => {
  const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(a) - Number(b))
  return `/usr/lib/postgresql/${versions.at(-1)}/bin`
}
