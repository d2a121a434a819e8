import type { Entry } from './entry.js'
import type { NodeId } from './node-id.js'
import type { Origin } from './origin.js'
import type { Position } from './record.js'

/**
 * The positions of records of one origin that were shown one after the other, with none of another origin between them:
 * they differ in that origin's number alone. So a record need not keep a vector of its own.
 */
export class Run {
  /** Of the origin, among `origins`. */
  readonly slot: number

  constructor(
    readonly origin: Origin,
    readonly origins: readonly NodeId[],
    /** That of the origin is the record's own. */
    readonly seqs: readonly number[],
  ) {
    this.slot = origin.slot
  }

  at({ time, seq }: Entry): Position {
    const seqs = this.seqs.slice()
    seqs[this.slot] = seq
    return { time, origins: this.origins, seqs }
  }
}
