import { Block } from './arena.js'
import type { Origin } from './origin.js'
import type { Copy, Draft, Position, Record } from './record.js'
import { Run } from './run.js'

const split = 2 ** 30

/** A position, or the run of records in which it is found. */
export type Place = Position | Run

/**
 * A record as this node holds it. `kept` while its channel's ring has it; without content it lives on for its key alone.
 * It is the block that holds its own tail: an object less for each message that is kept.
 */
export class Entry extends Block {
  kept = false
  /** Set when it is shown; see `position`. */
  place: Place | undefined
  database: string
  channel: string
  readonly key: string | undefined
  readonly digest: string | undefined
  head: string
  /** By the `ms` clock, without fractions: whole numbers take no memory of their own. */
  readonly bornMs: number
  readonly #high: number
  readonly #low: number
  /** What it costs to keep, in bytes. Known once and for all: the oldest entry, that goes, has long left the caches, and what it refers to. */
  readonly size: number

  constructor(
    readonly origin: Origin,
    readonly seq: number,
    time: number,
    draft: Draft,
    bornMs: number,
  ) {
    super()
    this.#high = Math.floor(time / split)
    this.#low = time % split
    this.bornMs = Math.floor(bornMs)
    this.database = draft.database
    this.channel = draft.channel
    this.key = draft.key
    this.digest = draft.digest
    this.head = draft.head
    this.size = sizeOf(draft)
    if (draft.tail !== '') origin.arena.hold(this, draft.tail)
  }

  /** Everything at or before it in the order, as known to whoever showed it first; none before it is shown. */
  get position(): Position | undefined {
    return this.place instanceof Run ? this.place.at(this) : this.place
  }

  /** Only of `Traced`: entries without a trace have no room for one. */
  get traceparent(): string | undefined {
    return undefined
  }

  /** Another node has shown it: where, and whether it repeats a key and so has no content any more. */
  decide(copy: Copy): void {
    this.place = copy.position
    if (copy.tail === '') this.strip()
  }

  /** Lamport time. Kept in two halves: a number so large would be an object of its own. */
  get time(): number {
    return this.#high * split + this.#low
  }

  /** A copy, made anew for each who asks; of a long one, with each step. */
  get tail(): string {
    return this.length === 0 ? '' : this.origin.arena.read(this)
  }

  /** Of its content, in bytes. */
  get weight(): number {
    return this.head.length + this.length
  }

  /** Of that, what an arena holds. */
  get heldBytes(): number {
    return this.region ? this.length : 0
  }

  strip(): void {
    this.origin.arena.release(this)
    this.length = 0
    this.head = ''
  }

  record(): Record {
    const { database, channel, head, tail, seq, time } = this
    const plain = { database, channel, head, tail, seq, time }
    return this.key === undefined ? plain : { ...plain, key: this.key, digest: this.digest ?? '' }
  }

  copy(nowMs: number): Copy {
    const copy = { ...this.record(), ageMs: Math.max(0, nowMs - this.bornMs) }
    const { position } = this
    return position === undefined ? copy : { ...copy, position }
  }
}

class Traced extends Entry {
  readonly #traceparent: string

  constructor(origin: Origin, seq: number, time: number, draft: Draft, bornMs: number) {
    super(origin, seq, time, draft, bornMs)
    this.#traceparent = draft.traceparent ?? ''
  }

  override get traceparent(): string {
    return this.#traceparent
  }

  override record(): Record {
    return { ...super.record(), traceparent: this.#traceparent }
  }
}

export const entryOf = (origin: Origin, seq: number, time: number, draft: Draft, bornMs: number): Entry =>
  draft.traceparent === undefined
    ? new Entry(origin, seq, time, draft, bornMs)
    : new Traced(origin, seq, time, draft, bornMs)

const overhead = 200

/** The content and a fair guess at the rest. */
export const sizeOf = (draft: Pick<Draft, 'head' | 'tail' | 'channel'>): number =>
  draft.head.length + draft.tail.length + draft.channel.length + overhead

export const sizeOfAll = (drafts: readonly Draft[]): number => {
  let sum = 0
  for (const draft of drafts) sum += sizeOf(draft)
  return sum
}

/** The canonical order: by Lamport time, then by origin. The only place where ties are broken. */
export const before = (a: Entry, b: Entry): boolean =>
  a.time < b.time || (a.time === b.time && a.origin.id < b.origin.id)

export const byKey = (a: Entry, b: Entry): number => (before(a, b) ? -1 : a === b ? 0 : 1)
