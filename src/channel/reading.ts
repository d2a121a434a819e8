import type { GapReason } from '../effect.js'
import type { Entry } from '../log/entry.js'
import type { Ledger } from '../log/ledger.js'
import type { NodeId } from '../log/node-id.js'
import type { Position } from '../log/record.js'
import { type Cursor, formatCursor } from './cursor.js'
import { idOf } from './message-id.js'
import type { Strangers } from './strangers.js'

interface Strange {
  readonly id: NodeId
  readonly seq: number
  /** The reader knows of the gap. */
  told: boolean
  /** Too early to call it a gap. */
  excused: boolean
}

/**
 * How far a reader is, as this node can use it: a number for each origin it knows, by slot, and apart from them the
 * components of origins that it does not know. Those are kept (ordering rule R7: dropping one gives a message twice).
 */
export class Reading {
  readonly seqs: number[]
  /** Components of origins unknown here. */
  readonly strange: Strange[] = []
  time: number
  /** Something that can't be given any more, and is told once: of an origin that is forgotten by now it has not had all, say. */
  missed: GapReason | undefined
  /** Origins in a cursor. */
  originsMax = Number.POSITIVE_INFINITY
  readonly #ledger: Ledger

  constructor(ledger: Ledger, time = 0, seqs: number[] = ledger.ids.map(() => 0)) {
    this.#ledger = ledger
    this.time = time
    this.seqs = seqs
  }

  static at(ledger: Ledger, cursor: Position | Cursor, strangers: Strangers): Reading {
    const isOurs = cursor.origins === ledger.ids
    const reading = isOurs ? new Reading(ledger, cursor.time, cursor.seqs.slice()) : new Reading(ledger, cursor.time)
    reading.originsMax = strangers.originsMax
    if (isOurs) return reading
    cursor.origins.forEach((id, i) => {
      const seq = cursor.seqs[i] ?? 0
      const origin = ledger.get(id)
      if (origin) reading.seqs[origin.slot] = seq
      else reading.#meet(id, seq, 'told' in cursor && cursor.told[i] === true, strangers)
    })
    // There is no room to be patient in: what is not told can't be left out of the next cursor, which nobody would take.
    if (reading.#excess > 0) for (const component of reading.strange) component.excused = false
    return reading
  }

  #meet(id: NodeId, seq: number, told: boolean, strangers: Strangers): void {
    const fate = strangers.fate(id, seq)
    if (fate === 'missed') this.missed = 'evicted'
    if (fate === 'other_log' || fate === 'replaced') {
      this.missed = fate === 'replaced' ? 'unknown_origin' : fate
      // It is of no order that is known here.
      this.time = 0
    }
    if (fate === 'beyond') this.strange.push({ id, seq, told, excused: !told && strangers.isExcused(id) })
  }

  covers(entry: Entry): boolean {
    return (this.seqs[entry.origin.slot] ?? 0) >= entry.seq
  }

  /** Is there an origin that nobody here knows, and the reader has not been told? */
  get astray(): boolean {
    return this.strange.some(({ told, excused }) => !told && !excused)
  }

  tellStrange(): void {
    for (const component of this.strange) component.told ||= !component.excused
  }

  /** Takes in a position; true if nothing of the reading was beyond it, so that the position alone says it all. */
  merge(position: Position): boolean {
    const exact = position.origins === this.#ledger.ids ? this.#mergeSlots(position.seqs) : this.#mergeIds(position)
    const same = exact && this.strange.length === 0 && this.time <= position.time
    this.time = Math.max(this.time, position.time)
    return same
  }

  #mergeSlots(seqs: readonly number[]): boolean {
    let exact = true
    for (let slot = 0; slot < seqs.length; slot++) {
      const mine = this.seqs[slot] ?? 0
      const theirs = seqs[slot] ?? 0
      if (mine > theirs) exact = false
      else this.seqs[slot] = theirs
    }
    return exact
  }

  #mergeIds(position: Position): boolean {
    const seqs = this.#ledger.ids.map(() => 0)
    position.origins.forEach((id, i) => {
      const origin = this.#ledger.get(id)
      if (origin) seqs[origin.slot] = position.seqs[i] ?? 0
    })
    return this.#mergeSlots(seqs)
  }

  /** Moves over `entry` and says the id that a reader at this place is given for it. */
  take(entry: Entry): string {
    const { position } = entry
    return position && this.merge(position) ? idOf(entry) : this.text()
  }

  get #excess(): number {
    return this.strange.length + this.#ledger.ids.length - this.originsMax
  }

  /**
   * A cursor takes so many origins and no more. Those go first of which its reader was told that nobody knows them, the
   * oldest first: should they come back after all, their messages are given again.
   */
  #kept(): Strange[] {
    const excess = this.#excess
    if (excess <= 0) return this.strange
    const told = this.strange.filter((each) => each.told).sort((a, b) => (a.id < b.id ? -1 : 1))
    const dropped = new Set(told.slice(0, excess))
    return this.strange.filter((each) => !dropped.has(each))
  }

  cursor(): Cursor {
    const components = this.#kept().map(({ id, seq, told }): [NodeId, number, boolean] => [id, seq, told])
    this.#ledger.ids.forEach((id, slot) => {
      const seq = this.seqs[slot] ?? 0
      if (seq > 0) components.push([id, seq, false])
    })
    components.sort((a, b) => (a[0] < b[0] ? -1 : 1))
    return {
      time: this.time,
      origins: components.map(([id]) => id),
      seqs: components.map(([, seq]) => seq),
      told: components.map(([, , told]) => told),
    }
  }

  text(): string {
    return formatCursor(this.cursor())
  }
}
