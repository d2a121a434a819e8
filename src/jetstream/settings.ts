import { readFile } from 'node:fs/promises'
import type { NodeConnectionOptions } from '@nats-io/transport-node'
import type { Options } from '../options.js'
import type { Nats } from './nats.js'

/** How streams are made, and how much is asked for at a time. */
export interface StreamSettings {
  readonly prefix: string
  readonly replicas: number
  readonly storage: 'file' | 'memory'
  readonly maxAgeMs: number
  readonly maxBytes: number
  readonly duplicateMs: number
  readonly pageBytes: number
}

export const streamSettings = (options: Options): StreamSettings => {
  const maxAgeMs = (options.logSeconds || options.retentionSeconds) * 1000
  return {
    prefix: options.logPrefix,
    replicas: options.logReplicas,
    storage: options.logStorage,
    maxAgeMs,
    maxBytes: options.logBytes,
    duplicateMs: Math.min(maxAgeMs, options.logDuplicates * 1000),
    pageBytes: options.logPageBytes,
  }
}

/** Without user and password, which are nobody's business. */
export const serversOf = (log: string): readonly string[] =>
  log.split(',').map((each) => {
    const { host, protocol } = new URL(each.includes('://') ? each : `nats://${each}`)
    return `${protocol}//${host}`
  })

/** NATS takes them with the first of the servers or with each. */
const userOf = (log: string): { readonly user?: string; readonly pass?: string } => {
  for (const each of log.split(',')) {
    const { username, password } = new URL(each.includes('://') ? each : `nats://${each}`)
    if (username !== '') return { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
  }
  return {}
}

const tlsOf = ({ log, logTlsCa, logTlsCert, logTlsKey }: Options): Pick<NodeConnectionOptions, 'tls'> => {
  const files = {
    ...(logTlsCa && { caFile: logTlsCa }),
    ...(logTlsCert && { certFile: logTlsCert }),
    ...(logTlsKey && { keyFile: logTlsKey }),
  }
  return Object.keys(files).length > 0 || log.includes('tls://') ? { tls: files } : {}
}

/** How to reach the servers; reads the files that are named. */
export const connectionOptions = async (options: Options, { transport }: Nats): Promise<NodeConnectionOptions> => {
  const { log, logCredentials, logTokenFile } = options
  const { user, pass } = userOf(log)
  return {
    servers: [...serversOf(log)],
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 100,
    timeout: 3000,
    // A line on which nothing comes is found dead after this long, twice.
    pingInterval: 2000,
    maxPingOut: 2,
    ...tlsOf(options),
    ...(user !== undefined && { user, pass: pass ?? '' }),
    ...(logTokenFile && { token: (await readFile(logTokenFile, 'utf8')).trim() }),
    ...(logCredentials && { authenticator: transport.credsAuthenticator(await readFile(logCredentials)) }),
  }
}
