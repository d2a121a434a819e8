import type { Now } from '../effect.js'
import { bornAt, type NodeId } from '../log/node-id.js'

/** How far two walls may be apart. */
const skewMs = 5000
const seenMax = 1024

/**
 * All of it; not all; or more than was forgotten, if it was. What is of another log has no place in this one, and what is
 * `replaced` will not come back: neither is kept in a cursor.
 */
export type Fate = 'known' | 'missed' | 'beyond' | 'other_log' | 'replaced'

interface Parts {
  /** Of an origin that every node is done with: what a cursor that names this number knows of it. */
  readonly fate: (id: NodeId, seq: number) => Fate
  /** Since when, by the wall, this node's view stands. */
  readonly viewSince: () => number
  /** How long a node may need to hear of another one. */
  readonly graceMs: number
  /** In a cursor. */
  readonly originsMax: number
}

/**
 * What to make of origins in a cursor that this node does not know. Most are of a cluster that is no more, or of another
 * one, and their reader is told so. But a node that lags, by a pause perhaps, can be asked by a reader who comes from
 * one that is ahead: who was born after this node's view may be news that is still on its way here.
 */
export class Strangers {
  readonly #parts: Parts
  readonly #seenMs = new Map<NodeId, number>()
  #nowMs = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get originsMax(): number {
    return this.#parts.originsMax
  }

  begin(now: Now): void {
    this.#nowMs = now.ms
  }

  fate(id: NodeId, seq: number): Fate {
    return this.#parts.fate(id, seq)
  }

  isExcused(id: NodeId): boolean {
    if (bornAt(id) < this.#parts.viewSince() - skewMs) return false
    const seenMs = this.#seenMs.get(id)
    if (seenMs !== undefined) return this.#nowMs - seenMs < this.#parts.graceMs
    const [oldest] = this.#seenMs.keys()
    if (this.#seenMs.size >= seenMax && oldest) this.#seenMs.delete(oldest)
    this.#seenMs.set(id, this.#nowMs)
    return true
  }
}
