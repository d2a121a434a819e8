import { isIPv4 } from 'node:net'
import { isNetwork } from './networks.js'
import type { Spec } from './option-table.js'

/** The kinds of values, by the type each has in `Options`. */
export interface Kinds {
  text: string
  address: string
  addresses: readonly string[]
  url: string
  origins: readonly string[]
  databases: readonly string[]
  networks: readonly string[]
  servers: string
  word: string
  auth: string
  flag: boolean
  count: number
  bytes: number
  seconds: number
  choice: string
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** The longest name that DNS has, in brackets, with a port; peers take no longer ones. */
const addressMax = 262

/** `host:port` or `[::1]:port`. */
export const parseAddress = (text: string): Address | undefined => {
  const match = /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([\w.-]+)):(\d{1,5})$/i.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host !== undefined && port <= 65_535 && text.length <= addressMax ? { host, port } : undefined
}

export const formatAddress = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** Of an option, or of a socket, where an address of IPv4 may come in the clothes of IPv6. */
export const isLoopback = (host: string): boolean => {
  const v4 = host.replace(/^::ffff:/i, '')
  return host === 'localhost' || host === '::1' || (isIPv4(v4) && v4.startsWith('127.'))
}

const isText = (value: unknown): value is string => typeof value === 'string'

const isAddress = (value: unknown): boolean => isText(value) && parseAddress(value) !== undefined

/** It holds a name, or a password, before the host. */
export const hasCredentials = (value: unknown): boolean => isText(value) && /^[^/?#]*\/\/[^/?#]*@/.test(value)

/** With a password in it `fetch` would not take it. */
const isUrl = (value: unknown, spec: Spec): boolean =>
  isText(value) &&
  inRange(value.length, spec) &&
  URL.canParse(value) &&
  /^https?:$/.test(new URL(value).protocol) &&
  !hasCredentials(value)

/** As browsers send it, or it would never match: no path, no default port, in lower case. Apps have schemes of their own. */
const isOrigin = (value: unknown): boolean => {
  if (!isText(value)) return false
  if (value === '*') return true
  if (/^https?:/i.test(value)) return URL.canParse(value) && new URL(value).origin === value
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/.test(value)
}

/** With the name of the database, which is the one that clients have in their path. */
const isDatabase = (value: unknown): boolean => {
  if (!isText(value) || !URL.canParse(value)) return false
  const { protocol, pathname } = new URL(value)
  return /^postgres(?:ql)?:$/.test(protocol) && /^\/[^/]+$/.test(pathname)
}

/** Servers of NATS, as its other clients take them. */
const isServers = (value: unknown, spec: Spec): boolean =>
  isText(value) &&
  inRange(value.length, spec) &&
  /^(?:nats|tls):\/\//.test(value) &&
  value.split(',').every((each) => {
    const text = each.includes('://') ? each : `nats://${each}`
    return URL.canParse(text) && /^(?:nats|tls):$/.test(new URL(text).protocol) && new URL(text).hostname !== ''
  })

const isWord = (value: unknown, spec: Spec): boolean =>
  isText(value) && inRange(value.length, spec) && /^[\w-]+$/.test(value)

/** The trytond that `--auth trytond=URL` names. */
export const trytondOf = (auth: string): string | undefined => /^trytond=(.*)$/.exec(auth)?.[1]

const isAuth = (value: unknown): boolean =>
  isText(value) &&
  (value === 'none' || value === 'jwt' || isUrl(trytondOf(value), { kind: 'url', default: '', max: 2048, help: '' }))

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

export const addressForm = 'host:port or [IPv6]:port'

export const kinds: { readonly [Name in keyof Kinds]: Kind } = {
  text: {
    holds: (value, spec) => isText(value) && inRange(value.length, spec),
    rule: (spec) => (spec.max === undefined ? 'text' : `text, ${range(spec)} characters long`),
  },
  address: { holds: isAddress, rule: () => addressForm },
  addresses: { holds: (value) => listOf(value, isAddress), rule: () => `a list of ${addressForm}` },
  url: {
    holds: isUrl,
    rule: ({ max }) =>
      `an http:// or https:// URL${max === undefined ? '' : ` of at most ${max} characters`}, without a password`,
  },
  origins: {
    holds: (value) => listOf(value, isOrigin),
    rule: () => 'a list of origins such as https://example.org, or *',
  },
  networks: {
    holds: (value) => listOf(value, (item) => isText(item) && isNetwork(item)),
    rule: () => 'a list of addresses or networks such as 10.0.0.0/8',
  },
  databases: {
    holds: (value) => listOf(value, isDatabase),
    rule: () => 'a list of URLs such as postgresql://user@host/database',
  },
  servers: { holds: isServers, rule: () => 'nats://host:port,… or tls://host:port,…' },
  word: { holds: isWord, rule: (spec) => `${range(spec)} letters, digits, - or _` },
  auth: { holds: isAuth, rule: () => 'none, jwt, or trytond=URL' },
  flag: { holds: (value) => typeof value === 'boolean', rule: () => 'true or false' },
  count: { holds: isWhole, rule: (spec) => `a whole number ${range(spec)}` },
  bytes: { holds: isWhole, rule: (spec) => `a whole number of bytes ${range(spec)}` },
  seconds: { holds: inRange, rule: (spec) => `a number of seconds ${range(spec)}` },
  choice: {
    holds: (value, spec) => isText(value) && (spec.choices ?? []).includes(value),
    rule: (spec) => `one of ${(spec.choices ?? []).join(', ')}`,
  },
}
