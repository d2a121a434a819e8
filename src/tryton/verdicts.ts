export type Verdict = 'valid' | 'invalid'

export interface VerdictLimits {
  readonly validMs: number
  readonly invalidMs: number
  /** Verdicts kept; the oldest go first. */
  readonly entriesMax: number
  /** Checks under way, beyond which no other is begun. */
  readonly checksMax: number
}

/**
 * What trytond said of sessions not long ago.
 *
 * 1. Of one session there is at most one check under way, and all who ask meanwhile get its verdict.
 * 2. A check that comes to no verdict leaves nothing behind: the next one who asks begins another.
 */
export class Verdicts {
  checks = 0
  readonly #limits: VerdictLimits
  readonly #now: () => number
  readonly #known = new Map<string, { readonly verdict: Verdict; readonly untilMs: number }>()
  readonly #asked = new Map<string, Promise<Verdict>>()

  constructor(limits: VerdictLimits, now: () => number) {
    this.#limits = limits
    this.#now = now
  }

  get size(): number {
    return this.#known.size
  }

  get full(): boolean {
    return this.#asked.size >= this.#limits.checksMax
  }

  known(key: string): Verdict | undefined {
    const kept = this.#known.get(key)
    if (!kept) return undefined
    if (this.#now() < kept.untilMs) return kept.verdict
    this.#known.delete(key)
    return undefined
  }

  /** The check that is under way, or the one that `begin` begins. */
  ask(key: string, begin: () => Promise<Verdict>): Promise<Verdict> {
    const asked = this.#asked.get(key)
    if (asked) return asked
    this.checks++
    const check = begin()
      .then((verdict) => this.#keep(key, verdict))
      .finally(() => this.#asked.delete(key))
    this.#asked.set(key, check)
    return check
  }

  underWay(key: string): boolean {
    return this.#asked.has(key)
  }

  #keep(key: string, verdict: Verdict): Verdict {
    const { validMs, invalidMs, entriesMax } = this.#limits
    const lifeMs = verdict === 'valid' ? validMs : invalidMs
    // Anew at the end, since a map keeps its order: what is first was learned first.
    this.#known.delete(key)
    if (lifeMs > 0) this.#known.set(key, { verdict, untilMs: this.#now() + lifeMs })
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= entriesMax) break
      this.#known.delete(oldest)
    }
    return verdict
  }
}
