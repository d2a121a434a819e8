import { EngineError } from '../errors.js'
import type { Scan } from './json.js'
import type { HttpOptions } from './limits.js'

/**
 * What takes the members of an object that it knows, each with the scan before the value. It answers a bit for each
 * name, by which one is noticed that comes twice; 0 passes over the value.
 */
export interface Fields {
  take(key: string, scan: Scan): number
}

export const refuse = (message: string): never => {
  throw new EngineError('bad_request', message)
}

/**
 * Reads one object. Members nobody knows are passed over, as a newer client may send them; one that is known must not
 * stand there twice, since readers of JSON differ on which of the two counts.
 */
export const readObject = (scan: Scan, what: string, fields: Fields): void => {
  if (scan.kind !== 'object') misfit(scan, `${what} must be an object`)
  let seen = 0
  scan.openObject()
  while (scan.nextMember()) {
    const key = scan.key()
    const bit = fields.take(key, scan)
    if (bit === 0) scan.skip()
    else if ((seen & bit) !== 0) refuse(`${what} has ${key} twice`)
    seen |= bit
  }
}

/** Reads a whole body that is one object. */
export const readBody = (scan: Scan, fields: Fields): void => {
  readObject(scan, 'the body', fields)
  scan.end()
}

/** What does not fit may not even be JSON, which then is the better thing to say. */
export const misfit = (scan: Scan, message: string): never => {
  scan.skip()
  return refuse(message)
}

export const textOf = (scan: Scan, name: string): string =>
  scan.kind === 'string' ? scan.string() : misfit(scan, `${name} must be a string`)

export const wholeOf = (scan: Scan, name: string, { min, max }: { min: number; max: number }): number => {
  const value = scan.kind === 'number' ? scan.number() : Number.NaN
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  return refuse(`${name} must be a whole number from ${min} to ${max}`)
}

export const secondsOf = (scan: Scan, name: string): number => {
  const value = scan.kind === 'number' ? scan.number() : Number.NaN
  if (!Number.isFinite(value) || value < 0) refuse(`${name} must be a number of seconds, 0 or more`)
  return value === 0 ? 0 : value // JSON has a -0, too.
}

/** True, and passed, if there is a null. */
export const isNull = (scan: Scan): boolean => {
  if (scan.kind !== 'null') return false
  scan.skip()
  return true
}

/** Control characters, and halves of surrogate pairs: these have no UTF-8, and would turn into the same one. */
const unfit = /[\p{Cc}\p{Cs}]/u

/** Most names are this, and a byte is a character in them. */
const plain = /^[ -~]+$/

const fits = (text: string, bytesMax: number): boolean => {
  if (text === '' || text.length > bytesMax) return false
  return plain.test(text) || (Buffer.byteLength(text) <= bytesMax && !unfit.test(text))
}

export const checkChannel = (name: string, { channelBytes }: HttpOptions): string => {
  if (fits(name, channelBytes)) return name
  throw new EngineError('bad_channel', `a channel's name is 1 to ${channelBytes} bytes without control characters`)
}

/** Clients and proxies resolve dots in a path, each in its own way, so they make no database. */
export const checkDatabase = (name: string, { channelBytes }: HttpOptions): string => {
  if (fits(name, channelBytes) && name !== '.' && name !== '..') return name
  return refuse(`a database's name is 1 to ${channelBytes} bytes without control characters, and not . or ..`)
}

export const checkKey = (key: string, { keyBytes }: HttpOptions): string => {
  if (fits(key, keyBytes)) return key
  throw new EngineError('bad_key', `an idempotency key is 1 to ${keyBytes} bytes without control characters`)
}
