import { EngineError } from '../errors.js'

/** Bytes of bodies that all connections together are sending: shared, so that many small ones can't be too much. */
export class Inbound {
  bytes = 0
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  hasRoom(bytes: number): boolean {
    return this.bytes + bytes <= this.#max
  }

  claim(bytes: number): void {
    if (!this.hasRoom(bytes))
      throw new EngineError('overloaded', 'too many bodies are being received', { limit: 'inbound_bytes' })
    this.bytes += bytes
  }

  release(bytes: number): void {
    this.bytes -= bytes
  }
}

/**
 * A body while it comes in. It is gathered into one buffer, never kept as a list of chunks: a client may send a byte a
 * chunk, and each chunk costs a hundred bytes of its own.
 */
export class Body {
  #bytes: Buffer = Buffer.alloc(0)
  #size = 0
  #claimed = 0
  readonly #max: number
  readonly #inbound: Inbound

  constructor(max: number, inbound: Inbound) {
    this.#max = max
    this.#inbound = inbound
  }

  add(chunk: Buffer): void {
    const size = this.#size + chunk.length
    if (size > this.#max) throw new EngineError('too_large', `the body is larger than ${this.#max} bytes`)
    // Most bodies are one chunk, which then is all of it.
    if (this.#size === 0) this.#adopt(chunk)
    else {
      if (size > this.#bytes.length) this.#grow(Math.min(this.#max, 2 * size))
      this.#bytes.set(chunk, this.#size)
    }
    this.#size = size
  }

  /** False, with nothing added, if there is no room. */
  tryAdd(chunk: Buffer): boolean {
    try {
      this.add(chunk)
      return true
    } catch (error) {
      if (error instanceof EngineError) return false
      throw error
    }
  }

  get size(): number {
    return this.#size
  }

  take(): Buffer {
    return this.#bytes.subarray(0, this.#size)
  }

  /** The bytes are somebody else's now, or nobody's. */
  release(): void {
    this.#inbound.release(this.#claimed)
    this.#claimed = 0
    this.#bytes = Buffer.alloc(0)
    this.#size = 0
  }

  #adopt(chunk: Buffer): void {
    this.#claim(chunk.length)
    this.#bytes = chunk
  }

  #grow(capacity: number): void {
    this.#claim(capacity)
    const bytes = Buffer.allocUnsafe(capacity)
    bytes.set(this.take())
    this.#bytes = bytes
  }

  #claim(bytes: number): void {
    this.#inbound.claim(bytes - this.#claimed)
    this.#claimed = bytes
  }
}
