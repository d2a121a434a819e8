import type { Prng } from '../../src/verify/prng.js'

/** Bytes that mean something to many formats, or lie at an edge. */
const edges: readonly number[] = [
  0, 1, 9, 10, 13, 32, 34, 44, 46, 48, 58, 63, 91, 92, 93, 123, 125, 126, 127, 128, 192, 193, 255,
]

type Edit = (bytes: Buffer, dice: Prng, words: readonly (string | Uint8Array)[]) => Buffer

const at = (bytes: Uint8Array, dice: Prng): number => dice.below(bytes.length + 1)

const piece = (bytes: Buffer, dice: Prng): Buffer => {
  const from = at(bytes, dice)
  return bytes.subarray(from, from + dice.below(dice.chance(0.8) ? 9 : bytes.length + 1))
}

const put = (bytes: Buffer, place: number, what: Uint8Array, over = 0): Buffer =>
  Buffer.concat([bytes.subarray(0, place), what, bytes.subarray(place + over)])

const change = (bytes: Buffer, dice: Prng, byte: (old: number) => number): Buffer => {
  const place = dice.below(Math.max(1, bytes.length))
  const changed = Buffer.from(bytes)
  if (place < changed.length) changed[place] = byte(changed[place] ?? 0)
  return changed
}

const edits: readonly Edit[] = [
  (bytes, dice) => change(bytes, dice, (old) => old ^ (1 << dice.below(8))),
  (bytes, dice) => change(bytes, dice, () => dice.pick(edges)),
  (bytes, dice) => change(bytes, dice, (old) => old + dice.whole(-2, 2)),
  (bytes, dice) => put(bytes, at(bytes, dice), Buffer.from([dice.below(256)])),
  (bytes, dice) => put(bytes, at(bytes, dice), new Uint8Array(), dice.below(dice.chance(0.8) ? 5 : bytes.length)),
  (bytes, dice) => put(bytes, at(bytes, dice), piece(bytes, dice)),
  (bytes, dice) => put(bytes, at(bytes, dice), piece(bytes, dice), dice.below(9)),
  (bytes, dice) => bytes.subarray(0, at(bytes, dice)),
  (bytes, dice) => put(bytes, at(bytes, dice), Buffer.alloc(dice.below(200), dice.below(256))),
  (bytes, dice, words) => put(bytes, at(bytes, dice), Buffer.from(dice.pick(words) as string)),
  (bytes, dice, words) => put(bytes, at(bytes, dice), Buffer.from(dice.pick(words) as string), dice.below(9)),
]

/** Edited in a few places, mostly one or two; `words`: what the format is made of. */
export const mutated = (bytes: Uint8Array, dice: Prng, words: readonly (string | Uint8Array)[]): Buffer => {
  let result: Buffer = Buffer.from(bytes)
  for (let left = 1 + Math.floor(dice.wait(0.8)); left > 0; left--) result = dice.pick(edits)(result, dice, words)
  return result
}

/** Where to cut it, so that it comes in pieces. */
export const pieces = (bytes: Buffer, dice: Prng): Buffer[] => {
  if (dice.chance(0.4)) return [bytes]
  const places = Array.from({ length: dice.whole(1, 4) }, () => at(bytes, dice)).sort((a, b) => a - b)
  return [...places, bytes.length].map((end, i) => bytes.subarray(places[i - 1] ?? 0, end))
}
