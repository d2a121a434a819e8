import { alphabet } from '../log/node-id.js'

/** What a pair of digits counts. */
export const pairBase = 4096

const values = new Int8Array(128).fill(-1)
for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i

/** Two digits at a time: each is a string to be put behind another one. */
const pairs: readonly string[] = Array.from(
  { length: pairBase },
  (_, n) => alphabet.charAt(n >> 6) + alphabet.charAt(n & 63),
)

/** A number below 4096 as two digits. */
export const pair = (number: number): string => pairs[number] ?? ''

/** `number` in base 64, without leading zeros. */
export const base64 = (number: number): string => {
  if (number < 64) return alphabet.charAt(number)
  if (number < pairBase) return pair(number)
  const high = Math.floor(number / pairBase)
  return base64(high) + pair(number - high * pairBase)
}

/** What the digit there stands for, or -1. */
const valueAt = (text: string, at: number): number => {
  const code = text.charCodeAt(at)
  return code < 128 ? (values[code] ?? -1) : -1
}

/** Where the digits that begin at `from` end. */
export const digitsEnd = (text: string, from: number): number => {
  let at = from
  while (valueAt(text, at) >= 0) at++
  return at
}

/** The number that these digits are, if they are as `base64` would write it. */
export const number64 = (text: string, from: number, to: number): number | undefined => {
  const length = to - from
  if (length < 1 || length > 9 || (length > 1 && text[from] === alphabet[0])) return undefined
  let number = 0
  for (let i = from; i < to; i++) number = number * 64 + valueAt(text, i)
  return number <= Number.MAX_SAFE_INTEGER ? number : undefined
}
