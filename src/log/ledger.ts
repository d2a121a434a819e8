import type { Reach } from '../cluster/message.js'
import type { Entry, Place } from './entry.js'
import type { NodeId } from './node-id.js'
import { Origin } from './origin.js'
import type { Position } from './record.js'
import { Run } from './run.js'
import { Slabs } from './slabs.js'

/**
 * All origins that this node knows, in the order of their ids, with the vector of what is shown. Origins come and go
 * only when a view is installed, so positions made in between share one list of ids.
 */
export class Ledger {
  origins: readonly Origin[] = []
  ids: readonly NodeId[] = []
  /** How far each origin is shown, by slot. */
  shown: number[] = []
  /** The greatest key shown. */
  lastTime = 0
  lastOrigin: NodeId | '' = ''
  /** The latest time of any origin that is forgotten: what a cursor from before it has missed can't be told any more. */
  horizon = 0
  readonly slabs = new Slabs()
  readonly #byId = new Map<NodeId, Origin>()
  /** What is shown now continues this run, if there is one. */
  #run: Run | undefined

  get(id: NodeId): Origin | undefined {
    return this.#byId.get(id)
  }

  has(id: NodeId): boolean {
    return this.#byId.has(id)
  }

  have(id: NodeId): number {
    return this.#byId.get(id)?.have ?? 0
  }

  add(id: NodeId): Origin {
    return this.#byId.get(id) ?? this.put(new Origin(id, this.slabs))
  }

  put<Kind extends Origin>(origin: Kind): Kind {
    this.#byId.set(origin.id, origin)
    this.#arrange()
    return origin
  }

  remove(id: NodeId): void {
    if (this.#byId.delete(id)) this.#arrange()
  }

  #arrange(): void {
    this.origins = [...this.#byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
    this.ids = this.origins.map((origin) => origin.id)
    this.shown = this.origins.map((origin) => origin.shown)
    this.origins.forEach((origin, slot) => {
      origin.slot = slot
    })
    this.#run = undefined
  }

  /** Everything up to there is behind us, whether it was ever here or not. */
  raiseHorizon(time: number): void {
    this.horizon = Math.max(this.horizon, time)
    if (this.lastTime >= this.horizon) return
    this.lastTime = this.horizon
    this.lastOrigin = ''
  }

  reach(): Reach[] {
    return this.origins.map((origin) => [origin.id, origin.have] as const)
  }

  /** Whether `entry` comes after all that is shown. */
  inOrder(entry: Entry): boolean {
    return entry.time > this.lastTime || (entry.time === this.lastTime && entry.origin.id > this.lastOrigin)
  }

  /** Moves the shown vector over one record, and the greatest key with it. */
  advance(entry: Entry): void {
    this.#move(entry.origin, entry.seq)
    if (!this.inOrder(entry)) return
    this.lastTime = entry.time
    this.lastOrigin = entry.origin.id
  }

  /** Moves over what was evicted elsewhere. */
  advanceTo(origin: Origin, seq: number): void {
    if (seq <= origin.shown) return
    this.#move(origin, seq)
  }

  #move(origin: Origin, seq: number): void {
    if (seq <= origin.shown) return
    origin.shown = seq
    this.shown[origin.slot] = seq
    if (this.#run?.origin !== origin) this.#run = undefined
  }

  /** Where this node is in the order. */
  position(): Position {
    return { time: this.lastTime, origins: this.ids, seqs: this.shown.slice() }
  }

  /** The same, of the record that was shown last. */
  placeOf(entry: Entry): Place {
    if (this.lastTime !== entry.time) return this.position()
    this.#run ??= new Run(entry.origin, this.ids, this.shown.slice())
    return this.#run
  }

  /** The position of a record that comes late: of each origin what is not after it. */
  cut(entry: Entry): Position {
    const seqs = this.origins.map((origin) =>
      origin === entry.origin
        ? entry.seq
        : Math.min(origin.shown, origin.upTo(entry.time - (origin.id < entry.origin.id ? 0 : 1))),
    )
    return { time: entry.time, origins: this.ids, seqs }
  }
}
