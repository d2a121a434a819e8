/**
 * A WebAssembly module, put together byte by byte: it looks for bytes that a JSON string can't simply pass over, 16 at a
 * time, where a loop in JavaScript takes a nanosecond for each. Instructions: WebAssembly Core Specification 2.0, 5.4.
 */

/** Parameters and locals, by number. */
const [at, end, seen, bad, all, bytes, low, quote, slash, mask, left] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const
type Local = typeof at | typeof end | typeof seen | typeof bad | typeof all | typeof bytes | typeof low
type Locals = Local | typeof quote | typeof slash | typeof mask | typeof left

type Code = readonly number[]

const get = (local: Locals): Code => [0x20, local]
const set = (local: Locals): Code => [0x21, local]
const tee = (local: Locals): Code => [0x22, local]

/** As LEB128, signed: from -64 to 8191. */
const int = (value: number): Code =>
  value < 64 ? [0x41, value & 0x7f] : [0x41, 0x80 | (value & 0x7f), (value >> 7) & 0x7f]

const [block, loop, then, over, branch, branchIf] = [[0x02, 0x40], [0x03, 0x40], [0x04, 0x40], [0x0b], 0x0c, 0x0d]
const [isZero, isLess, trailingZeros, add, subtract, and, or, shiftLeft] = [
  0x45, 0x48, 0x68, 0x6a, 0x6b, 0x71, 0x72, 0x74,
]

const wide = (code: number): Code => [0xfd, code]
const [splat, areEqual, areAtMost, orAll, anySet, tops] = [0x0f, 0x23, 0x2a, 0x50, 0x53, 0x64].map(wide) as [
  Code,
  Code,
  Code,
  Code,
  Code,
  Code,
]

const all16 = (value: number, local: Locals): Code => [...int(value), ...splat, ...set(local)]
const load = (offset: number): Code => [...get(at), ...wide(0x00), 0, offset]
const orWith = (local: Locals): Code => [...get(local), ...orAll]

/** Of 16 bytes: keeps them, and leaves all bits set for each that is below 0x20, a quote or a backslash. */
const look = (offset: number): Code => [
  ...[...load(offset), ...tee(bytes), ...get(low), ...areAtMost],
  ...[...get(bytes), ...get(quote), ...areEqual, ...orAll],
  ...[...get(bytes), ...get(slash), ...areEqual, ...orAll],
]

const lookOn = (offset: number): Code => [
  ...[...look(offset), ...orWith(bad), ...set(bad)],
  ...[...get(bytes), ...orWith(all), ...set(all)],
]

const goOn = (count: number): Code => [...get(at), ...int(count), add, ...set(at)]
const leftOver = (): Code => [...get(end), ...get(at), subtract]

/** As long as there are 64 bytes that are all fit. */
const far: Code = [
  ...[...block, ...loop],
  ...[...leftOver(), ...int(64), isLess, branchIf, 1],
  ...[...look(0), ...set(bad), ...get(bytes), ...orWith(seen), ...set(all)],
  ...[...lookOn(16), ...lookOn(32), ...lookOn(48)],
  ...[...get(bad), ...anySet, branchIf, 1],
  ...[...get(all), ...set(seen), ...goOn(64), branch, 0],
  ...[...over, ...over],
]

/** By 16, up to the first that is not fit. From the end on none is, so `mask` is not 0 after it. */
const near: Code = [
  ...loop,
  ...[...look(0), ...tops, ...set(mask)],
  ...[...leftOver(), ...tee(left), ...int(16), isLess, ...then],
  ...[...get(mask), ...int(-1), ...get(left), shiftLeft, or, ...set(mask), ...over],
  ...[...get(mask), isZero, ...then],
  ...[...get(seen), ...orWith(bytes), ...set(seen), ...goOn(16), branch, 1, ...over],
  ...over,
]

/** The bits of `mask` below the lowest one that is set. */
const before: Code = [...int(0), ...get(mask), subtract, ...get(mask), and, ...int(1), subtract]

/** Where that is; below zero if a byte from 0x80 on comes before it. */
const found: Code = [
  ...[...get(at), ...get(mask), trailingZeros, add],
  ...[...get(seen), ...tops, ...get(bytes), ...tops, ...before, and, or],
  ...[isZero, isZero, ...int(31), shiftLeft, or],
]

/** Two locals after the parameters' are numbers, all before those are vectors. */
const locals: Code = [2, 7, 0x7b, 2, 0x7f]
const body: Code = [
  ...locals,
  ...[...all16(0x1f, low), ...all16(0x22, quote), ...all16(0x5c, slash)],
  ...[...far, ...near, ...found, ...over],
]

/** As LEB128. */
const size = (value: number): Code => (value < 128 ? [value] : [0x80 | (value & 0x7f), value >> 7])
const section = (id: number, content: Code): Code => [id, ...size(content.length), ...content]
const name = (text: string): Code => [text.length, ...Buffer.from(text)]

/** Exports `find(at, end)` and the `memory` in which it looks: so many pages of 64 KiB, never more. */
export const finder = (pages: number): Uint8Array =>
  Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f]),
    ...section(3, [1, 0]),
    ...section(5, [1, 1, pages, pages]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('find'), 0, 0]),
    ...section(10, [1, ...size(body.length), ...body]),
  ])
