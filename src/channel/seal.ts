import { alphabet } from '../log/node-id.js'
import { valueAt } from './digits.js'

/**
 * The check sum at the end of a cursor: FNV-1a, its low 24 bits as four digits. Against accidents, not against forgers,
 * who gain nothing. It is made up part by part, so that a text need not be put together to be looked through.
 */
const prime = 0x01000193
const codes = Uint8Array.from(alphabet, (letter) => letter.charCodeAt(0))

const point = 0x2e
const codeOf = (digit: number): number => codes[digit] ?? 0

/** Of nothing. */
export const unmixed = 0x811c9dc5

/** Goes on with a character. */
export const mixCode = (hash: number, code: number): number => Math.imul(hash ^ code, prime)

/** Goes on with a text, or with a part of it. */
export const mix = (hash: number, text: string, from = 0, to = text.length): number => {
  let mixed = hash
  for (let i = from; i < to; i++) mixed = mixCode(mixed, text.charCodeAt(i))
  return mixed
}

/** Goes on with what `pair` makes of the number. */
export const mixPair = (hash: number, number: number): number =>
  mixCode(mixCode(hash, codeOf(number >> 6)), codeOf(number & 63))

const sumOf = (hash: number): number => (hash ^ (hash >>> 24)) & 0xffffff

/** A point and four digits. */
export const sealLength = 5

export const seal = (hash: number): string => {
  const sum = sumOf(hash)
  // In one piece: as pairs, these would be anywhere among thousands of strings, and not be in the caches.
  return String.fromCharCode(
    point,
    codeOf(sum >> 18),
    codeOf((sum >> 12) & 63),
    codeOf((sum >> 6) & 63),
    codeOf(sum & 63),
  )
}

/** Whether what begins at `end` is the seal of what all before it comes to. */
export const isSealed = (hash: number, text: string, end: number): boolean => {
  const hasPoint = text.charCodeAt(end) === point
  const high = (valueAt(text, end + 1) << 6) | valueAt(text, end + 2)
  const low = (valueAt(text, end + 3) << 6) | valueAt(text, end + 4)
  // Of what is no digit there is -1, and so something below zero.
  return hasPoint && ((high << 12) | low) === sumOf(hash)
}
