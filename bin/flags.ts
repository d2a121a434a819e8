import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  brokenRule,
  type Kinds,
  type OptionName,
  type Options,
  optionGroups,
  optionNames,
  specOf,
} from '../src/options.js'
import { type FaultKind, faultKinds } from '../src/verify/kinds.js'

export type Environment = { readonly [name: string]: string | undefined }

/** retentionCount → retention-count */
export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** retentionCount → CARILLON_RETENTION_COUNT */
export const variableOf = (name: OptionName): string => `CARILLON_${kebab(name).replaceAll('-', '_').toUpperCase()}`

const same = (text: string): string => text

const splitList = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

const numberOf = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text))

const units = new Map([
  ['', 1],
  ['k', 1024],
  ['m', 2 ** 20],
  ['g', 2 ** 30],
])

/** 65536, 64k, 64KiB */
const bytesOf = (text: string): number => {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?$/i.exec(text.trim())
  return Number(match?.[1]) * (units.get(match?.[2]?.toLowerCase() ?? '') ?? Number.NaN)
}

const truths = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['false', false],
  ['0', false],
  ['no', false],
])

/** From text to value, and what stands for the text in help. What makes no sense becomes something that breaks the rule. */
const kinds: { readonly [Name in keyof Kinds]: { parse(text: string): unknown; readonly placeholder: string } } = {
  text: { parse: same, placeholder: 'text' },
  address: { parse: same, placeholder: 'host:port' },
  addresses: { parse: splitList, placeholder: 'host:port,…' },
  url: { parse: same, placeholder: 'url' },
  origins: { parse: splitList, placeholder: 'origin,…' },
  networks: { parse: splitList, placeholder: 'network,…' },
  databases: { parse: splitList, placeholder: 'url,…' },
  servers: { parse: (text) => text, placeholder: 'nats://host:port,…' },
  word: { parse: (text) => text, placeholder: 'word' },
  auth: { parse: same, placeholder: 'none|jwt|trytond=url' },
  flag: { parse: (text) => truths.get(text.toLowerCase()), placeholder: '' },
  count: { parse: numberOf, placeholder: 'number' },
  bytes: { parse: bytesOf, placeholder: 'bytes' },
  seconds: { parse: numberOf, placeholder: 'seconds' },
  choice: { parse: same, placeholder: 'word' },
}

export const parseOption = (name: OptionName, text: string): unknown => kinds[specOf(name).kind].parse(text)

const sizeOf = (bytes: number): string => {
  if (bytes % 2 ** 30 === 0 && bytes > 0) return `${bytes / 2 ** 30}GiB`
  if (bytes % 2 ** 20 === 0) return `${bytes / 2 ** 20}MiB`
  return bytes % 2 ** 10 === 0 ? `${bytes / 2 ** 10}KiB` : String(bytes)
}

export const placeholderOf = (name: OptionName): string => {
  const { kind, choices } = specOf(name)
  return choices?.join('|') ?? kinds[kind].placeholder
}

/** As people write it. */
export const shownValue = (name: OptionName, value: string | number): string => {
  if (typeof value === 'string') return value
  return specOf(name).kind === 'bytes' ? sizeOf(value) : String(value)
}

const shownDefault = (name: OptionName): string => {
  const { default: value } = specOf(name)
  if (typeof value !== 'number' && (typeof value !== 'string' || value === '')) return ''
  return ` (${shownValue(name, value)})`
}

/** Commander's option for this entry of the table. No default: what is not given may come from the environment. */
const flagOf = (name: OptionName): Option => {
  const spec = specOf(name)
  const placeholder = placeholderOf(name)
  const flags = placeholder === '' ? `--${kebab(name)}` : `--${kebab(name)} <${placeholder}>`
  const option = new Option(flags, `${spec.help}${shownDefault(name)}`)
  if (spec.kind === 'flag') return option
  return option.argParser((text, earlier) => {
    const value = parseOption(name, text)
    const rule = brokenRule(name, value)
    if (rule) throw new InvalidArgumentError(`It ${rule}.`)
    // A list may be given in one piece or piece by piece.
    return Array.isArray(value) && Array.isArray(earlier) ? [...earlier, ...value] : value
  })
}

