import type { Effect, Outcome, Report } from '../effect.js'
import type { KeptDraft } from '../log/record.js'
import type { Bus, Patron } from '../ports.js'

export interface PumpOptions {
  /** Published together at the most. */
  readonly batch: number
  /** Kept while the cluster takes none; the oldest go first. */
  readonly waitingMax: number
  /** What has waited longer may have been published by others so long ago that the key is forgotten. */
  readonly staleMs: number
  readonly retryMs: { readonly first: number; readonly max: number }
}

export const pumpDefaults: PumpOptions = {
  batch: 500,
  waitingMax: 100_000,
  staleMs: 150_000,
  retryMs: { first: 50, max: 2000 },
}

export interface Waiting {
  readonly draft: KeptDraft
  readonly atMs: number
}

/** The node's side of it, and the time. */
export interface PumpParts {
  readonly bus: Pick<Bus, 'step' | 'draining'>
  readonly report: (report: Report) => void
  readonly now: () => number
  readonly options: PumpOptions
}

type Failure = Extract<Outcome, { ok: false }>

/** Refusals that say something of the draft, and not of the moment: it would be refused again. */
const isFinal = ({ code }: Failure): boolean => code === 'key_conflict' || code === 'too_large'

/**
 * Publishes what it is given, in that order.
 *
 * 1. One publish is under way at a time; what comes meanwhile goes together into the next one. So each node that hears
 *    the same messages publishes them in the same order, and whichever is first with each, the order stays.
 * 2. Whatever is not known to be published is tried again: the keys see to it that it comes once.
 */
export class Pump implements Patron {
  published = 0
  duplicates = 0
  dropped = 0
  waiter?: object | undefined
  readonly #parts: PumpParts
  #waiting: Waiting[] = []
  /** How many of the first that wait are being published. */
  #underWay = 0
  #batch: number
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(parts: PumpParts) {
    this.#parts = parts
    this.#batch = parts.options.batch
  }

  get size(): number {
    return this.#waiting.length
  }

  add(draft: KeptDraft): void {
    if (this.#closed) return
    this.#waiting.push({ draft, atMs: this.#parts.now() })
    if (this.#waiting.length > this.#parts.options.waitingMax) this.#drop(this.#underWay, 1, 'too many wait')
    this.#publish()
  }

  settle(effect: Effect): void {
    if (effect.type !== 'published') return
    const count = this.#underWay
    this.#underWay = 0
    if (effect.outcome.ok) this.#taken(count, effect.outcome.duplicates)
    else if (!isFinal(effect.outcome)) this.#later()
    else if (count === 1) this.#drop(0, 1, effect.outcome.code)
    // One of them is at fault: alone, it will show which.
    else this.#batch = 1
    this.#publish()
  }

  /** What still waits is left to the other nodes. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #taken(count: number, duplicates: readonly boolean[]): void {
    this.#waiting.splice(0, count)
    this.#failures = 0
    if (this.#batch === 1 && this.#waiting.length === 0) this.#batch = this.#parts.options.batch
    const known = duplicates.filter(Boolean).length
    this.duplicates += known
    this.published += count - known
  }

  #later(): void {
    const { first, max } = this.#parts.options.retryMs
    const ms = Math.min(max, first * 2 ** this.#failures++)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#publish()
    }, ms)
  }

  #publish(): void {
    if (this.#closed || this.#underWay > 0 || this.#timer || this.#parts.bus.draining) return
    this.#expire()
    const drafts = this.#waiting.slice(0, this.#batch).map(({ draft }) => draft)
    if (drafts.length === 0) return
    this.#underWay = drafts.length
    this.#parts.bus.step({ type: 'publish', publisher: this, drafts, ack: 'all', minCopies: 1 })
  }

  #expire(): void {
    const oldest = this.#parts.now() - this.#parts.options.staleMs
    const fresh = this.#waiting.findIndex(({ atMs }) => atMs >= oldest)
    const stale = fresh < 0 ? this.#waiting.length : fresh
    if (stale > 0) this.#drop(0, stale, 'they waited too long')
  }

  #drop(from: number, count: number, why: string): void {
    this.#waiting.splice(from, count)
    if (this.dropped === 0) this.#parts.report({ event: 'notifications_dropped', detail: { why } })
    this.dropped += count
  }
}
