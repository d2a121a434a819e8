export interface BackoffOptions {
  /** The window of the first wait; it doubles with each failure. */
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * How long to wait after a failure: full jitter, any time from 0 to a window that doubles. Clients that have lost the
 * same node at the same moment so come to the next one over the whole window, and not in step.
 */
export class Backoff {
  readonly #random: () => number
  readonly #options: BackoffOptions
  #failures = 0

  constructor(random: () => number, options: BackoffOptions) {
    this.#random = random
    this.#options = options
  }

  /** It worked: the next wait is short again. */
  reset(): void {
    this.#failures = 0
  }

  /** Milliseconds. `hintMs`, what the node said about when to come back, widens the window, but not beyond the most. */
  next(hintMs = 0): number {
    const { firstMs, maxMs } = this.#options
    const windowMs = Math.min(maxMs, Math.max(hintMs, firstMs * 2 ** Math.min(this.#failures++, 30)))
    return this.#random() * windowMs
  }
}
