#!/usr/bin/env node
import { program, verdictOn } from './program.js'
import { endQuietlyWithoutReader, say } from './terminal.js'

endQuietlyWithoutReader()
try {
  await program().parseAsync()
} catch (error) {
  const { exitCode, words } = verdictOn(error)
  if (words !== '') say(words)
  process.exitCode = exitCode
}
