import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** What is needed beside Node, as install.sh reads it, too: a package of Debian's, and where it shows. */
const needs = readFileSync(new URL('packages', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(' ') as [name: string, path: string])

export const python = '/usr/bin/python3'

export const isRoot = process.getuid?.() === 0

/** Why the tests can't be run here, of which some need only a few of the packages. */
export const whyNot = (
  isThere: (path: string) => boolean = existsSync,
  wanted: readonly string[] = needs.map(([name]) => name),
): string | false => {
  const missing = needs.filter(([name, path]) => wanted.includes(name) && !isThere(path)).map(([name]) => name)
  return missing.length === 0 ? false : `not installed: ${missing.join(' ')}`
}

/** The programs of PostgreSQL, of the newest version whose server is there. */
export const postgresBin = (): string => {
  const all = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(a) - Number(b))
  const version = all.findLast((each) => existsSync(`/usr/lib/postgresql/${each}/bin/postgres`))
  return `/usr/lib/postgresql/${version}/bin`
}
