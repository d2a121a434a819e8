import type { Floor } from '../cluster/message.js'
import type { Effect, Outcome, Publisher } from '../effect.js'
import { type Entry, homeOf } from '../log/entry.js'
import { Histogram } from '../log/histogram.js'
import { ticksPerMs } from '../log/lamport.js'
import type { Audience } from '../log/log.js'
import type { Origin } from '../log/origin.js'
import type { Draft, Position } from '../log/record.js'
import type { Home } from '../log/slab.js'
import type { Channels } from './channels.js'
import type { Readers } from './readers.js'

/** The channels and their readers, as the log sees them. */
export class ChannelAudience implements Audience {
  /** The time of the present step. */
  nowMs = 0
  wallMs = 0
  /** From a publish to the answer that it is done. */
  readonly publishing = new Histogram()
  /** From the acceptance of a message, wherever that was, until it is shown here; by the clocks of both machines. */
  readonly delivery = new Histogram()
  /** Publishes of this node that repeated a key. */
  duplicates = 0

  constructor(
    readonly channels: Channels,
    readonly readers: Readers,
    readonly emit: (effect: Effect) => void,
  ) {}

  show(entry: Entry): Entry | undefined {
    this.delivery.add(Math.max(0, this.wallMs - entry.time / ticksPerMs))
    return this.channels.keep(entry, this.nowMs)
  }

  adopt(entry: Entry): void {
    this.channels.adopt(entry, this.nowMs)
  }

  missed(origin: Origin, floors: readonly Floor[], lost: number): void {
    for (const floor of floors) this.channels.raise(origin, floor, this.nowMs)
    if (lost <= origin.lost) return
    origin.lost = lost
    this.channels.touchAll()
  }

  get isAwaited(): boolean {
    return this.readers.waiting > 0
  }

  shown(before: Position): void {
    this.readers.wake(before)
  }

  keyed(database: string, key: string): Entry | undefined {
    return this.channels.keys.get(database, key)
  }

  admits({ database, channel }: Draft): boolean {
    return !this.channels.full || this.channels.find(database, channel) !== undefined
  }

  homeOf(draft: Draft): Home {
    return this.channels.find(draft.database, draft.channel) ?? homeOf(draft)
  }

  settled(publisher: Publisher, outcome: Outcome, sinceMs = this.nowMs): void {
    if (outcome.ok) {
      this.publishing.add(this.nowMs - sinceMs)
      if (outcome.duplicates.includes(true)) this.duplicates++
    }
    this.emit({ type: 'published', publisher, outcome })
  }

  floorsOf(origins: ReadonlySet<Origin>): ReadonlyMap<Origin, readonly Floor[]> {
    return this.channels.floorsOf(origins)
  }

  forget(origin: Origin): void {
    this.channels.forget(origin)
  }
}
