import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Test } from 'tap'

const root = new URL('../../', import.meta.url)

export const manifest: { scripts: { [name: string]: string }; exports: { [name: string]: object } } = JSON.parse(
  readFileSync(new URL('package.json', root), 'utf8'),
)

/** The folder with what the build makes for browsers, made anew; modules by names that Node takes for modules. */
export const bundle = (t: Test, script: 'build:client' | 'build:page' = 'build:client'): string => {
  const out = t.testdir()
  const args = (manifest.scripts[script] ?? '').split(' ').slice(1)
  const kept = args.filter((arg) => !arg.startsWith('--outdir='))
  const names = script === 'build:client' ? ['--out-extension:.js=.mjs'] : []
  const esbuild = createRequire(import.meta.url).resolve('esbuild/bin/esbuild')
  execFileSync(esbuild, [...kept, `--outdir=${out}`, ...names], { cwd: root })
  return out
}
