import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { guardFor } from '../../src/auth/guard.js'
import { type KeySource, secretKeys } from '../../src/auth/jwt-keys.js'
import type { Report } from '../../src/effect.js'
import type { HttpOptions } from '../../src/http/limits.js'
import { defaults, type Options } from '../../src/options.js'
import { Stage } from '../http/stage.js'

export const secret = 's'.repeat(32)

export interface Claims {
  readonly [name: string]: unknown
}

interface Signing {
  readonly key?: KeyObject | Uint8Array
  readonly alg?: string
  readonly kid?: string
  /** Seconds from now; undefined: an hour; null: no end at all. */
  readonly expires?: number | null
}

/** A token, good unless something else is said. */
export const mint = (claims: Claims, { key, alg = 'HS256', kid, expires = 3600 }: Signing = {}): Promise<string> => {
  const jwt = new SignJWT(claims).setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) })
  if (expires !== null) jwt.setExpirationTime(Math.floor(Date.now() / 1000) + expires)
  return jwt.sign(key ?? Buffer.from(secret))
}

export const bearer = (token: string): string => `Authorization: Bearer ${token}`

export const rsa = (): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })

export const ec = (namedCurve = 'P-256'): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } =>
  generateKeyPairSync('ec', { namedCurve })

export const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()

interface Given {
  readonly keys?: KeySource
  readonly options?: Partial<Options>
  readonly http?: Partial<HttpOptions>
  readonly tokens?: readonly string[]
}

export interface Door {
  readonly stage: Stage
  readonly reports: Report[]
}

/** A server with a guard that asks for tokens. */
export const door = async (t: Parameters<typeof Stage.set>[0], given: Given = {}): Promise<Door> => {
  const reports: Report[] = []
  const { keys: jwt = secretKeys([secret]), tokens = [] } = given
  const options = { ...defaults, auth: 'jwt', ...given.options }
  const secrets = [Buffer.from('a secret of peers')]
  const guard = guardFor(options, { secrets, tokens, jwt }, (report) => reports.push(report))
  return { stage: await Stage.set(t, given.http ?? {}, guard), reports }
}
