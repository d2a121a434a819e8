import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import ts from 'typescript'
import { bundle, manifest } from './bundle.js'

const sizeMax = 12 * 1024

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
