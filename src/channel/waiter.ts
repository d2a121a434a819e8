import type { GapReason, Reader } from '../effect.js'
import type { Channel } from './channel.js'
import type { Cursor } from './cursor.js'
import { Due } from './deadlines.js'

const none: readonly number[] = []

/**
 * One parked poll. It stands at the end of the order as this node shows it, so it needs no position of its own,
 * unless it has come from a node that is ahead or knows other origins: then `ahead` says so.
 */
export class Waiter extends Due {
  /** A gap to be told with the next message. */
  gap: GapReason | undefined
  /** Its place in the list of its first channel, and in those of the others. */
  #place = 0
  #places: readonly number[] = none

  constructor(
    readonly reader: Reader,
    readonly channels: readonly Channel[],
    readonly limit: number,
    readonly untilMs: number,
    readonly lenient: boolean,
    readonly ahead: Cursor | undefined,
  ) {
    super()
  }

  park(): void {
    const { channels } = this
    if (channels.length > 1) this.#places = channels.map(({ waiters }) => waiters.length)
    else this.#place = channels[0]?.waiters.length ?? 0
    for (const { waiters } of channels) waiters.push(this)
    this.reader.waiter = this
  }

  /** Leaves all its channels: the last of each list takes its place. */
  leave(): void {
    const { channels } = this
    for (let i = 0; i < channels.length; i++) {
      const channel = channels[i]
      const last = channel?.waiters.pop()
      if (channel && last && last !== this)
        last.#move(channel, channels.length > 1 ? (this.#places[i] ?? 0) : this.#place)
    }
    this.reader.waiter = undefined
  }

  #move(channel: Channel, place: number): void {
    channel.waiters[place] = this
    if (this.channels.length === 1) this.#place = place
    else this.#places = this.#places.map((old, i) => (this.channels[i] === channel ? place : old))
  }
}
