import { readFile } from 'node:fs/promises'
import { EngineError } from './errors.js'
import { type Options, resolveOptions } from './options.js'

/** What others prove to know before they are trusted. */
export interface Keys {
  /** Of peers. The first is ours; a peer may know any of them, so that they can be changed one by one. */
  readonly secrets: readonly Uint8Array[]
  /** Of servers that publish. */
  readonly tokens: readonly string[]
}

const readLines = async (name: 'secret' | 'token', text: string, file: string): Promise<readonly string[]> => {
  if (file === '') return text === '' ? [] : [text]
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.trim())
  const found = lines.filter((line) => line !== '')
  if (found.length === 0) throw new EngineError('bad_option', `${name}File must hold a ${name}; ${file} is empty`)
  return found
}

export const readKeys = async ({ secret, secretFile, token, tokenFile }: Options): Promise<Keys> => {
  const secrets = await readLines('secret', secret, secretFile)
  const tokens = await readLines('token', token, tokenFile)
  for (const each of secrets) resolveOptions({ secret: each })
  for (const each of tokens) resolveOptions({ token: each, auth: 'trytond=http://localhost' })
  return { secrets: secrets.map((each) => Buffer.from(each)), tokens }
}
