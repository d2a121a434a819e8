import { isUtf8 } from 'node:buffer'

/** Nesting: a frame, a relayed message, a list of claims, a claim, its reaches, a reach; and two to grow. */
const depthMax = 8
/** Values in one frame. A frame could hold one a byte, and each costs eight times as much in memory. */
const itemsMax = 2 ** 19

/** MessagePack's markers that this protocol uses; all others (maps, extensions, 64-bit integers, 0xc1) are refused. */
const marker = {
  fixarray: 0x90,
  fixstr: 0xa0,
  nil: 0xc0,
  no: 0xc2,
  yes: 0xc3,
  bin8: 0xc4,
  bin16: 0xc5,
  bin32: 0xc6,
  float64: 0xcb,
  uint8: 0xcc,
  uint32: 0xce,
  int8: 0xd0,
  int32: 0xd2,
  str8: 0xd9,
  str16: 0xda,
  str32: 0xdb,
  array16: 0xdc,
  array32: 0xdd,
  negative: 0xe0,
}

/**
 * Walks over encoded bytes without building anything, and says what is wrong with their structure: so the decoder
 * never sees a count that the bytes don't bear out, a depth that needs a stack, a type that could become more than
 * data, or text that it would silently mend.
 */
class Scan {
  readonly #bytes: Uint8Array
  #at = 0
  #items = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  run(): string | undefined {
    return this.#value(1) ?? (this.#at === this.#bytes.length ? undefined : 'bytes after the end')
  }

  #value(depth: number): string | undefined {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) return 'cut off'
    if (++this.#items > itemsMax) return 'too many values'
    if (byte < 0x80 || byte >= marker.negative) return undefined
    if (byte < marker.fixarray) return 'a map'
    if (byte < marker.fixstr) return this.#array(byte - marker.fixarray, depth)
    if (byte < marker.nil) return this.#text(byte - marker.fixstr)
    return this.#marked(byte, depth)
  }

  #marked(byte: number, depth: number): string | undefined {
    switch (byte) {
      case marker.nil:
      case marker.no:
      case marker.yes:
        return undefined
      case marker.bin8:
      case marker.bin16:
      case marker.bin32:
        return this.#skip(this.#length(2 ** (byte - marker.bin8)))
      case marker.float64:
        return this.#skip(8)
      case marker.uint8:
      case marker.uint8 + 1:
      case marker.uint32:
        return this.#skip(2 ** (byte - marker.uint8))
      case marker.int8:
      case marker.int8 + 1:
      case marker.int32:
        return this.#skip(2 ** (byte - marker.int8))
      case marker.str8:
      case marker.str16:
      case marker.str32:
        return this.#text(this.#length(2 ** (byte - marker.str8)))
      case marker.array16:
      case marker.array32:
        return this.#array(this.#length(2 ** (byte - marker.array16 + 1)), depth)
      default:
        return `type 0x${byte.toString(16)}`
    }
  }

  /** A big-endian number of that many bytes; past the end it is more than there can be, which all callers refuse. */
  #length(width: number): number {
    let length = 0
    for (let i = 0; i < width; i++) length = length * 256 + (this.#bytes[this.#at++] ?? Number.POSITIVE_INFINITY)
    return length
  }

  #array(count: number, depth: number): string | undefined {
    if (depth > depthMax) return 'too deep'
    if (count > this.#bytes.length - this.#at) return 'cut off'
    for (let i = 0; i < count; i++) {
      const wrong = this.#value(depth + 1)
      if (wrong) return wrong
    }
    return undefined
  }

  #skip(length: number): string | undefined {
    this.#at += length
    return this.#at > this.#bytes.length ? 'cut off' : undefined
  }

  #text(length: number): string | undefined {
    const from = this.#at
    const wrong = this.#skip(length)
    if (wrong) return wrong
    for (let i = from; i < this.#at; i++) {
      const byte = this.#bytes[i]
      if (byte === undefined || byte < 0x80) continue
      return isUtf8(this.#bytes.subarray(i, this.#at)) ? undefined : 'text that is not UTF-8'
    }
    return undefined
  }
}

/** What is wrong with the structure of these bytes, in words. */
export const scan = (bytes: Uint8Array): string | undefined => new Scan(bytes).run()
