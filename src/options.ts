import { isIPv4 } from 'node:net'
import { EngineError } from './errors.js'
import { type CoreOptions, coreDefaults } from './limits.js'

/** The kinds of values, by the type each has in `Options`. */
export interface Kinds {
  text: string
  texts: readonly string[]
  address: string
  addresses: readonly string[]
  url: string
  flag: boolean
  count: number
  bytes: number
  seconds: number
  choice: string
}

type Part = 'core' | 'http' | 'peer'

export interface Spec {
  readonly kind: keyof Kinds
  readonly default: string | number | boolean | readonly string[]
  /** For text: its length. */
  readonly min?: number
  readonly max?: number
  readonly choices?: readonly string[]
  /** May be empty: then the node works it out, or does without. */
  readonly blank?: true
  /** Never shown, and not a flag: anyone on the machine can read the arguments of a process. */
  readonly secret?: true
  /** The limit that it sets; seconds become milliseconds. */
  readonly core?: keyof CoreOptions
  readonly http?: string
  readonly peer?: string
  /** One sentence. */
  readonly help: string
}

const million = 1_000_000
const mib = 2 ** 20
const gib = 2 ** 30

/** Every option of a node, once: the type, defaults, checks, flags and variables all come from here. */
// biome-ignore format: two lines an option read as the table that it is
export const table = {
  listen: { kind: 'address', default: '127.0.0.1:7400',
    help: 'Where clients connect; port 0 takes a free one.' },
  peerListen: { kind: 'address', default: '127.0.0.1:7500',
    help: 'Where other nodes connect; port 0 takes a free one.' },
  advertise: { kind: 'address', default: '', blank: true,
    help: 'The address that other nodes dial, if it is not that of --peer-listen.' },
  url: { kind: 'url', default: '', blank: true,
    help: 'The base URL that clients are told, if it is not that of --listen.' },
  join: { kind: 'addresses', default: [],
    help: 'Peer addresses of other nodes; its own may be among them.' },
  name: { kind: 'text', default: '', blank: true, max: 128,
    help: 'Unique in the cluster, the same after a restart; else the address that other nodes dial.' },
  cluster: { kind: 'text', default: 'carillon', min: 1, max: 128,
    help: 'Only nodes of the same cluster name connect.' },
  secret: { kind: 'text', default: '', blank: true, secret: true, min: 16, max: 4096,
    help: 'What peers prove to each other that they know.' },
  secretFile: { kind: 'text', default: '', blank: true,
    help: 'A file with what peers prove to each other that they know; more lines: secrets also accepted.' },
  insecure: { kind: 'flag', default: false,
    help: 'Let everyone who reaches the client port publish and subscribe, on whatever address it is.' },
  retentionCount: { kind: 'count', default: coreDefaults.retentionCount, min: 1, max: million, core: 'retentionCount',
    help: 'Messages kept a channel.' },
  retentionSeconds: { kind: 'seconds', default: coreDefaults.retentionMs / 1000, min: 1, max: 86_400, core: 'retentionMs',
    help: 'How long messages and idempotency keys are kept.' },
  retentionBytes: { kind: 'bytes', default: coreDefaults.retentionBytes, min: mib, max: 64 * gib, core: 'retentionBytes',
    help: 'Message bytes kept by the node.' },
  unstableBytes: { kind: 'bytes', default: coreDefaults.unstableBytes, min: mib, max: 16 * gib, core: 'unstableBytes',
    help: 'Message bytes not yet held by every member, beyond which publishes are refused.' },
  publishTimeout: { kind: 'seconds', default: coreDefaults.publishTimeoutMs / 1000, min: 0.1, max: 300, core: 'publishTimeoutMs',
    help: 'After this a publish whose fate is not known is answered so.' },
  publishQueue: { kind: 'count', default: coreDefaults.queueMax, min: 1, max: million, core: 'queueMax',
    help: 'Publishes that wait while a view forms.' },
  suspectTimeout: { kind: 'seconds', default: coreDefaults.suspectMs / 1000, min: 0.1, max: 300, core: 'suspectMs',
    help: 'Silence after which another node is left out.' },
  heartbeat: { kind: 'seconds', default: coreDefaults.heartbeatMs / 1000, min: 0.01, max: 60, core: 'heartbeatMs',
    help: 'How often nodes tell each other that they live.' },
  bootstrapTimeout: { kind: 'seconds', default: coreDefaults.bootstrapMs / 1000, min: 0, max: 3600, core: 'bootstrapMs',
    help: 'How long to look for a ready node before being ready without one.' },
  waiters: { kind: 'count', default: coreDefaults.waitersMax, min: 1, max: 10 * million, core: 'waitersMax',
    help: 'Subscribers that wait at the same time.' },
  channels: { kind: 'count', default: coreDefaults.channelsMax, min: 1, max: 100 * million, core: 'channelsMax',
    help: 'Channels with messages or waiting subscribers.' },
  keys: { kind: 'count', default: coreDefaults.keysMax, min: 1, max: 100 * million, core: 'keysMax',
    help: 'Idempotency keys remembered.' },
  members: { kind: 'count', default: coreDefaults.membersMax, min: 1, max: 256, core: 'membersMax',
    help: 'Nodes in the cluster.' },
  answerBytes: { kind: 'bytes', default: coreDefaults.answerBytes, min: 1024, max: gib, core: 'answerBytes',
    help: 'Message bytes in one answer; one message always fits.' },
  drainTimeout: { kind: 'seconds', default: 10, min: 0, max: 3600,
    help: 'How long a stop waits for the publishes under way.' },
  logLevel: { kind: 'choice', default: 'info', choices: ['debug', 'info', 'warn', 'error', 'silent'],
    help: 'What is worth a line on standard error.' },
  logFormat: { kind: 'choice', default: 'auto', choices: ['auto', 'json', 'text'],
    help: 'How these lines look; auto is text on a terminal, JSON elsewhere.' },
} as const satisfies { readonly [name: string]: Spec }

