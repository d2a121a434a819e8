import { EngineError } from './errors.js'
import { didYouMean } from './nearest.js'
import {
  type Address,
  addressForm,
  hasCredentials,
  isLoopback,
  type Kinds,
  kinds,
  parseAddress,
} from './option-kinds.js'
import { groups, type Spec, table } from './option-table.js'
import { type PeerOptions, peerDefaults } from './peer/limits.js'

export { type Address, formatAddress, type Kinds, parseAddress, trytondOf } from './option-kinds.js'
export type { Spec } from './option-table.js'

export type OptionName = keyof typeof table

type Value<S extends Spec> = S extends { readonly choices: readonly (infer Choice)[] } ? Choice : Kinds[S['kind']]

/** What a node is made with. Times are in seconds, sizes in bytes; the empty text stands for what the node works out. */
export type Options = { readonly [Name in OptionName]: Value<(typeof table)[Name]> }

export const optionNames = Object.keys(table) as readonly OptionName[]

export const specOf = (name: OptionName): Spec => table[name]

export const defaults = Object.fromEntries(optionNames.map((name) => [name, table[name].default])) as unknown as Options

/** Headings, and the options below each. */
export const optionGroups = Object.entries(groups).map(([title, group]) => ({
  title,
  names: Object.keys(group) as readonly OptionName[],
}))

export const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::'

/** What the value of this option must be, if `value` is not that. */
export const brokenRule = (name: OptionName, value: unknown): string | undefined => {
  const spec: Spec = table[name]
  if (spec.blank && value === '') return undefined
  const kind = kinds[spec.kind]
  return kind.holds(value, spec) ? undefined : `must be ${kind.rule(spec)}`
}

const refuse = (name: string, rule: string): never => {
  throw new EngineError('bad_option', `${name} ${rule}`)
}

/** Not to be repeated in words to whoever gave it: those are logged. */
export const isSensitive = (name: OptionName, value: unknown): boolean =>
  specOf(name).secret === true || specOf(name).masked === true || hasCredentials(value)

const shown = (name: OptionName, value: unknown): string =>
  isSensitive(name, value) ? 'what was given' : (JSON.stringify(value) ?? String(value))

/** Of an address that has been checked. */
export const addressOf = (text: string): Address =>
  parseAddress(text) ?? refuse('address', `must be ${addressForm}, not ${text}`)

/** On a log that others keep there are no peers. */
const peerOf = ({ log, peerListen }: Options): Address | undefined =>
  log === '' ? parseAddress(peerListen) : undefined

/** Combinations that would open the node to people whom nobody meant to let in. */
const refuseOpenDoors = (options: Options): void => {
  const [client, peer] = [parseAddress(options.listen), peerOf(options)]
  if (client && !isLoopback(client.host) && !options.insecure && options.auth === 'none') {
    const advice =
      'ask for tokens with --auth jwt, listen on 127.0.0.1 and put a proxy before it, or accept that with insecure (--insecure)'
    refuse('listen', `${options.listen} is open to other machines, and nothing asks who publishes or reads: ${advice}`)
  }
  if (options.auth === 'none' && (options.token !== '' || options.tokenFile !== '')) {
    refuse('tokenFile', 'and token are of no use without auth (--auth): everyone may publish')
  }
  if (options.token !== '' && options.tokenFile !== '') refuse('tokenFile', 'and token exclude each other')
  if (options.secret !== '' && options.secretFile !== '') refuse('secretFile', 'and secret exclude each other')
  if (peer && !isLoopback(peer.host) && options.secret === '' && options.secretFile === '' && options.peerCa === '') {
    const advice = 'make one with "openssl rand -base64 32 > secret" and give each node --secret-file secret'
    refuse(
      'peerListen',
      `${options.peerListen} is open to other machines, and needs a secret that peers share: ${advice}`,
    )
  }
  if (peer && isWildcard(peer.host) && options.advertise === '') {
    refuse('advertise', `must say where other nodes reach this one, since peerListen is ${options.peerListen}`)
  }
}

