import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import ts from 'typescript'
import { bundle, manifest } from './bundle.js'

const sizeMax = 12 * 1024

test('what browsers get is one small file that needs nothing of Node', async (t) => {
  const folder = bundle(t)
  for (const name of ['carillon.mjs', 'tabs.mjs']) {
    const text = readFileSync(join(folder, name), 'utf8')
    const size = gzipSync(text).length
    t.comment(`${name}: ${size} bytes gzipped`)
    t.ok(size < sizeMax, `${size} bytes`)
    t.same(ts.preProcessFile(text, true, true).importedFiles, [])
    t.notMatch(text, /\b(process|Buffer|require|global)\b[.([]/)
  }
  const { href } = pathToFileURL(join(folder, 'carillon.mjs'))
  const { connect, RefusedError }: typeof import('../../src/client/browser.js') = await import(href)
  t.throws(() => connect({ servers: [] }), TypeError)
  t.equal(typeof RefusedError, 'function')
  await connect({ servers: ['http://127.0.0.1:2'] }).close()
  for (const name of ['./client', './client/tabs'])
    t.same(Object.keys(manifest.exports[name] ?? {}), ['types', 'browser', 'default'])
})
