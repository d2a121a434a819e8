import { isUtf8 } from 'node:buffer'
import { EngineError } from '../errors.js'

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null'

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const minus = 0x2d
const zero = 0x30
const nine = 0x39

/** Bytes that a string can't simply pass over: its end, an escape, and what must not stand in it. */
const special = new Uint8Array(256)
special.fill(1, 0, 0x20)
special[quote] = 1
special[backslash] = 1

/** The same as a pattern, but for the end, and from how many bytes on it is faster; it is given so many at a time. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const specials = /[\\\u0000-\u001f]/
const nearBytes = 64
const farBytes = 4096

/** The characters after a backslash, but for `u`. */
const escapes = new Set(Buffer.from('"\\/bfnrt'))

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= zero && byte <= nine

const isHex = (byte: number | undefined): boolean =>
  byte !== undefined && (isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66))

/**
 * Reads a JSON text (RFC 8259, UTF-8, no byte order mark) where it lies, once, front to back, and only as deep as its
 * user looks: payloads are checked and passed over, never built. It throws EngineError `bad_json` at the first byte
 * that JSON.parse would not take, and where the nesting is deeper than `depthMax`; nothing is known about the bytes
 * that have not been passed yet, so a text is good only once `end` has returned.
 *
 *     scan.openObject(); while (scan.nextMember()) if (scan.keyIs('a')) value = scan.string(); else scan.skip()
 */
export class Scan {
  readonly bytes: Buffer
  readonly #depthMax: number
  #at = 0
  #depth = 0
  /** Nothing has been passed yet in the container just opened, so no comma is due. */
  #fresh = false
  /** The last string, quotes included, and whether it has escapes. */
  #from = 0
  #to = 0
  #escaped = false

  constructor(bytes: Buffer, depthMax: number) {
    if (!isUtf8(bytes)) throw new EngineError('bad_json', 'the body is not UTF-8')
    this.bytes = bytes
    this.#depthMax = depthMax
    this.#space()
  }

  /** Before a value: where it starts. After it: where it ended. */
  get at(): number {
    return this.#at
  }

