import type { Poll } from '../effect.js'
import type { CoreOptions } from '../limits.js'
import type { Ledger } from '../log/ledger.js'
import type { Position } from '../log/record.js'
import type { Rules } from '../log/rules.js'
import { type Cursor, parseCursor } from './cursor.js'
import { Reading } from './reading.js'
import type { Strangers } from './strangers.js'
import type { Waiter } from './waiter.js'

export interface PlacesParts {
  readonly ledger: Ledger
  readonly options: CoreOptions
  readonly rules: Rules
  readonly strangers: Strangers
}

/** Where reading starts. */
export interface Start {
  readonly at: Reading
  /** It has no past, so nothing can be missing from it. */
  readonly fresh: boolean
  readonly recentMs?: number
}

/** Finds out where in the order a reader is. */
export class Places {
  readonly #parts: PlacesParts
  /** Many come back with the cursor that they were all just given. */
  #parsed: { readonly text: string; readonly cursor: Cursor } | undefined

  constructor(parts: PlacesParts) {
    this.#parts = parts
  }

  /** The end of what this node shows. */
  get tip(): Reading {
    const { ledger } = this.#parts
    return new Reading(ledger, ledger.lastTime, ledger.shown.slice())
  }

  at(position: Position | Cursor): Reading {
    return Reading.at(this.#parts.ledger, position, this.#parts.strangers)
  }

  /** Where one who waits stood at `before`, or stands now: there, and wherever it was ahead of that. */
  ofWaiter({ ahead }: Pick<Waiter, 'ahead'>, before?: Position): Reading {
    const reading = before ? this.at(before) : this.tip
    if (!ahead) return reading
    const further = this.at(ahead)
    further.seqs.forEach((seq, slot) => {
      reading.seqs[slot] = Math.max(reading.seqs[slot] ?? 0, seq)
    })
    reading.strange.push(...further.strange)
    reading.time = Math.max(reading.time, further.time)
    return reading
  }

  /** Is a part of it beyond what this node shows? */
  isAhead(reading: Reading): boolean {
    const { ledger } = this.#parts
    return (
      reading.strange.length > 0 ||
      reading.time > ledger.lastTime ||
      reading.seqs.some((seq, slot) => seq > (ledger.shown[slot] ?? 0))
    )
  }

  of({ from, lenientMs }: Pick<Poll, 'from' | 'lenientMs'>): Start | 'bad' {
    const { ledger } = this.#parts
    if (from === 'now') return { at: this.tip, fresh: true }
    if (from === 'earliest') return { at: new Reading(ledger), fresh: true }
    if ('recentMs' in from) return { at: new Reading(ledger), fresh: true, recentMs: from.recentMs }
    const cursor = this.#parse(from.cursor)
    if (cursor) return this.#resumed(cursor)
    return lenientMs === undefined ? 'bad' : { at: new Reading(ledger), fresh: true, recentMs: lenientMs }
  }

  #parse(text: string): Cursor | undefined {
    if (this.#parsed?.text === text) return this.#parsed.cursor
    const { ledger, options } = this.#parts
    const cursor = parseCursor(text, options.cursorOriginsMax, ledger.ids)
    if (cursor) this.#parsed = { text, cursor }
    return cursor
  }

  #resumed(cursor: Cursor): Start {
    const { ledger, rules } = this.#parts
    const at = this.at(cursor)
    if (!rules.keepUnknownOrigins) at.strange.length = 0
    if (!rules.vectorCursor) {
      ledger.origins.forEach((origin, slot) => {
        at.seqs[slot] = Math.min(origin.shown, origin.upTo(cursor.time))
      })
    }
    return { at, fresh: false }
  }
}
