import { readFile } from 'node:fs/promises'
import { EngineError } from './errors.js'
import { brokenRule, type Options } from './options.js'

/** What others prove to know before they are trusted. */
export interface Keys {
  /** Of peers. The first is ours; a peer may know any of them, so that they can be changed one by one. */
  readonly secrets: readonly Uint8Array[]
  /** Of servers that publish. */
  readonly tokens: readonly string[]
}

const refuse = (name: 'secret' | 'token', file: string, rule: string): never => {
  const advice = `make one with "openssl rand -base64 32 > ${file}"`
  throw new EngineError('bad_option', `the ${name} in ${file} ${rule}: ${advice}`)
}

/** What stands in a file is held to the same rule as what is given in its place, which has been looked at. */
const readLines = async (name: 'secret' | 'token', text: string, file: string): Promise<readonly string[]> => {
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

export const readKeys = async ({ secret, secretFile, token, tokenFile }: Options): Promise<Keys> => {
  const secrets = await readLines('secret', secret, secretFile)
  const tokens = await readLines('token', token, tokenFile)
  return { secrets: secrets.map((each) => Buffer.from(each)), tokens }
}