export const addConfigFlag = (command: Command): Command =>
  command.addOption(
    new Option('--config <file>', 'options of a node, as TOML or YAML; flags and variables go before it').env(
      'CARILLON_CONFIG',
    ),
  )

/** Adds a flag for each of these options, under headings; secrets have none. */
export const addNodeFlags = (command: Command, wanted: readonly OptionName[] = optionNames): Command => {
  for (const { title, names } of optionGroups) {
    const shown = names.filter((name) => wanted.includes(name) && !specOf(name).secret)
    for (const name of shown) command.addOption(flagOf(name).helpGroup(`${title}:`))
  }
  return command
}

/** Not for the eyes of everyone on the machine, who could read it among the arguments of a process. */
export const isPrivate = (name: OptionName): boolean => specOf(name).secret === true || specOf(name).masked === true

/** The table's options as arguments for a child process; what must not stand there is left out (see below). */
export const asArguments = (given: Partial<Options>): readonly string[] =>
  Object.entries(given).flatMap(([name, value]) => {
    if (isPrivate(name as OptionName)) return []
    if (typeof value === 'boolean') return value ? [`--${kebab(name)}`] : []
    return [`--${kebab(name)}`, Array.isArray(value) ? value.join(',') : String(value)]
  })

/** Those that are left out of the arguments, as variables. */
export const asVariables = (given: Partial<Options>): { readonly [name: string]: string } =>
  Object.fromEntries(
    Object.entries(given)
      .filter(([name]) => isPrivate(name as OptionName))
      .map(([name, value]) => [variableOf(name as OptionName), String(value)]),
  )

/** What every command that talks to servers takes. */
export interface ServerFlags {
  readonly server: readonly string[]
  readonly database: string
  /** Seconds. */
  readonly timeout: number
}

export const parseServers = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => {
      const url = /^https?:\/\//.test(item) ? item : `http://${item}`
      if (!URL.canParse(url)) throw new InvalidArgumentError(`"${item}" is no URL such as http://127.0.0.1:7400.`)
      return url.replace(/\/+$/, '')
    })

export const numberFrom =
  (min: number, max: number, whole: boolean) =>
  (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value
    throw new InvalidArgumentError(`It must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`)
  }

/** `all`, or names with commas. */
export const faultsFrom = (text: string): readonly FaultKind[] => {
  const names = new Set(text === 'all' ? faultKinds : splitList(text))
  const kinds = faultKinds.filter((kind) => names.has(kind))
  if (kinds.length === names.size && kinds.length > 0) return kinds
  throw new InvalidArgumentError(`There are ${faultKinds.join(', ')}, and all.`)
}

/** Several whole numbers, as a list. */
export const numbersFrom =
  (min: number, max: number) =>
  (text: string): readonly number[] =>
    text.split(',').map(numberFrom(min, max, true))

export const localServers = [7400, 7401, 7402].map((port) => `http://127.0.0.1:${port}`)

export const addServerFlags = (command: Command): Command =>
  command
    .addOption(
      new Option('--server <url,…>', 'nodes to ask, any of which will do; the next one when one fails')
        .env('CARILLON_SERVER')
        .default(localServers, localServers.join(','))
        .argParser(parseServers),
    )
    .addOption(new Option('--timeout <seconds>', 'how long to try').default(10).argParser(numberFrom(0.1, 3600, false)))

export const addDatabaseFlag = (command: Command): Command =>
  command.addOption(
    new Option('--database <name>', 'the database that the channel is in').env('CARILLON_DATABASE').default('main'),
  )

/** What `carillon cluster` says itself to each of its nodes; the other options may be given to all of them. */
export const clusterOptions: readonly OptionName[] = [
  'listen',
  'peerListen',
  'advertise',
  'url',
  'adminListen',
  'tlsCert',
  'tlsKey',
  'peerCa',
  'join',
  'name',
  'secret',
  'secretFile',
  'insecure',
]
