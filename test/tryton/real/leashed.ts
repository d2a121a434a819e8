/** A test that is about to be killed: it has started a process in a folder, and says both. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Leash } from './leash.js'
import { Service } from './service.js'

const folder = mkdtempSync(join(tmpdir(), 'carillon-leash-'))
const { pid } = new Service({ name: 'sleep', file: 'sleep', args: ['1000'] })
new Leash(folder).hold(pid)
console.log(JSON.stringify({ pid, folder }))
