import type { Poll } from '../effect.js'
import type { CoreOptions } from '../limits.js'
import type { Ledger } from '../log/ledger.js'
import type { Rules } from '../log/rules.js'
import { type Cursor, parseCursor } from './cursor.js'
import { Reading } from './reading.js'
import type { Strangers } from './strangers.js'

interface Parts {
  readonly ledger: Ledger
  readonly options: CoreOptions
  readonly rules: Rules
  readonly strangers: Strangers
}

export interface Start {
  readonly at: Reading
  /** It has no past, so nothing can be missing from it. */
  readonly fresh: boolean
  /** What is older is not wanted. */
  readonly recentMs?: number
}

/** Where a poll begins to read. */
export class Starts {
  readonly #parts: Parts
  /** Many come back with the cursor that they were all just given. */
  #parsed: { readonly text: string; readonly cursor: Cursor } | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  of(poll: Poll): Start | 'bad' {
    const { ledger } = this.#parts
    const { from } = poll
    if (from === 'now') return { at: Reading.tip(ledger), fresh: true }
    if (from === 'earliest') return { at: new Reading(ledger), fresh: true }
    if ('recentMs' in from) return { at: new Reading(ledger), fresh: true, recentMs: from.recentMs }
    const cursor = this.#parse(from.cursor)
    if (cursor) return this.#resumed(cursor)
    return poll.lenientMs === undefined ? 'bad' : { at: new Reading(ledger), fresh: true, recentMs: poll.lenientMs }
  }

  #parse(text: string): Cursor | undefined {
    if (this.#parsed?.text === text) return this.#parsed.cursor
    const cursor = parseCursor(text, this.#parts.options.cursorOriginsMax)
    if (cursor) this.#parsed = { text, cursor }
    return cursor
  }

  #resumed(cursor: Cursor): Start {
    const { ledger, rules, strangers } = this.#parts
    const at = Reading.at(ledger, cursor, strangers)
    if (!rules.keepUnknownOrigins) at.strange.length = 0
    if (!rules.vectorCursor) {
      ledger.origins.forEach((origin, slot) => {
        at.seqs[slot] = Math.min(origin.shown, origin.upTo(cursor.time))
      })
    }
    return { at, fresh: false }
  }
}
