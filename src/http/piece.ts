import type { Piece } from '../log/record.js'

/** Long content where it was read: no string is made of it only to be copied to where it is kept. */
export class BytePiece implements Piece {
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

  toString(): string {
    return this.#bytes.toString('latin1', this.#from, this.#to)
  }
}
