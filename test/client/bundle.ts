import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Test } from 'tap'

const root = new URL('../../', import.meta.url)

export const manifest: { scripts: { [name: string]: string }; exports: { [name: string]: object } } = JSON.parse(
  readFileSync(new URL('package.json', root), 'utf8'),
)

/** The folder with what the build makes for browsers, made anew. */
export const bundle = (t: Test): string => {
  const out = t.testdir()
  const args = (manifest.scripts['build:client'] ?? '').split(' ').slice(1)
  const kept = args.filter((arg) => !arg.startsWith('--outdir='))
  const esbuild = createRequire(import.meta.url).resolve('esbuild/bin/esbuild')
  execFileSync(esbuild, [...kept, `--outdir=${out}`, '--out-extension:.js=.mjs'], { cwd: root })
  return out
}
