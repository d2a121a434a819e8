import { finder } from './simd.js'

const quote = 0x22
const backslash = 0x5c

const pages = 3
const sharedBytes = 64 * 1024
/** Behind what is read into: for bytes that lie elsewhere. The last page is there to be looked at past an end. */
const scratchBytes = 64 * 1024
/** What is shorter is looked through sooner than it is brought there. */
const nearBytes = 96

const signBit = 1 << 31

interface Finder {
  readonly memory: ArrayBuffer
  find(from: number, to: number): number
}

/** As much of `WebAssembly` as is used here, for which node's types have none. */
interface Compiler {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
  ) => { readonly exports: Pick<Finder, 'find'> & { readonly memory: { readonly buffer: ArrayBuffer } } }
}

const plainFinder = (): Finder => {
  const bytes = Buffer.allocUnsafeSlow(sharedBytes + scratchBytes)
  return { memory: bytes.buffer, find: (from, to) => walk(bytes, from, to) }
}

/** There may be no WebAssembly (`--jitless`), or none of its vectors, or too little address space for its memory. */
const makeFinder = (): Finder => {
  try {
    const { Instance, Module } = (globalThis as unknown as { readonly WebAssembly: Compiler }).WebAssembly
    const { memory, find } = new Instance(new Module(finder(pages))).exports
    return { memory: memory.buffer, find }
  } catch {
    return plainFinder()
  }
}

/** Byte by byte; says what `findUnfit` says. */
export const walk = (bytes: Buffer, from: number, to: number): number => {
  let high = 0
  let at = from
  for (; at < to; at++) {
    const code = bytes[at] ?? 0
    if (code < 0x20 || code === quote || code === backslash) break
    high |= code
  }
  return high < 0x80 ? at : at | signBit
}

/** Without the sign that `findUnfit` may give it. */
export const placeOf = (found: number): number => found & ~signBit

const { memory, find } = makeFinder()

/** Where all connections read into, one after the other: who takes bytes from it uses them at once, or copies them. */
export const shared = Buffer.from(memory, 0, sharedBytes)

const scratch = Buffer.from(memory, sharedBytes, scratchBytes)

/** Who has last brought bytes to the scratch, and which: those from a place in a text to before another one. */
let user = 0
let from = 0
let to = 0
let users = 0

/** What reads from these bytes says so by this number; 0 if they lie where nothing has to be brought. */
export const userOf = (bytes: Buffer): number => (bytes === shared ? 0 : ++users)

/** So that what lies at `at` is on the scratch, and as much of what follows as there is room for. */
const bring = (bytes: Buffer, by: number, at: number, end: number): void => {
  if (user === by && at >= from && at < to) return
  user = by
  from = at
  to = at + bytes.copy(scratch, 0, at, Math.min(end, at + scratchBytes))
}

const findElsewhere = (bytes: Buffer, start: number, end: number, by: number): number => {
  if (end - start < nearBytes) return walk(bytes, start, end)
  let high = 0
  for (let at = start; at < end; at = to) {
    bring(bytes, by, at, end)
    const base = sharedBytes - from
    const found = find(base + at, base + Math.min(to, end))
    high |= found & signBit
    const place = placeOf(found) - base
    if (place < Math.min(to, end)) return place | high
  }
  return end | high
}

/**
 * The first place from `start` on, and before `end`, of a byte that a JSON string can't simply pass over: its end, a
 * backslash, or what must not stand in it; else `end`. It has its sign bit set (`placeOf`) if a byte that is not ASCII comes
 * before it. `by`: see `userOf`; the bytes must not change meanwhile.
 */
export const findUnfit = (bytes: Buffer, start: number, end: number, by: number): number =>
  by === 0 ? find(start, end) : findElsewhere(bytes, start, end, by)
