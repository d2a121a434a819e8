import { isAscii, isUtf8 } from 'node:buffer'
import { EngineError } from '../errors.js'
import { pieceLength } from '../log/apart.js'
import { longMost } from '../log/arena.js'

const quote = 0x22
const backslash = 0x5c
const minus = 0x2d
const zero = 0x30
const nine = 0x39

/** Bytes that a string can't simply pass over: its end, an escape, and what must not stand in it. */
const special = new Uint8Array(256)
special.fill(1, 0, 0x20)
special[quote] = 1
special[backslash] = 1

/** From so many bytes on four are looked at together; names and numbers of channels are shorter. */
const nearBytes = 16

/** What was last looked at by words, and as which: to make such a view costs more than to use it, and most read from one buffer. */
let seen: Buffer | undefined
let words = new Int32Array(0) as Int32Array
/** A larger one was made for one body, and is not kept alive for this. */
const keptBytes = 64 * 1024

const wordsOf = (bytes: Buffer): Int32Array => {
  if (bytes === seen) return words
  const { buffer } = bytes
  const view = new Int32Array(buffer, 0, buffer.byteLength >> 2)
  if (buffer.byteLength > keptBytes) return view
  seen = bytes
  words = view
  return view
}

/** The highest bit of each of four bytes. */
const tops = 0x80808080 | 0

/**
 * Not 0 if one of four bytes is below 0x20 or a backslash. What a byte borrows from the next one may make that one look
 * like one, too, but only where there is one before it.
 */
const unfit = (word: number): number => {
  const slash = word ^ 0x5c5c5c5c
  return (((word - 0x20202020) & ~word) | ((slash - 0x01010101) & ~slash)) & tops
}

/** Of ASCII: passes over words without a byte below 0x20, four at a time. */
const overPrintable = (view: Int32Array, from: number, end: number): number => {
  let i = from
  for (; i + 4 <= end; i += 4) {
    // A byte from 0x20 on, and no other, comes to 0x80 or more, and none of them to 0x100.
    const first = ((view[i] ?? 0) + 0x60606060) & ((view[i + 1] ?? 0) + 0x60606060)
    const second = ((view[i + 2] ?? 0) + 0x60606060) & ((view[i + 3] ?? 0) + 0x60606060)
    if ((first & second & tops) !== tops) break
  }
  return i
}

/** Of texts from this length on, pieces are copied; a smaller one may live on with its pieces. */
const largeBytes = 4096

/** What is longer is checked to be UTF-8 before it is read; in a shorter one there is rarely a byte that needs it. */
const wholeBytes = 1024

/** The characters after a backslash, but for `u`. */
const escapes = new Set(Buffer.from('"\\/bfnrt'))

// Past the end there is NaN, which is none of these.

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

const isDigit = (code: number): boolean => code >= zero && code <= nine

const isHex = (code: number): boolean => isDigit(code) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66)

/**
 * The words of a JSON text: white space, strings, numbers, names, each passed where it lies. What they make together is
 * for `Scan` to say.
 */
export class Lexer {
  /** Before a value: where it starts. After it: where it ended. */
  at: number
  /** Where the last string, such as a key, starts and ends, its quotes included. */
  from = 0
  to = 0
  protected escaped = false
  /** The bytes, a character each: so they are read faster, and cut up for less. */
  protected readonly text: string
  readonly #bytes: Buffer
  readonly #start: number
  /** All of it has been shown to be UTF-8. */
  #clean = false
  /** All of it has been shown to be ASCII. */
  #ascii = false
  /** Of the last long string: no quote, and no backslash, comes before this place. */
  #quoteAt = -1
  #slashAt = -1
  /** All codes of strings so far, one over the other: below 0x80, all of them are ASCII. */
  #high = 0

  constructor(bytes: Buffer, from: number, text: string) {
    this.#bytes = bytes
    this.text = text
    this.#start = from
    this.at = from
    if (text.length - from <= wholeBytes) return
    this.#ascii = isAscii(this.#rest)
    this.#clean = this.#ascii
    this.#cleanse()
  }

