import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { addConfigFlag, addNodeFlags } from '../../bin/flags.js'
import { givenOptions } from '../../bin/given.js'
import { program } from '../../bin/program.js'
import { type Options, resolveOptions } from '../../src/options.js'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')

export const manifest: {
  readonly name: string
  readonly bin: { readonly carillon: string }
  readonly engines: { readonly node: string }
} = JSON.parse(textOf('package.json'))

/** What a command line `start …` and its variables ask for; throws what the command would end with. */
export const optionsOf = (line: readonly string[], env: { readonly [name: string]: string } = {}): Options => {
  const [name, ...args] = line
  if (name !== 'start' || !program().commands.some((each) => each.name() === name)) throw new Error(`no start: ${line}`)
  const command = addNodeFlags(addConfigFlag(new Command(name))).exitOverride()
  command.configureOutput({ writeErr: () => {} })
  return resolveOptions(givenOptions(command.parse(args, { from: 'user' }).opts(), env))
}
