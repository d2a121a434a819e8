import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Test } from 'tap'

const root = new URL('../../', import.meta.url)

export const manifest: { scripts: { [name: string]: string }; exports: { [name: string]: object } } = JSON.parse(
  readFileSync(new URL('package.json', root), 'utf8'),
)

/** What the build makes for browsers, made anew. */
export const bundle = (t: Test): string => {
  const out = join(t.testdir(), 'carillon.mjs')
  const args = (manifest.scripts['build:client'] ?? '').split(' ').slice(1)
  const kept = args.filter((arg) => !arg.startsWith('--outfile='))
  const esbuild = createRequire(import.meta.url).resolve('esbuild/bin/esbuild')
  execFileSync(esbuild, [...kept, `--outfile=${out}`], { cwd: root })
  return out
}
