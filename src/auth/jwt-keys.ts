import { createPublicKey, type KeyObject } from 'node:crypto'
import { type CryptoKey, createLocalJWKSet, createRemoteJWKSet, errors, type JWTHeaderParameters } from 'jose'
import { EngineError } from '../errors.js'

export type Key = CryptoKey | KeyObject | Uint8Array

/** The keys that a token with this header may be signed with. */
export interface KeySource {
  /** Pinned by the kind of key, and never by what a token says of itself. */
  readonly algorithms: readonly string[]
  keysFor(header: JWTHeaderParameters): Promise<readonly Key[]>
}

const asymmetric = ['RS256', 'ES256']
const rsaBitsMin = 2048

export const secretKeys = (secrets: readonly string[]): KeySource => {
  const keys = secrets.map((secret) => Buffer.from(secret))
  return { algorithms: ['HS256'], keysFor: async () => keys }
}

type KeySet = (header: JWTHeaderParameters) => Promise<CryptoKey>

/** All of a set that this header may mean: without a `kid` that can be more than one. */
const matching = async (set: KeySet, header: JWTHeaderParameters): Promise<readonly Key[]> => {
  try {
    return [await set(header)]
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    const keys: Key[] = []
    for await (const key of error) keys.push(key)
    return keys
  }
}

const algorithmOf = ({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): string | undefined => {
  const { modulusLength = 0, namedCurve } = asymmetricKeyDetails
  if (asymmetricKeyType === 'rsa' && modulusLength >= rsaBitsMin) return 'RS256'
  return asymmetricKeyType === 'ec' && namedCurve === 'prime256v1' ? 'ES256' : undefined
}

const badFile = (file: string, why: string): EngineError => new EngineError('bad_option', `the key file ${file} ${why}`)

const pemKeys = (text: string, file: string): KeySource => {
  const blocks = text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? []
  if (blocks.length === 0) throw badFile(file, 'holds neither PEM nor a JSON Web Key Set')
  const keys = blocks.map((block) => {
    if (block.includes('PRIVATE KEY')) throw badFile(file, 'holds a private key: nodes need the public one only')
    const key = createPublicKey(block)
    const algorithm = algorithmOf(key)
    if (!algorithm) throw badFile(file, `holds a key that is neither RSA of ${rsaBitsMin} bits at least nor EC P-256`)
    return { key, algorithm }
  })
  return {
    algorithms: [...new Set(keys.map(({ algorithm }) => algorithm))],
    keysFor: async ({ alg }) => keys.filter(({ algorithm }) => algorithm === alg).map(({ key }) => key),
  }
}

/** PEM (public keys or certificates, one or more) or a JSON Web Key Set. Throws EngineError `bad_option`. */
export const fileKeys = (text: string, file: string): KeySource => {
  if (!text.trimStart().startsWith('{')) return pemKeys(text, file)
  try {
    const set = createLocalJWKSet(JSON.parse(text))
    return { algorithms: asymmetric, keysFor: (header) => matching(set, header) }
  } catch {
    throw badFile(file, 'holds no JSON Web Key Set')
  }
}

export interface RemoteOptions {
  readonly url: string
  readonly timeoutMs: number
  /** After which the set is fetched anew, even if it has all keys that tokens name. */
  readonly cacheMs: number
  /** Not more often than this, however many tokens name keys that nobody knows. */
  readonly pauseMs: number
}

/** It could not be asked for; what is wrong with a token is told in other words. */
export class KeysUnavailable extends Error {}

const isAboutToken = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JOSENotSupported

/**
 * A set at a URL. Keys come and go there: one that a token names and that is not known is looked for. While the URL
 * can not be reached, what was known last holds.
 */
export const remoteKeys = ({ url, timeoutMs, cacheMs, pauseMs }: RemoteOptions): KeySource => {
  const remote = createRemoteJWKSet(new URL(url), {
    timeoutDuration: timeoutMs,
    cacheMaxAge: cacheMs,
    cooldownDuration: pauseMs,
  })
  const keysFor = async (header: JWTHeaderParameters): Promise<readonly Key[]> => {
    try {
      return await matching(remote, header)
    } catch (error) {
      if (isAboutToken(error)) throw error
      const known = remote.jwks()
      if (!known) throw new KeysUnavailable(error instanceof Error ? error.message : String(error), { cause: error })
      return matching(createLocalJWKSet(known), header)
    }
  }
  return { algorithms: asymmetric, keysFor }
}
