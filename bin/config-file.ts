import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { parse as parseToml } from 'smol-toml'
import { parse as parseYaml } from 'yaml'
import { didYouMean } from '../src/nearest.js'
import { brokenRule, isSensitive, type OptionName, type Options, optionNames, specOf } from '../src/options.js'
import { Failure } from './failure.js'
import { kebab, parseOption } from './flags.js'

type Parser = (text: string) => unknown

const yaml: Parser = (text) => parseYaml(text, { prettyErrors: true })
const parsers = new Map<string, Parser>([
  ['.toml', parseToml],
  ['.yaml', yaml],
  ['.yml', yaml],
  ['.json', yaml],
])

const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split('\n')[0] ?? ''

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failure(2, `the file ${file} can't be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

const byKey = new Map(optionNames.map((name) => [kebab(name), name]))

const optionOf = (key: string, file: string): OptionName => {
  const name = byKey.get(key)
  if (!name) throw new Failure(2, `${file}: ${key} is not an option${didYouMean(key, [...byKey.keys()])}`)
  if (!specOf(name).secret) return name
  throw new Failure(2, `${file}: ${key} does not belong here, where many may read it: use ${key}-file`)
}

/** Text means what it means as a flag, so 64MiB is a number, and a list may be one text. */
const ownValue = (name: OptionName, value: unknown): unknown => {
  const own = Array.isArray(specOf(name).default) || typeof specOf(name).default !== 'string'
  return typeof value === 'string' && own ? parseOption(name, value) : value
}

/** What a TOML or YAML file says: each key is a flag without its dashes. Throws Failure 2 for what makes no sense. */
export const readConfig = (file: string): Partial<Options> => {
  const parse = parsers.get(extname(file))
  if (!parse) throw new Failure(2, `${file}: a configuration is a .toml, .yaml or .json file`)
  const text = read(file)
  let told: unknown
  try {
    told = parse(text) ?? {}
  } catch (error) {
    throw new Failure(2, `${file}: ${firstLine(error)}`)
  }
  if (typeof told !== 'object' || told === null || Array.isArray(told)) {
    throw new Failure(2, `${file}: must hold options, each with its value`)
  }
  const given: { [name: string]: unknown } = {}
  for (const [key, raw] of Object.entries(told)) {
    const name = optionOf(key, file)
    const value = ownValue(name, raw)
    const rule = brokenRule(name, value)
    if (rule)
      throw new Failure(2, `${file}: ${key} ${rule}${isSensitive(name, raw) ? '' : `, not ${JSON.stringify(raw)}`}`)
    given[name] = value
  }
  return given
}
