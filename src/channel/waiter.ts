import type { GapReason, Reader } from '../effect.js'
import type { Channel } from './channel.js'
import type { Cursor } from './cursor.js'

/**
 * One parked poll. It stands at the end of the order as this node shows it, so it needs no position of its own,
 * unless it has come from a node that is ahead or knows other origins: then `ahead` says so.
 */
export class Waiter {
  /** Its place in each channel's list. */
  readonly places: number[] = []
  /** A gap to be told with the next message. */
  gap: GapReason | undefined

  constructor(
    readonly reader: Reader,
    readonly channels: readonly Channel[],
    readonly limit: number,
    readonly untilMs: number,
    readonly lenient: boolean,
    readonly ahead: Cursor | undefined,
    readonly time: number,
  ) {}

  park(): void {
    for (const channel of this.channels) {
      this.places.push(channel.waiters.length)
      channel.waiters.push(this)
    }
    this.reader.waiter = this
  }

  /** Leaves all its channels: the last of each list takes its place. */
  leave(): void {
    this.channels.forEach((channel, i) => {
      const place = this.places[i] ?? 0
      const last = channel.waiters.pop()
      if (last === undefined || last === this) return
      channel.waiters[place] = last
      last.places[last.channels.indexOf(channel)] = place
    })
    this.reader.waiter = undefined
  }
}