const refuseHalfTls = ({ tlsCert, tlsKey, peerCa }: Options): void => {
  if ((tlsCert === '') !== (tlsKey === '')) refuse('tlsCert', 'and tlsKey are of use together only')
  if (peerCa !== '' && tlsCert === '')
    refuse('peerCa', 'needs tlsCert and tlsKey: peers prove themselves to each other')
}

const jwtKeys = ['jwtSecret', 'jwtSecretFile', 'jwtKeyFile', 'jwksUrl'] as const

/** What tokens are signed with is known in one way, so that nobody can choose among several. */
const refuseKeyless = (options: Options): void => {
  const given = jwtKeys.filter((name) => options[name] !== '')
  const [first, second] = given
  if (options.auth !== 'jwt') {
    if (first) refuse(first, 'is of no use without jwt as auth (--auth jwt)')
  } else if (second) refuse(second, `and ${first} exclude each other`)
  else if (!first) {
    const ways = '--jwt-secret-file, --jwt-key-file or --jwks-url'
    refuse('auth', `jwt needs to know what tokens are signed with: give ${ways}; "carillon token" makes one for trying`)
  }
}

/** Each of the first must not be less than the second: else what the one lets in the other always refuses. */
const notLess: readonly (readonly [OptionName, OptionName])[] = [
  ['batchBytes', 'messageBytes'],
  ['inboundBytes', 'batchBytes'],
  ['unstableBytes', 'messageBytes'],
  ['retentionBytes', 'messageBytes'],
  ['bodyTimeout', 'headerTimeout'],
  ['suspectTimeout', 'heartbeat'],
]

const refuseMisfits = (options: Options): void => {
  const { log, join, logSeconds, retentionSeconds } = options
  if (log !== '' && join.length > 0) refuse('join', 'is of no use with log (--log): nodes on JetStream have no peers')
  if (logSeconds > 0 && logSeconds < retentionSeconds)
    refuse(
      'logSeconds',
      `must be 0, or not less than retentionSeconds, which is ${retentionSeconds}; it is ${logSeconds}`,
    )
  for (const [more, less] of notLess) {
    if (Number(options[more]) >= Number(options[less])) continue
    refuse(more, `must not be less than ${less}, which is ${options[less]}; it is ${options[more]}`)
  }
}

/** Fills in the defaults and checks everything; throws EngineError `bad_option` naming option, rule and value. */
export const resolveOptions = (given: Partial<Options>): Options => {
  const options: { [name: string]: unknown } = { ...defaults }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    if (!Object.hasOwn(table, name))
      refuse(name, `is not an option${didYouMean(name, optionNames) || `; there are ${optionNames.join(', ')}`}`)
    const rule = brokenRule(name as OptionName, value)
    if (rule) refuse(name, `${rule}, not ${shown(name as OptionName, value)}`)
    options[name] = value
  }
  refuseOpenDoors(options as unknown as Options)
  refuseHalfTls(options as unknown as Options)
  refuseKeyless(options as unknown as Options)
  refuseMisfits(options as unknown as Options)
  return options as unknown as Options
}

/** By whole microseconds: a product of seconds is rarely exact. */
const msOf = (seconds: number): number => Math.round(seconds * 1e6) / 1000

/** The limits of one part of the node: its defaults, with what the options say. */
export const limitsFor = <Limits extends object>(
  part: 'core' | 'http' | 'peer',
  partDefaults: Limits,
  options: Options,
): Limits => {
  const set: { [limit: string]: unknown } = {}
  for (const name of optionNames) {
    const spec = specOf(name)
    const limit = spec[part]
    const value = options[name]
    if (limit !== undefined) set[limit] = spec.kind === 'seconds' ? msOf(Number(value)) : value
  }
  return { ...partDefaults, ...set }
}

/** Beside its data a message takes far less than this in a frame. */
const frameSlack = 2 ** 20

/** Those of the peer port, with room for the largest message: one that fits in no frame would never leave its node. */
export const peerLimitsFor = (options: Options): PeerOptions => {
  const limits = limitsFor('peer', peerDefaults, options)
  const frameBytes = Math.max(limits.frameBytes, options.messageBytes + frameSlack)
  return { ...limits, frameBytes, queueBytes: Math.max(limits.queueBytes, 2 * frameBytes) }
}