  /** What the value that comes next looks like; whether it is one is known when it has been passed. */
  get kind(): JsonKind {
    switch (this.bytes[this.#at]) {
      case openBrace:
        return 'object'
      case openBracket:
        return 'array'
      case quote:
        return 'string'
      case 0x74:
      case 0x66:
        return 'boolean'
      case 0x6e:
        return 'null'
      default:
        return 'number'
    }
  }

  openObject(): void {
    this.#open(openBrace)
  }

  openArray(): void {
    this.#open(openBracket)
  }

  /** Moves before the value of the next member, or out of the object: then false. */
  nextMember(): boolean {
    if (!this.#next(closeBrace)) return false
    this.#string()
    this.#space()
    if (this.bytes[this.#at] !== colon) this.#fail()
    this.#at++
    this.#space()
    return true
  }

  /** Moves before the next element, or out of the array: then false. */
  nextItem(): boolean {
    return this.#next(closeBracket)
  }

  /** Where the key that `nextMember` came to starts, its quote included; ask before the value is passed. */
  get keyAt(): number {
    return this.#from
  }

  /** The key of the member that `nextMember` came to; ask before the value is passed. */
  key(): string {
    return this.#text()
  }

  /** Cheaper than `key`; `name` is ASCII. Any spelling of it counts: `"\u0061"` is `a`. */
  keyIs(name: string): boolean {
    if (this.#escaped) return this.#text() === name
    if (this.#to - this.#from - 2 !== name.length) return false
    for (let i = 0; i < name.length; i++) if (this.bytes[this.#from + 1 + i] !== name.charCodeAt(i)) return false
    return true
  }

  /** Passes a string and gives its value, which may hold unpaired surrogates. */
  string(): string {
    this.#string()
    this.#fresh = false
    return this.#text()
  }

  /** Passes a number and gives its value, which may be infinite. */
  number(): number {
    const from = this.#at
    this.#number()
    this.#fresh = false
    return Number(this.bytes.toString('latin1', from, this.#at))
  }

  /** Passes a value of any kind. */
  skip(): void {
    switch (this.bytes[this.#at]) {
      case quote:
        this.#string()
        break
      case openBrace:
        this.openObject()
        while (this.nextMember()) this.skip()
        break
      case openBracket:
        this.openArray()
        while (this.nextItem()) this.skip()
        break
      case 0x74:
        this.#word('true')
        break
      case 0x66:
        this.#word('false')
        break
      case 0x6e:
        this.#word('null')
        break
      default:
        this.#number()
    }
    this.#fresh = false
  }

  /** Nothing but white space is left. */
  end(): void {
    this.#space()
    if (this.#at < this.bytes.length) this.#fail()
  }

  #open(byte: number): void {
    if (this.bytes[this.#at] !== byte) this.#fail()
    if (++this.#depth > this.#depthMax) {
      throw new EngineError('bad_json', `the body is nested deeper than ${this.#depthMax} levels`)
    }
    this.#at++
    this.#fresh = true
  }

  #next(close: number): boolean {
    this.#space()
    if (this.bytes[this.#at] === close) {
      this.#at++
      this.#depth--
      this.#fresh = false
      return false
    }
    if (!this.#fresh) {
      if (this.bytes[this.#at] !== comma) this.#fail()
      this.#at++
      this.#space()
    }
    return true
  }

  #space(): void {
    const { bytes } = this
    let at = this.#at
    for (let byte = bytes[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = bytes[at]) at++
    this.#at = at
  }

  #string(): void {
    const { bytes } = this
    let at = this.#at
    if (bytes[at] !== quote) this.#fail()
    this.#from = at++
    this.#escaped = false
    for (;;) {
      at = this.#toSpecial(at)
      this.#at = at
      if (bytes[at] === quote) break
      if (bytes[at] !== backslash) this.#fail()
      at = this.#escape()
    }
    this.#at = this.#to = at + 1
  }

  /** The index of the first byte from `from` on that a string can't simply pass over. */
  #toSpecial(from: number): number {
    const { bytes } = this
    const near = from + nearBytes
    let at = from
    // Past the end stands, as it were, a zero, which no string can hold.
    while (at < near && special[bytes[at] ?? 0] === 0) at++
    if (at < near) return at
    // Long strings are looked through by the engine's own search, some at a time: what is cut out is copied.
    for (;;) {
      const text = bytes.toString('latin1', at, at + farBytes)
      const end = text.indexOf('"')
      const found = (end < 0 ? text : text.slice(0, end)).search(specials)
      if (found >= 0 || end >= 0) return at + (found < 0 ? end : found)
      at += text.length
      if (text.length < farBytes) return at
    }
  }

  /** The index after the escape that starts here. */
  #escape(): number {
    const { bytes } = this
    const letter = bytes[++this.#at] ?? 0
    this.#escaped = true
    if (letter !== 0x75) return escapes.has(letter) ? this.#at + 1 : this.#fail()
    for (let i = 0; i < 4; i++) if (!isHex(bytes[++this.#at])) this.#fail()
    return this.#at + 1
  }

  #number(): void {
    const { bytes } = this
    if (bytes[this.#at] === minus) this.#at++
    if (bytes[this.#at] === zero) this.#at++
    else this.#digits()
    if (bytes[this.#at] === 0x2e) {
      this.#at++
      this.#digits()
    }
    if (((bytes[this.#at] ?? 0) | 0x20) === 0x65) {
      this.#at++
      if (bytes[this.#at] === minus || bytes[this.#at] === 0x2b) this.#at++
      this.#digits()
    }
  }

  #digits(): void {
    const { bytes } = this
    let at = this.#at
    if (!isDigit(bytes[at])) this.#fail()
    while (isDigit(bytes[at])) at++
    this.#at = at
  }

  #word(word: string): void {
    for (let i = 0; i < word.length; i++, this.#at++) {
      if (this.bytes[this.#at] !== word.charCodeAt(i)) this.#fail()
    }
  }

  #text(): string {
    if (this.#escaped) return JSON.parse(this.bytes.toString('utf8', this.#from, this.#to))
    return this.bytes.toString('utf8', this.#from + 1, this.#to - 1)
  }

  #fail(): never {
    const what = this.#at < this.bytes.length ? `goes wrong at byte ${this.#at}` : 'ends too early'
    throw new EngineError('bad_json', `the body is not JSON: it ${what}`)
  }
}
