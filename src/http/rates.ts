export interface Numbers {
  readonly [name: string]: number
}

interface Sample {
  readonly atMs: number
  readonly counts: Numbers
}

/**
 * How fast counters grow, a second, over the last moments: from the last sample but one until now, so that the span
 * is never shorter than the time between two samples, and who asks often does not change what others are told.
 */
export class Rates {
  #before: Sample | undefined
  #last: Sample | undefined

  sample(sample: Sample): void {
    this.#before = this.#last
    this.#last = sample
  }

  /** Empty until there is a sample to compare with. */
  until({ atMs, counts }: Sample): Numbers {
    const since = this.#before ?? this.#last
    if (!since || atMs <= since.atMs) return {}
    const seconds = (atMs - since.atMs) / 1000
    const rate = (name: string, count: number): number => (count - (since.counts[name] ?? 0)) / seconds
    return Object.fromEntries(
      Object.entries(counts).map(([name, count]) => [name, Math.max(0, Math.round(rate(name, count) * 10) / 10)]),
    )
  }
}
