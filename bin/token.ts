import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { SignJWT } from 'jose'
import { Failure } from './failure.js'
import { print } from './terminal.js'

export interface TokenFlags {
  readonly secretFile?: string
  readonly keyFile?: string
  readonly keyId?: string
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  readonly databases: readonly string[]
  readonly admin: boolean
  readonly subject?: string
  readonly issuer?: string
  readonly audience?: string
  /** Seconds. */
  readonly expires: number
}

interface Signer {
  readonly algorithm: 'HS256' | 'RS256' | 'ES256'
  readonly key: KeyObject | Uint8Array
}

const read = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Failure(1, `the file ${file} can't be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** The first line, as nodes have it. */
const secretIn = async (file: string): Promise<Signer> => {
  const secret = (await read(file)).split('\n').find((line) => line.trim() !== '')
  if (secret === undefined) throw new Failure(1, `there is no secret in ${file}`)
  return { algorithm: 'HS256', key: Buffer.from(secret.trim()) }
}

const keyIn = async (file: string): Promise<Signer> => {
  const text = await read(file)
  try {
    const key = createPrivateKey(text)
    return { key, algorithm: key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256' }
  } catch {
    throw new Failure(1, `${file} holds no private key as PEM`)
  }
}

const signerFor = ({ secretFile, keyFile }: TokenFlags): Promise<Signer> => {
  if (secretFile !== undefined && keyFile === undefined) return secretIn(secretFile)
  if (keyFile !== undefined && secretFile === undefined) return keyIn(keyFile)
  throw new Failure(2, 'give either --secret-file or --key-file')
}

/** Prints a token, for trying; who has many people has something else that signs their tokens. */
export const token = async (flags: TokenFlags): Promise<void> => {
  const { algorithm, key } = await signerFor(flags)
  const { publish, subscribe, databases, admin, expires, subject, issuer, audience, keyId } = flags
  const claims = {
    publish,
    subscribe,
    ...(databases.length > 0 ? { databases } : {}),
    ...(admin ? { admin } : {}),
  }
  const jwt = new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) })
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + expires)
  if (subject !== undefined) jwt.setSubject(subject)
  if (issuer !== undefined) jwt.setIssuer(issuer)
  if (audience !== undefined) jwt.setAudience(audience)
  await print(await jwt.sign(key))
}
