import { fileURLToPath } from 'node:url'
import { verdictOn } from '../../bin/program.js'
import { say } from '../../bin/terminal.js'
import { type VerifyFlags, verify } from '../../bin/verify.js'

// `carillon verify` of nodes with a planted fault, which the command itself can't be asked for: the first argument names
// it, the second has the flags as JSON.
const [name = '', flags = '{}'] = process.argv.slice(2)
const usual: VerifyFlags = {
  ...{ nodes: 3, database: 'main', faults: [], duration: 3, rate: 150, channels: 3, subscribers: 4, publishers: 3 },
  ...{ seed: '1', json: false },
}
const program = [...process.execArgv, fileURLToPath(import.meta.url.replace('planted-verify', 'planted-node')), name]
try {
  await verify({ ...usual, ...JSON.parse(flags) }, program)
} catch (error) {
  const { exitCode, words } = verdictOn(error)
  say(words)
  process.exitCode = exitCode
}
