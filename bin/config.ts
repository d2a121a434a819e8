import { readKeys } from '../src/keys.js'
import { didYouMean } from '../src/nearest.js'
import { optionNames, resolveOptions } from '../src/options.js'
import { defaultConfig, effectiveConfig, optionTable } from './config-text.js'
import { Failure } from './failure.js'
import { type Environment, variableOf } from './flags.js'
import { type GivenFlags, givenOptions, sourcesOf } from './given.js'
import { inWords } from './start.js'
import { print, say } from './terminal.js'

/** Of commands and tests, and no options of a node. */
const otherVariables = ['CARILLON_SERVER', 'CARILLON_DATABASE', 'CARILLON_CONFIG']

/** Only a warning: who runs nodes may set variables for reasons of their own. */
const warnOfVariables = (environment: Environment): void => {
  const known = [...optionNames.map(variableOf), ...otherVariables]
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('CARILLON_') || known.includes(name)) continue
    say(`carillon: ${name} is no variable that means anything here${didYouMean(name, known)}`)
  }
}

const effective = async (flags: GivenFlags): Promise<string> => {
  try {
    const options = resolveOptions(givenOptions(flags, process.env))
    await readKeys(options)
    return effectiveConfig(options, sourcesOf(flags, process.env))
  } catch (error) {
    const failure = inWords(error)
    throw failure instanceof Failure ? new Failure(2, failure.message) : failure
  }
}

export const config = async (what: string, flags: GivenFlags & { readonly markdown?: boolean }): Promise<void> => {
  if (what === 'default') {
    await print((flags.markdown ? optionTable() : defaultConfig()).trimEnd())
    return
  }
  const text = await effective(flags)
  warnOfVariables(process.env)
  if (what === 'show') await print(text.trimEnd())
  else say('carillon: this configuration is fine')
}
