import type { Entry } from './entry.js'
import type { NodeId } from './node-id.js'
import type { Origin } from './origin.js'
import type { Position } from './record.js'

/**
 * The positions of records of one origin that were shown one after the other, with none of another origin between them:
 * they differ in that origin's number alone. So a record need not keep a vector of its own.
 */
export class Run {
  readonly #origins: readonly NodeId[]
  readonly #seqs: readonly number[]
  readonly #slot: number

  constructor(
    readonly origin: Origin,
    origins: readonly NodeId[],
    seqs: readonly number[],
  ) {
    this.#origins = origins
    this.#seqs = seqs
    this.#slot = origin.slot
  }

  at({ time, seq }: Entry): Position {
    const seqs = this.#seqs.slice()
    seqs[this.#slot] = seq
    return { time, origins: this.#origins, seqs }
  }
}
