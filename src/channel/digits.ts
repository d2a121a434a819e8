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
export const valueAt = (text: string, at: number): number => {
  const code = text.charCodeAt(at)
  return code < 128 ? (values[code] ?? -1) : -1
}
