import { brokenRule, isSensitive, type OptionName, type Options, optionNames } from '../src/options.js'
import { readConfig } from './config-file.js'
import { Failure } from './failure.js'
import { type Environment, kebab, parseOption, variableOf } from './flags.js'

export interface GivenFlags {
  readonly config?: string
  readonly [name: string]: unknown
}

interface Layer {
  readonly source: (name: OptionName) => string
  readonly given: { readonly [name: string]: unknown }
}

/** Two ways to say the same: what is said later takes the place of what was said before in either. */
const ways: readonly (readonly [OptionName, OptionName])[] = [
  ['secret', 'secretFile'],
  ['token', 'tokenFile'],
  ['jwtSecret', 'jwtSecretFile'],
]

const fromEnvironment = (environment: Environment): { readonly [name: string]: unknown } => {
  const given: { [name: string]: unknown } = {}
  for (const name of optionNames) {
    const text = environment[variableOf(name)]
    if (text === undefined) continue
    const value = parseOption(name, text)
    const rule = brokenRule(name, value)
    if (rule) throw new Failure(2, `${variableOf(name)} ${rule}${isSensitive(name, text) ? '' : `, not "${text}"`}`)
    given[name] = value
  }
  return given
}

/** The weakest first. */
const layersOf = (flags: GivenFlags, environment: Environment): readonly Layer[] => {
  const file = flags.config ?? environment.CARILLON_CONFIG
  const flagged = Object.fromEntries(
    optionNames.map((name) => [name, flags[name]]).filter(([, value]) => value !== undefined),
  )
  return [
    ...(file ? [{ source: () => file, given: readConfig(file) }] : []),
    { source: variableOf, given: fromEnvironment(environment) },
    { source: (name) => `--${kebab(name)}`, given: flagged },
  ]
}

const otherWays = (name: string): readonly OptionName[] =>
  ways.flatMap(([one, other]) => (one === name ? [other] : other === name ? [one] : []))

/** What was asked for: flags before variables before the file; what is in none of them is left to the defaults. */
export const givenOptions = (flags: GivenFlags, environment: Environment): Partial<Options> => {
  const given: { [name: string]: unknown } = {}
  for (const layer of layersOf(flags, environment)) {
    for (const name of Object.keys(layer.given)) for (const other of otherWays(name)) delete given[other]
    Object.assign(given, layer.given)
  }
  return given
}

/** Where each of these is from. */
export const sourcesOf = (flags: GivenFlags, environment: Environment): ReadonlyMap<OptionName, string> => {
  const sources = new Map<OptionName, string>()
  for (const { source, given } of layersOf(flags, environment)) {
    for (const name of Object.keys(given) as OptionName[]) {
      for (const other of otherWays(name)) sources.delete(other)
      sources.set(name, source(name))
    }
  }
  return sources
}