  get #rest(): Buffer {
    return this.#bytes.subarray(this.#start, this.text.length)
  }

  /** What stands between two places, a character a byte. */
  own(from: number, to: number): string {
    return this.#bytes.toString('latin1', from, to)
  }

  /**
   * The same, for who copies it before long (`Arena`): a piece of the text, which keeps all of it alive. What is too long for
   * that is a copy, unless it is nearly all of the text.
   */
  piece(from: number, to: number): string {
    const isGood = to - from <= longMost || (to - from) * 8 >= this.text.length * 7
    return isGood ? this.text.slice(from, to) : this.own(from, to)
  }

  /** Nothing is left, and all of it was UTF-8. */
  protected finish(): void {
    if (this.at < this.text.length) this.fail()
    if (this.#high >= 0x80) this.#cleanse()
  }

  protected skipSpace(): void {
    const text = this.text
    let at = this.at
    for (let code = text.charCodeAt(at); isSpace(code); code = text.charCodeAt(at)) at++
    this.at = at
  }

  protected skipString(): void {
    const text = this.text
    let at = this.at
    if (text.charCodeAt(at) !== quote) this.fail()
    this.from = at++
    this.escaped = false
    for (;;) {
      at = this.#toSpecial(at)
      this.at = at
      const code = text.charCodeAt(at)
      if (code === quote) break
      if (code !== backslash) this.fail()
      at = this.#escape()
    }
    this.at = this.to = at + 1
  }

  /** The index of the first byte from `from` on that a string can't simply pass over, or of the end. */
  #toSpecial(from: number): number {
    const { length } = this.text
    const near = Math.min(from + nearBytes, length)
    const at = this.#letters(from, near)
    return at < near || at === length ? at : this.#farSpecial(at)
  }

  /** Long strings are looked through by words, as far as the next quote; of ASCII, as far as the next backslash, too. */
  #farSpecial(from: number): number {
    if (this.#quoteAt < from) this.#quoteAt = this.#find('"', from)
    if (!this.#ascii) return this.#search(from, this.#quoteAt)
    if (this.#slashAt < from) this.#slashAt = this.#find('\\', from)
    return this.#search(from, Math.min(this.#quoteAt, this.#slashAt))
  }

  #find(letter: string, from: number): number {
    const found = this.text.indexOf(letter, from)
    return found < 0 ? this.text.length : found
  }

  /** The index of the first byte that a string can't pass over, but for a quote; else `to`. */
  #search(from: number, to: number): number {
    // Words lie at every fourth byte of the memory.
    const first = from + (-(this.#bytes.byteOffset + from) & 3)
    const start = this.#letters(from, Math.min(first, to))
    return start < first ? start : this.#letters(this.#words(start, to), to)
  }

  /** Byte by byte. */
  #letters(from: number, to: number): number {
    const text = this.text
    let high = this.#high
    let at = from
    for (; at < to; at++) {
      const code = text.charCodeAt(at)
      if (special[code] === 1) break
      high |= code
    }
    this.#high = high
    return at
  }

  /** By four bytes, up to a place from which no four are left that are all fit. */
  #words(from: number, to: number): number {
    const view = wordsOf(this.#bytes)
    const first = (this.#bytes.byteOffset + from) >> 2
    const end = first + ((to - from) >> 2)
    if (this.#ascii) return from + 4 * (overPrintable(view, first, end) - first)
    let all = 0
    let i = first
    for (; i < end; i++) {
      const word = view[i] ?? 0
      if (unfit(word) !== 0) break
      all |= word
    }
    if ((all & tops) !== 0) this.#high |= 0x80
    return from + 4 * (i - first)
  }

  /** The index after the escape that starts here. */
  #escape(): number {
    const text = this.text
    const letter = text.charCodeAt(++this.at)
    this.escaped = true
    if (letter !== 0x75) return escapes.has(letter) ? this.at + 1 : this.fail()
    for (let i = 0; i < 4; i++) if (!isHex(text.charCodeAt(++this.at))) this.fail()
    return this.at + 1
  }

  protected skipNumber(): void {
    const text = this.text
    if (text.charCodeAt(this.at) === minus) this.at++
    if (text.charCodeAt(this.at) === zero) this.at++
    else this.#digits()
    if (text.charCodeAt(this.at) === 0x2e) {
      this.at++
      this.#digits()
    }
    if ((text.charCodeAt(this.at) | 0x20) === 0x65) {
      this.at++
      const sign = text.charCodeAt(this.at)
      if (sign === minus || sign === 0x2b) this.at++
      this.#digits()
    }
  }

  #digits(): void {
    const text = this.text
    let at = this.at
    if (!isDigit(text.charCodeAt(at))) this.fail()
    while (isDigit(text.charCodeAt(at))) at++
    this.at = at
  }

  protected skipWord(word: string): void {
    if (this.text.startsWith(word, this.at)) this.at += word.length
    else this.#failIn(word)
  }

  /** At the first byte that is not the word's. */
  #failIn(word: string): never {
    for (let i = 0; this.text.charCodeAt(this.at) === word.charCodeAt(i); i++) this.at++
    return this.fail()
  }

  /** Of the last string. */
  protected lastString(): string {
    const inner = this.#pieceOf(this.from + 1, this.to - 1)
    if (!this.escaped && this.#high < 0x80) return inner
    this.#cleanse()
    const text = Buffer.from(inner, 'latin1').toString()
    return this.escaped ? JSON.parse(`"${text}"`) : text
  }

  /** Of a large text a copy: V8's piece of it would keep all of it alive. */
  #pieceOf(from: number, to: number): string {
    const isHarmless = this.text.length < largeBytes || to - from < pieceLength
    return isHarmless ? this.text.slice(from, to) : this.#bytes.toString('latin1', from, to)
  }

  protected fail(): never {
    const what = this.at < this.text.length ? `goes wrong at byte ${this.at - this.#start}` : 'ends too early'
    throw new EngineError('bad_json', `the body is not JSON: it ${what}`)
  }

  #cleanse(): void {
    if (this.#clean) return
    if (!isUtf8(this.#rest)) throw new EngineError('bad_json', 'the body is not UTF-8')
    this.#clean = true
  }
}
