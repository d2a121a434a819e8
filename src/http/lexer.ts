import { isUtf8 } from 'node:buffer'
import { EngineError } from '../errors.js'
import type { Piece } from '../log/record.js'
import { BytePiece } from './piece.js'
import { findUnfit, placeOf, userOf } from './unfit.js'

const quote = 0x22
const backslash = 0x5c
const minus = 0x2d
const zero = 0x30
const nine = 0x39

/** What is cut out of a string may keep all of it alive: no longer one is made to be cut up. The first is for a name or two. */
const windowMost = 2048
const windowLeast = 64

/** The characters after a backslash, but for `u`. */
const escapes = new Set(Buffer.from('"\\/bfnrt'))

/** Past the end. */
const none = -1

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
  readonly #bytes: Buffer
  readonly #start: number
  readonly #end: number
  /** See `findUnfit`. */
  readonly #user: number
  /** Some of the bytes, a character each, and where they begin: to cut up a string costs less than to make many. */
  #text: string
  #textAt = 0
  #window = windowLeast
  /** The last string is not ASCII; nor are all so far. */
  #wide = false
  #anyWide = false
  /** All of it has been shown to be UTF-8. */
  #clean = false

  constructor(bytes: Buffer, from: number, end: number, text: string) {
    this.#bytes = bytes
    this.#text = text
    this.#start = from
    this.#end = end
    this.#user = userOf(bytes)
    this.at = from
  }

  /** The byte there. */
  protected code(at: number): number {
    return at < this.#end ? (this.#bytes[at] ?? none) : none
  }

  /** What stands between two places, a character a byte; nothing else is kept alive with it. */
  own(from: number, to: number): string {
    return this.#bytes.toString('latin1', from, to)
  }

  /** The same, for who copies it before long (`Arena`): it is good for as long as the bytes are. */
  piece(from: number, to: number): string | Piece {
    return to - from > windowMost ? new BytePiece(this.#bytes, from, to) : this.#cut(from, to)
  }

  #cut(from: number, to: number): string {
    if (to - from > windowMost) return this.own(from, to)
    if (from < this.#textAt || to > this.#textAt + this.#text.length) {
      this.#text = this.own(from, Math.min(Math.max(to, from + this.#window), this.#end))
      this.#textAt = from
      this.#window = Math.min(2 * this.#window, windowMost)
    }
    return this.#text.slice(from - this.#textAt, to - this.#textAt)
  }

  /** Nothing is left, and all of it was UTF-8. */
  protected finish(): void {
    if (this.at < this.#end) this.fail()
    if (this.#anyWide) this.#cleanse()
  }

  protected skipSpace(): void {
    let at = this.at
    while (isSpace(this.code(at))) at++
    this.at = at
  }

  protected skipString(): void {
    let at = this.at
    if (this.code(at) !== quote) this.fail()
    this.from = at++
    this.escaped = false
    this.#wide = false
    for (;;) {
      at = this.#toUnfit(at)
      this.at = at
      const code = this.code(at)
      if (code === quote) break
      if (code !== backslash) this.fail()
      at = this.#escape()
    }
    this.at = this.to = at + 1
  }

  /** The index of the first byte from `from` on that a string can't simply pass over, or of the end. */
  #toUnfit(from: number): number {
    const found = findUnfit(this.#bytes, from, this.#end, this.#user)
    if (found >= 0) return found
    this.#wide = true
    this.#anyWide = true
    return placeOf(found)
  }

  /** The index after the escape that starts here. */
  #escape(): number {
    const letter = this.code(++this.at)
    this.escaped = true
    if (letter !== 0x75) return escapes.has(letter) ? this.at + 1 : this.fail()
    for (let i = 0; i < 4; i++) if (!isHex(this.code(++this.at))) this.fail()
    return this.at + 1
  }

  protected skipNumber(): void {
    if (this.code(this.at) === minus) this.at++
    if (this.code(this.at) === zero) this.at++
    else this.#digits()
    if (this.code(this.at) === 0x2e) {
      this.at++
      this.#digits()
    }
    if ((this.code(this.at) | 0x20) === 0x65) {
      this.at++
      const sign = this.code(this.at)
      if (sign === minus || sign === 0x2b) this.at++
      this.#digits()
    }
  }

  #digits(): void {
    let at = this.at
    if (!isDigit(this.code(at))) this.fail()
    while (isDigit(this.code(at))) at++
    this.at = at
  }

  protected skipWord(word: string): void {
    for (let i = 0; i < word.length; i++, this.at++) if (this.code(this.at) !== word.charCodeAt(i)) this.fail()
  }

  /** Whether this stands from there on. */
  protected isAt(from: number, word: string): boolean {
    for (let i = 0; i < word.length; i++) if (this.code(from + i) !== word.charCodeAt(i)) return false
    return true
  }

  /** Of the last string. */
  protected lastString(): string {
    const [from, to] = [this.from + 1, this.to - 1]
    if (!this.escaped && !this.#wide) return this.#cut(from, to)
    this.#cleanse()
    const text = this.#bytes.toString('utf8', from, to)
    return this.escaped ? JSON.parse(`"${text}"`) : text
  }

  protected fail(): never {
    const what = this.at < this.#end ? `goes wrong at byte ${this.at - this.#start}` : 'ends too early'
    throw new EngineError('bad_json', `the body is not JSON: it ${what}`)
  }

  #cleanse(): void {
    if (this.#clean) return
    if (!isUtf8(this.#bytes.subarray(this.#start, this.#end)))
      throw new EngineError('bad_json', 'the body is not UTF-8')
    this.#clean = true
  }
}
