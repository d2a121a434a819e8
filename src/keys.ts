import { readFile } from 'node:fs/promises'
import { fileKeys, type KeySource, remoteKeys, secretKeys } from './auth/jwt-keys.js'
import { EngineError } from './errors.js'
import { brokenRule, type Options } from './options.js'
import { checkTls, type Tls } from './tls.js'

/** What others prove to know before they are trusted. */
export interface Keys {
  /** Of peers. The first is ours; a peer may know any of them, so that they can be changed one by one. */
  readonly secrets: readonly Uint8Array[]
  /** Of servers that publish. */
  readonly tokens: readonly string[]
  /** Of who signs the tokens of people. */
  readonly jwt?: KeySource | undefined
  readonly tls?: Tls | undefined
}

type Secret = 'secret' | 'token' | 'jwtSecret'

const refuse = (name: Secret, file: string, rule: string): never => {
  const advice = `make one with "openssl rand -base64 32 > ${file}"`
  throw new EngineError('bad_option', `the ${name} in ${file} ${rule}: ${advice}`)
}

/** What stands in a file is held to the same rule as what is given in its place, which has been looked at. */
const readLines = async (name: Secret, text: string, file: string): Promise<readonly string[]> => {
  if (file === '') return text === '' ? [] : [text]
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.trim())
  const found = lines.filter((line) => line !== '')
  if (found.length === 0) refuse(name, file, 'is missing')
  for (const each of found) {
    const rule = brokenRule(name, each)
    if (rule) refuse(name, file, rule)
  }
  return found
}

const readJwt = async (options: Options): Promise<KeySource | undefined> => {
  const { auth, jwtSecret, jwtSecretFile, jwtKeyFile, jwksUrl, jwksCache, jwksPause, authTimeout } = options
  if (auth !== 'jwt') return undefined
  if (jwtKeyFile !== '') return fileKeys(await readFile(jwtKeyFile, 'utf8'), jwtKeyFile)
  if (jwksUrl === '') return secretKeys(await readLines('jwtSecret', jwtSecret, jwtSecretFile))
  const [timeoutMs, cacheMs, pauseMs] = [authTimeout * 1000, jwksCache * 1000, jwksPause * 1000]
  return remoteKeys({ url: jwksUrl, timeoutMs, cacheMs, pauseMs })
}

const readTls = async ({ tlsCert, tlsKey, peerCa }: Options): Promise<Tls | undefined> => {
  if (tlsCert === '') return undefined
  const read = (file: string): Promise<string> => readFile(file, 'utf8')
  const [cert, key] = await Promise.all([read(tlsCert), read(tlsKey)])
  const tls = { cert, key, peerCa: peerCa === '' ? undefined : await read(peerCa) }
  checkTls(tls)
  return tls
}

export const readKeys = async (options: Options): Promise<Keys> => {
  const { secret, secretFile, token, tokenFile } = options
  const secrets = await readLines('secret', secret, secretFile)
  const tokens = await readLines('token', token, tokenFile)
  return {
    secrets: secrets.map((each) => Buffer.from(each)),
    tokens,
    jwt: await readJwt(options),
    tls: await readTls(options),
  }
}
