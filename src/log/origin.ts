import type { Arena } from './arena.js'
import type { Entry } from './entry.js'
import type { NodeId } from './node-id.js'

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
  #slots: (Entry | undefined)[] = []
  #head = 0
  /** Sequence number of the first slot. */
  #base = 1
  /** No record before this one is kept in a ring. */
  #oldest = 1

  constructor(
    readonly id: NodeId,
    /** Where the texts of its records lie. */
    readonly arena: Arena,
  ) {}

  /** Nothing before this record is held. */
  get first(): number {
    return this.#base
  }

  /** All that is held, with holes. */
  entries(): readonly (Entry | undefined)[] {
    return this.#slots
  }

  at(seq: number): Entry | undefined {
    const index = seq - this.#base
    return index < 0 ? undefined : this.#slots[this.#head + index]
  }

  append(entry: Entry): void {
    this.#slots.push(entry)
    this.have = entry.seq
    this.time = entry.time
    this.touchedMs = entry.bornMs
  }

  /** All after `have` up to `seq` is evicted where it came from. */
  skip(seq: number, time: number, nowMs: number): void {
    if (this.#head === this.#slots.length) this.#base = seq + 1
    else for (let i = this.have; i < seq; i++) this.#slots.push(undefined)
    this.have = seq
    this.time = Math.max(this.time, time)
    this.touchedMs = nowMs
  }

  /** Forgets one record; its slots are freed as soon as no older one is held. */
  drop(seq: number): void {
    const index = seq - this.#base
    if (index < 0) return
    this.#slots[this.#head + index]?.strip()
    this.#slots[this.#head + index] = undefined
    if (index > 0) return
    while (this.#head < this.#slots.length && this.#slots[this.#head] === undefined) {
      this.#head++
      this.#base++
    }
    if (this.#head > 1024 && this.#head * 2 > this.#slots.length) {
      this.#slots = this.#slots.slice(this.#head)
      this.#head = 0
    }
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
