import { Cells } from './cells.js'
import type { Entry } from './entry.js'
import type { NodeId } from './node-id.js'
import type { Slab } from './slab.js'
import type { Slabs } from './slabs.js'

/** Instead of a cell, for what is gone. */
export const gone = -1

/**
 * What one node has stamped, as far as it is held here: contiguous from 1 to `have`, shown up to `shown`.
 * Old records go one by one; a hole means "shown and evicted" (or, beyond `shown`, evicted where it was copied from).
 */
export class Origin {
  /** Index in the ledger's vectors; changes when origins come or go. */
  slot = 0
  have = 0
  shown = 0
  /** Of any channel: evicted up to here with the channel's own floor forgotten. A cursor below it is told a gap. */
  lost = 0
  /** Lamport time of record `have`. */
  time = 0
  /** The record that was last given its id, and that id; see `idOf`. */
  namedSeq = 0
  name = ''
  /** When its last record came in; its tombstone runs out a few retention times later. */
  touchedMs = 0
  /** Of its slabs, those with room; see `Slabs`. */
  readonly rooms: Slab[] = []
  /** The cells of its records. */
  readonly #cells = new Cells()
  /** Sequence number of the first cell. */
  #base = 1
  /** No record before this one is kept in a ring. */
  #oldest = 1

  constructor(
    readonly id: NodeId,
    /** Where its records lie. */
    readonly slabs: Slabs,
  ) {}

  /** Nothing before this record is held. */
  get first(): number {
    return this.#base
  }

  at(seq: number): Entry | undefined {
    const index = seq - this.#base
    const cell = index < 0 ? gone : (this.#cells.at(index) ?? gone)
    return cell === gone ? undefined : this.slabs.entry(cell)
  }

  append(entry: Entry): void {
    this.#cells.push(entry.cell)
    this.have = entry.seq
    this.time = entry.time
    this.touchedMs = entry.bornMs
  }

  /** All after `have` up to `seq` is evicted where it came from. */
  skip(seq: number, time: number, nowMs: number): void {
    if (this.#cells.length === 0) this.#base = seq + 1
    else for (let i = this.have; i < seq; i++) this.#cells.push(gone)
    this.have = seq
    this.time = Math.max(this.time, time)
    this.touchedMs = nowMs
  }

  /** Forgets one record; the numbers of cells are cut off as soon as no older one is held. */
  drop(seq: number): void {
    const index = seq - this.#base
    const cell = index < 0 ? gone : (this.#cells.at(index) ?? gone)
    if (cell === gone) return
    this.slabs.entry(cell).strip()
    this.slabs.give(cell)
    this.#cells.put(index, gone)
    if (index > 0) return
    for (; this.#cells.at(0) === gone; this.#base++) this.#cells.shift()
  }

  /** A ring keeps this record from now on, perhaps after later ones. */
  keep(seq: number): void {
    if (seq < this.#oldest) this.#oldest = seq
  }

  /** The oldest record that a ring still keeps. */
  oldest(): Entry | undefined {
    if (this.#oldest < this.#base) this.#oldest = this.#base
    for (; this.#oldest <= this.shown; this.#oldest++) {
      const entry = this.at(this.#oldest)
      if (entry?.kept) return entry
    }
    return undefined
  }

  /** The last sequence number held here whose time is at most `time`; 0 when only evicted ones are that old. */
  upTo(time: number): number {
    if (this.time <= time) return this.have
    let low = this.#base
    let high = this.have
    while (low < high) {
      const middle = (low + high) >> 1
      const entry = this.#nextFrom(middle, high)
      if (entry !== undefined && entry.time <= time) low = entry.seq + 1
      else high = middle
    }
    let seq = low - 1
    while (seq >= this.#base && this.at(seq) === undefined) seq--
    return seq < this.#base ? 0 : seq
  }

  /** For records not held: a time that is no less than theirs, and below the next one's. */
  timeAt(seq: number): number {
    if (seq >= this.have) return this.time
    const entry = this.at(seq)
    if (entry) return entry.time
    const next = this.#nextFrom(seq + 1, this.have + 1)
    return next ? next.time - 1 : this.time
  }

  /** The first record held after this one, if it is no further off than so many. */
  next(seq: number, lookahead: number): Entry | undefined {
    return this.#nextFrom(seq + 1, seq + 1 + lookahead)
  }

  #nextFrom(seq: number, end: number): Entry | undefined {
    for (let i = seq; i < end; i++) {
      const entry = this.at(i)
      if (entry) return entry
    }
    return undefined
  }
}
