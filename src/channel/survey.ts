import type { ListedChannel, SurveyWish } from '../effect.js'
import type { Entry } from '../log/entry.js'
import { ticksPerMs } from '../log/lamport.js'
import type { Channel } from './channel.js'
import type { Channels } from './channels.js'

/** Rates are told over so many milliseconds. */
const rateMs = 10_000
/** What came at once is not taken for a rate of millions. */
const leastSpanMs = 100

type Surveyed = Pick<Channels, 'all' | 'options'>

const byLamport = ({ time }: Entry): number => time / ticksPerMs

interface Place {
  readonly channel: Channel
  readonly value: number
}

/**
 * Looks for the channels at the top, some at a time: there may be a million of them, and nothing waits for this. Each
 * is looked at once; one that comes or goes meanwhile may be missed. How fast a channel is, its ring tells, whose
 * entries have their times: so nothing is counted for this when a message comes.
 */
export class Survey {
  /** Channels that fit the wish, of those looked at. */
  matched = 0
  readonly #channels: Surveyed
  readonly #wish: SurveyWish
  readonly #match: string
  readonly #wallMs: number
  readonly #wallOf: (entry: Entry) => number
  readonly #left: IterableIterator<Channel>
  /** The greatest first. */
  readonly #top: Place[] = []

  /** `wallOf`: when an entry was accepted, in milliseconds of wall time. */
  constructor(channels: Surveyed, wish: SurveyWish, wallMs: number, wallOf = byLamport) {
    this.#wallOf = wallOf
    this.#channels = channels
    this.#wish = wish
    this.#match = wish.match.toLowerCase()
    this.#wallMs = wallMs
    this.#left = channels.all()
  }

  /** Looks at so many more; false when there are none left. */
  walk(count: number): boolean {
    for (let i = 0; i < count; i++) {
      const next = this.#left.next()
      if (next.done) return false
      if (next.value.name.toLowerCase().includes(this.#match)) this.#consider(next.value)
    }
    return true
  }

  /** The top of those looked at. */
  get listed(): readonly ListedChannel[] {
    return this.#top.map(({ channel }) => this.#describe(channel))
  }

  #consider(channel: Channel): void {
    this.matched++
    const top = this.#top
    const value = this.#wish.by === 'depth' ? channel.ring.length : this.#rate(channel)
    const isFull = top.length >= this.#wish.count
    if (isFull && value <= (top.at(-1)?.value ?? 0)) return
    if (isFull) top.pop()
    const at = top.findIndex((other) => other.value < value)
    top.splice(at < 0 ? top.length : at, 0, { channel, value })
  }

  #describe(channel: Channel): ListedChannel {
    const { database, name, ring, waiters } = channel
    const last = ring.at(ring.length - 1)
    let readers = waiters.length
    for (const circle of channel.circles) readers += circle.readers.length
    const listed = { database, channel: name, depth: ring.length, rate: this.#rate(channel), readers }
    if (last === undefined) return listed
    return { ...listed, quietMs: Math.max(0, Math.round(this.#wallMs - this.#wallOf(last))) }
  }

  /** Messages a second. When all that is kept is younger than the span, it says how fast that was filled. */
  #rate({ ring }: Channel): number {
    const since = this.#wallMs - rateMs
    const last = ring.at(ring.length - 1)
    const first = ring.at(0)
    if (last === undefined || first === undefined || this.#wallOf(last) < since) return 0
    const isFull = ring.length >= this.#channels.options.retentionCount
    const spanMs = isFull && this.#wallOf(first) > since ? this.#wallMs - this.#wallOf(first) : rateMs
    const rate =
      (ring.length - ring.first((entry) => this.#wallOf(entry) >= since)) / (Math.max(leastSpanMs, spanMs) / 1000)
    return Math.round(rate * 10) / 10
  }
}
