import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type Test, test } from 'tap'
import ts from 'typescript'

const root = new URL('../../', import.meta.url)
const sizeMax = 12 * 1024

const manifest: { scripts: { [name: string]: string }; exports: { [name: string]: object } } = JSON.parse(
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

test('what browsers get is one small file that needs nothing of Node', async (t) => {
  const file = bundle(t)
  const text = readFileSync(file, 'utf8')
  const size = gzipSync(text).length
  t.comment(`${size} bytes gzipped`)
  t.ok(size < sizeMax, `${size} bytes`)
  const { importedFiles } = ts.preProcessFile(text, true, true)
  t.same(importedFiles, [])
  t.notMatch(text, /\b(process|Buffer|require|global)\b[.([]/)
  const { connect, RefusedError }: typeof import('../../src/client/browser.js') = await import(pathToFileURL(file).href)
  t.throws(() => connect({ servers: [] }), TypeError)
  t.throws(() => connect({ servers: ['http://127.0.0.1:2'], transport: 'ws', token: 'x' }), /choose the transport/)
  t.equal(typeof RefusedError, 'function')
  await connect({ servers: ['http://127.0.0.1:2'] }).close()
  t.same(Object.keys(manifest.exports['./client'] ?? {}), ['types', 'browser', 'default'])
})
