import type { CoreOptions } from '../limits.js'
import type { Ledger } from '../log/ledger.js'
import type { NodeId } from '../log/node-id.js'
import type { Origin } from '../log/origin.js'
import type { Reach } from './message.js'

/** An origin that is gone is remembered for this many retention times: so long a cursor may name it. */
const lives = 4
/** Forgotten origins that are still known as such. */
const forgottenMax = 1024

/** R8: origins of dead nodes are kept until no cursor can need them, and then dropped by all members in one view change. */
export class Tombstones {
  /** And how far each was: a reader may know more of it, from the other side of a long split. */
  readonly #forgotten = new Map<NodeId, number>()

  constructor(
    readonly ledger: Ledger,
    readonly options: CoreOptions,
  ) {}

  /** How a cursor that names this number stands to what is forgotten: it knew all of it, or missed some, or knows more. */
  fate(id: NodeId, seq: number): 'known' | 'missed' | 'beyond' {
    const forgotten = this.#forgotten.get(id) ?? 0
    return seq > forgotten ? 'beyond' : seq < forgotten ? 'missed' : 'known'
  }

  get forgotten(): readonly Reach[] {
    return [...this.#forgotten]
  }

  /** Origins that this node is done with, and the times of their last records. */
  expired(isPresent: (id: NodeId) => boolean, nowMs: number): Reach[] {
    const atMs = nowMs - lives * this.options.retentionMs
    const done = ({ id, have, shown, touchedMs }: Origin) => shown === have && touchedMs < atMs && !isPresent(id)
    return this.ledger.origins.filter((origin) => done(origin) && !origin.oldest()).map(({ id, time }) => [id, time])
  }

  forget(id: NodeId, seq: number): Origin | undefined {
    const origin = this.ledger.get(id)
    this.ledger.remove(id)
    this.#forgotten.set(id, seq)
    const [first] = this.#forgotten.keys()
    if (this.#forgotten.size > forgottenMax && first) this.#forgotten.delete(first)
    return origin
  }

  /** It has come back: a node that was paused for very long. */
  revive(id: NodeId): void {
    this.#forgotten.delete(id)
  }
}
