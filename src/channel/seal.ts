import { alphabet } from '../log/node-id.js'
import { pair } from './digits.js'

/**
 * The check sum at the end of a cursor: FNV-1a, its low 24 bits as four digits. Against accidents, not against forgers,
 * who gain nothing. It is made up part by part, so that a text need not be put together to be looked through.
 */
const prime = 0x01000193
const codes = Uint8Array.from(alphabet, (letter) => letter.charCodeAt(0))

/** Of nothing. */
export const unmixed = 0x811c9dc5

/** Goes on with a text, or with as much of it. */
export const mix = (hash: number, text: string, to = text.length): number => {
  let mixed = hash
  for (let i = 0; i < to; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), prime)
  return mixed
}

/** Goes on with what `pair` makes of the number. */
export const mixPair = (hash: number, number: number): number =>
  Math.imul(Math.imul(hash ^ (codes[number >> 6] ?? 0), prime) ^ (codes[number & 63] ?? 0), prime)

const sumOf = (hash: number): number => (hash ^ (hash >>> 24)) & 0xffffff

/** A point and four digits. */
export const sealLength = 5

export const seal = (hash: number): string => {
  const sum = sumOf(hash)
  return `.${pair(sum >> 12)}${pair(sum & 4095)}`
}

/** Whether what begins at `end` is the seal of all before it. */
export const isSealed = (text: string, end: number): boolean => text.startsWith(seal(mix(unmixed, text, end)), end)
