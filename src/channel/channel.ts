import type { Entry } from '../log/entry.js'
import type { Origin } from '../log/origin.js'
import type { Home } from '../log/slab.js'
import type { Slabs } from '../log/slabs.js'
import type { Circle } from './circles.js'
import { Ring } from './ring.js'
import type { Waiter } from './waiter.js'

/** Up to and including `seq`, this origin's messages are gone from the channel. */
export interface LocalFloor {
  seq: number
  atMs: number
}

/** One channel: what is kept of it, what is gone, who waits. */
export class Channel implements Home {
  readonly ring: Ring
  readonly floors = new Map<Origin, LocalFloor>()
  readonly waiters: Waiter[] = []
  readonly circles = new Set<Circle>()
  /** Something here was shown or went since waiters were last looked at. */
  dirty = false
  /** It is no more: another one may have its name by now. */
  gone = false

  constructor(
    readonly database: string,
    readonly name: string,
    slabs: Slabs,
  ) {
    this.ring = new Ring(slabs)
  }

  /** Somebody wants to know what is shown here. */
  get isWatched(): boolean {
    return this.waiters.length > 0 || this.circles.size > 0
  }

  get idle(): boolean {
    return this.ring.length === 0 && !this.isWatched && this.floors.size === 0
  }

  raise(origin: Origin, seq: number, nowMs: number): void {
    const floor = this.floors.get(origin)
    if (floor === undefined) this.floors.set(origin, { seq, atMs: nowMs })
    else {
      floor.seq = Math.max(floor.seq, seq)
      floor.atMs = nowMs
    }
  }

  /** Takes an entry out of the ring and remembers that it was there. */
  evict(entry: Entry, nowMs: number, remember: boolean): void {
    this.ring.remove(entry)
    entry.kept = false
    if (remember) this.raise(entry.origin, entry.seq, nowMs)
  }

  /** Floors that are older than `atMs` become part of what the origin has lost as a whole: coarser, never wrong. */
  fold(atMs: number): void {
    for (const [origin, floor] of this.floors) {
      if (floor.atMs > atMs) continue
      origin.lost = Math.max(origin.lost, floor.seq)
      this.floors.delete(origin)
    }
  }
}
