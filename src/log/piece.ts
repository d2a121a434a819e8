/**
 * A part of the bytes of a request, a character a byte: content that is too long to be made a string of only to be copied.
 * It is good for the step in which it is handed in, and no longer: the bytes are those of the next request then.
 */
export class Piece {
  readonly #bytes: Buffer
  readonly #from: number
  readonly #to: number

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes
    this.#from = from
    this.#to = to
  }

  get length(): number {
    return this.#to - this.#from
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(this.#from, this.#to)
  }

  copyTo(target: Buffer, at: number): void {
    this.#bytes.copy(target, at, this.#from, this.#to)
  }

  toString(): string {
    return this.#bytes.toString('latin1', this.#from, this.#to)
  }
}
