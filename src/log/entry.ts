import type { Origin } from './origin.js'
import type { Copy, Draft, Position, Record } from './record.js'
import { Run } from './run.js'
import { type Extra, type Home, noRegion, type Slab, slabCells } from './slab.js'

/** A position, or the run of records in which it is found. */
export type Place = Position | Run

// No private getters: V8 leaves its compiled code for each of them.

const extraOf = ({ slab, index }: Entry): Extra | undefined => slab.extras?.[index]

/** Of its text, in bytes. */
const lengthOf = ({ slab, index }: Entry): number => slab.lengths[index] ?? 0

/**
 * A record as this node holds it. `kept` while its channel's ring has it; without content it lives on for its key alone.
 * This object is but a look at it, for the step in which it is made: the record lies in a cell of a slab (`Slabs`), and
 * each who asks for it is given an object of his own.
 */
export class Entry {
  constructor(
    readonly slab: Slab,
    readonly index: number,
  ) {}

  /** By which it is found again, for as long as its origin has it. */
  get cell(): number {
    return this.slab.cellOf(this.index)
  }

  is(other: Entry): boolean {
    return this.slab === other.slab && this.index === other.index
  }

  get origin(): Origin {
    return this.slab.origin
  }

  get seq(): number {
    return this.slab.seqs[this.index] ?? 0
  }

  /** Lamport time. */
  get time(): number {
    return this.slab.times[this.index] ?? 0
  }

  /** By the `ms` clock, without fractions. */
  get bornMs(): number {
    return this.slab.bornMs[this.index] ?? 0
  }

  /** What it costs to keep, in bytes: known once and for all. */
  get size(): number {
    return this.slab.sizes[this.index] ?? 0
  }

  get kept(): boolean {
    return this.slab.kept[this.index] === 1
  }

  set kept(isKept: boolean) {
    this.slab.kept[this.index] = isKept ? 1 : 0
  }

  /** Its channel, once it is shown; before that perhaps one that is gone by then. */
  get home(): Home | undefined {
    return this.slab.homes[this.index]
  }

  set home(home: Home | undefined) {
    this.slab.homes[this.index] = home
  }

  get database(): string {
    return this.home?.database ?? ''
  }

  get channel(): string {
    return this.home?.name ?? ''
  }

  /** Set when it is shown; see `position`. */
  get place(): Place | undefined {
    return this.slab.places[this.index]
  }

  set place(place: Place | undefined) {
    this.slab.places[this.index] = place
  }

  /** Everything at or before it in the order, as known to whoever showed it first; none before it is shown. */
  get position(): Position | undefined {
    const { place } = this
    return place instanceof Run ? place.at(this) : place
  }

  get key(): string | undefined {
    return extraOf(this)?.key
  }

  get digest(): string | undefined {
    return extraOf(this)?.digest
  }

  get head(): string {
    return extraOf(this)?.head ?? ''
  }

  get traceparent(): string | undefined {
    return extraOf(this)?.traceparent
  }

  /** Another node has shown it: where, and whether it repeats a key and so has no content any more. */
  decide(copy: Copy): void {
    this.place = copy.position
    if (copy.tail === '') this.strip()
  }

  /** A copy, made anew for each who asks; of a long one, with each step. */
  get tail(): string {
    return lengthOf(this) === 0 ? '' : this.origin.slabs.arena.read(this.slab, this.index)
  }

  /** Of its content, in bytes. */
  get weight(): number {
    return this.head.length + lengthOf(this)
  }

  /** Of that, what an arena holds. */
  get heldBytes(): number {
    return (this.slab.regions[this.index] ?? noRegion) >= 0 ? lengthOf(this) : 0
  }

  strip(): void {
    this.origin.slabs.arena.release(this.slab, this.index)
    const extra = extraOf(this)
    if (extra) extra.head = ''
  }

  record(): Record {
    const { database, channel, head, tail, seq, time, key, traceparent } = this
    const plain = { database, channel, head, tail, seq, time }
    const keyed = key === undefined ? plain : { ...plain, key, digest: this.digest ?? '' }
    return traceparent === undefined ? keyed : { ...keyed, traceparent }
  }

  copy(nowMs: number): Copy {
    const copy = { ...this.record(), ageMs: Math.max(0, nowMs - this.bornMs) }
    const { position } = this
    return position === undefined ? copy : { ...copy, position }
  }
}

/** Nearly all have none. */
const addExtra = (slab: Slab, index: number, { key, digest, head, traceparent }: Draft): void => {
  if (key === undefined && head === '' && traceparent === undefined) return
  slab.extras ??= new Array<Extra | undefined>(slabCells).fill(undefined)
  slab.extras[index] = { key, digest, head, traceparent }
}

/** Where a draft belongs that has no channel yet. */
export const homeOf = ({ database, channel }: Draft): Home => ({ database, name: channel })

/** Puts a record of an origin into a cell; it is for the origin to keep it (`append`) and let it go (`drop`). */
export const entryOf = (
  origin: Origin,
  seq: number,
  time: number,
  draft: Draft,
  bornMs: number,
  home: Home = homeOf(draft),
): Entry => {
  const entry = origin.slabs.take(origin)
  const { slab, index } = entry
  slab.seqs[index] = seq
  slab.times[index] = time
  slab.bornMs[index] = Math.floor(bornMs)
  slab.sizes[index] = sizeOf(draft)
  slab.homes[index] = home
  addExtra(slab, index, draft)
  if (draft.tail.length > 0) origin.slabs.arena.hold(slab, index, draft.tail)
  return entry
}

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

export const byKey = (a: Entry, b: Entry): number => (before(a, b) ? -1 : a.is(b) ? 0 : 1)