export type OptionName = keyof typeof table

type Value<S extends Spec> = S extends { readonly choices: readonly (infer Choice)[] } ? Choice : Kinds[S['kind']]

/** What a node is made with. Times are in seconds, sizes in bytes; the empty text stands for what the node works out. */
export type Options = { readonly [Name in OptionName]: Value<(typeof table)[Name]> }

export const optionNames = Object.keys(table) as readonly OptionName[]

export const specOf = (name: OptionName): Spec => table[name]

export const defaults = Object.fromEntries(optionNames.map((name) => [name, table[name].default])) as unknown as Options

export interface Address {
  readonly host: string
  readonly port: number
}

/** `host:port` or `[::1]:port`. */
export const parseAddress = (text: string): Address | undefined => {
  const match = /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([\w.-]+)):(\d{1,5})$/i.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host !== undefined && port <= 65_535 ? { host, port } : undefined
}

export const formatAddress = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

const loopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))

export const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::'

const isText = (value: unknown): value is string => typeof value === 'string'

const isAddress = (value: unknown): boolean => isText(value) && parseAddress(value) !== undefined

const isUrl = (value: unknown): boolean =>
  isText(value) && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)

const inRange = (value: unknown, { min = 0, max = Number.MAX_SAFE_INTEGER }: Spec): boolean =>
  typeof value === 'number' && value >= min && value <= max

const isWhole = (value: unknown, spec: Spec): boolean => Number.isSafeInteger(value) && inRange(value, spec)

const listOf = (value: unknown, holds: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(holds)

const range = ({ min = 0, max }: Spec): string => `from ${min} to ${max}`

interface Kind {
  holds(value: unknown, spec: Spec): boolean
  /** How `must be …` goes on. */
  rule(spec: Spec): string
}

const form = 'host:port or [IPv6]:port'

const kinds: { readonly [Name in keyof Kinds]: Kind } = {
  text: {
    holds: (value, spec) => isText(value) && inRange(value.length, spec),
    rule: (spec) => (spec.max === undefined ? 'text' : `text, ${range(spec)} characters long`),
  },
  texts: { holds: (value) => listOf(value, isText), rule: () => 'a list of texts' },
  address: { holds: isAddress, rule: () => form },
  addresses: { holds: (value) => listOf(value, isAddress), rule: () => `a list of ${form}` },
  url: { holds: isUrl, rule: () => 'an http:// or https:// URL' },
  flag: { holds: (value) => typeof value === 'boolean', rule: () => 'true or false' },
  count: { holds: isWhole, rule: (spec) => `a whole number ${range(spec)}` },
  bytes: { holds: isWhole, rule: (spec) => `a whole number of bytes ${range(spec)}` },
  seconds: { holds: inRange, rule: (spec) => `a number of seconds ${range(spec)}` },
  choice: {
    holds: (value, spec) => isText(value) && (spec.choices ?? []).includes(value),
    rule: (spec) => `one of ${(spec.choices ?? []).join(', ')}`,
  },
}

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

const shown = (name: OptionName, value: unknown): string =>
  specOf(name).secret ? 'what was given' : (JSON.stringify(value) ?? String(value))

/** Of an address that has been checked. */
export const addressOf = (text: string): Address =>
  parseAddress(text) ?? refuse('address', `must be ${form}, not ${text}`)

/** Combinations that would open the node to people whom nobody meant to let in. */
const refuseOpenDoors = (options: Options): void => {
  const [client, peer] = [parseAddress(options.listen), parseAddress(options.peerListen)]
  if (client && !loopback(client.host) && !options.insecure) {
    const advice = 'listen on 127.0.0.1 and put a proxy before it, or accept that with insecure (--insecure)'
    refuse('listen', `${options.listen} is open to other machines, and nothing asks who publishes or reads: ${advice}`)
  }
  if (options.secret !== '' && options.secretFile !== '') refuse('secretFile', 'and secret exclude each other')
  if (peer && !loopback(peer.host) && options.secret === '' && options.secretFile === '') {
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

/** Fills in the defaults and checks everything; throws EngineError `bad_option` naming option, rule and value. */
export const resolveOptions = (given: Partial<Options>): Options => {
  const options: { [name: string]: unknown } = { ...defaults }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    if (!Object.hasOwn(table, name)) refuse(name, `is not an option; there are ${optionNames.join(', ')}`)
    const rule = brokenRule(name as OptionName, value)
    if (rule) refuse(name, `${rule}, not ${shown(name as OptionName, value)}`)
    options[name] = value
  }
  refuseOpenDoors(options as unknown as Options)
  return options as unknown as Options
}

/** The limits of one part of the node: its defaults, with what the options say. */
export const limitsFor = <Limits extends object>(part: Part, partDefaults: Limits, options: Options): Limits => {
  const set: { [limit: string]: unknown } = {}
  for (const name of optionNames) {
    const spec = specOf(name)
    const limit = spec[part]
    const value = options[name]
    if (limit !== undefined) set[limit] = spec.kind === 'seconds' ? Math.round(Number(value) * 1000) : value
  }
  return { ...partDefaults, ...set }
}
