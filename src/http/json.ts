import { EngineError } from '../errors.js'
import { Lexer } from './lexer.js'

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null'

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/**
 * Reads a JSON text (RFC 8259, UTF-8, no byte order mark) where it lies, once, front to back, and only as deep as its
 * user looks: payloads are checked and passed over, never built. It throws EngineError `bad_json` at the first byte
 * that JSON.parse would not take, and where the nesting is deeper than `depthMax`; nothing is known about the bytes
 * that have not been passed yet, so a text is good only once `end` has returned.
 *
 *     scan.openObject(); while (scan.nextMember()) if (scan.keyIs('a')) value = scan.string(); else scan.skip()
 */
export class Scan extends Lexer {
  readonly #depthMax: number
  #depth = 0
  /** Nothing has been passed yet in the container just opened, so no comma is due. */
  #fresh = false

  /** The JSON lies from `from` to `end`. `text`, if somebody has it already: how the bytes begin, as latin1. */
  constructor(bytes: Buffer, depthMax: number, from = 0, end = bytes.length, text = '') {
    super(bytes, from, end, text)
    this.#depthMax = depthMax
    this.skipSpace()
  }

  /** What the value that comes next looks like; whether it is one is known when it has been passed. */
  get kind(): JsonKind {
    switch (this.code(this.at)) {
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
    this.skipString()
    this.skipSpace()
    if (this.code(this.at) !== colon) this.fail()
    this.at++
    this.skipSpace()
    return true
  }

  /** Moves before the next element, or out of the array: then false. */
  nextItem(): boolean {
    return this.#next(closeBracket)
  }

  /** The key of the member that `nextMember` came to; ask before the value is passed. */
  key(): string {
    return this.lastString()
  }

  /** Cheaper than `key`; `name` is ASCII. Any spelling of it counts: `"\u0061"` is `a`. */
  keyIs(name: string): boolean {
    if (this.escaped) return this.lastString() === name
    return this.to - this.from - 2 === name.length && this.isAt(this.from + 1, name)
  }

  /** Passes a string and gives its value, which may hold unpaired surrogates. */
  string(): string {
    this.skipString()
    this.#fresh = false
    return this.lastString()
  }

  /** Passes a number and gives its value, which may be infinite. */
  number(): number {
    const from = this.at
    this.skipNumber()
    this.#fresh = false
    return Number(this.own(from, this.at))
  }

  /** Passes a value of any kind. */
  skip(): void {
    switch (this.code(this.at)) {
      case quote:
        this.skipString()
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
        this.skipWord('true')
        break
      case 0x66:
        this.skipWord('false')
        break
      case 0x6e:
        this.skipWord('null')
        break
      default:
        this.skipNumber()
    }
    this.#fresh = false
  }

  /** Nothing but white space is left. */
  end(): void {
    this.skipSpace()
    this.finish()
  }

  #open(byte: number): void {
    if (this.code(this.at) !== byte) this.fail()
    if (++this.#depth > this.#depthMax) {
      throw new EngineError('bad_json', `the body is nested deeper than ${this.#depthMax} levels`)
    }
    this.at++
    this.#fresh = true
  }

  #next(close: number): boolean {
    this.skipSpace()
    if (this.code(this.at) === close) {
      this.at++
      this.#depth--
      this.#fresh = false
      return false
    }
    if (!this.#fresh) {
      if (this.code(this.at) !== comma) this.fail()
      this.at++
      this.skipSpace()
    }
    return true
  }
}
