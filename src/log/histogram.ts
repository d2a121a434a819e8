/** How values are spread: how many lie at or below each bound and above the one before it, the last of them above all. */
export interface Spread {
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
  readonly sum: number
}

/** From half a millisecond to ten seconds, in milliseconds. */
const boundsMs: readonly number[] = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000]

/** Counts how long things take, by how long they take. */
export class Histogram {
  readonly #counts = new Array<number>(boundsMs.length + 1).fill(0)
  #sum = 0

  add(ms: number): void {
    let i = 0
    while (i < boundsMs.length && ms > (boundsMs[i] ?? 0)) i++
    this.#counts[i] = (this.#counts[i] ?? 0) + 1
    this.#sum += ms
  }

  spread(): Spread {
    return { bounds: boundsMs, counts: [...this.#counts], sum: this.#sum }
  }
}
