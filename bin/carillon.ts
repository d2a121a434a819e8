#!/usr/bin/env node
import { tendOld } from './old.js'
import { endQuietlyWithoutReader, say } from './terminal.js'
import { tendYoung } from './young.js'

// Before anything else is loaded, which would make it grow.
if (process.argv[2] === 'start') {
  tendYoung()
  tendOld()
}
const { program, verdictOn } = await import('./program.js')

endQuietlyWithoutReader()
try {
  await program().parseAsync()
} catch (error) {
  const { exitCode, words } = verdictOn(error)
  if (words !== '') say(words)
  process.exitCode = exitCode
}
