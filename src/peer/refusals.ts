import type { Report } from '../effect.js'

const rememberedMax = 1024

/**
 * Refusals, each reported once for its address and reason in a while, however often it happens: the log must not be
 * for a stranger to fill.
 */
export class Refusals {
  readonly #reported = new Map<string, number>()
  #count = 0

  constructor(
    readonly everyMs: number,
    readonly report: (report: Report) => void,
  ) {}

  /** All of them, reported or not. */
  get count(): number {
    return this.#count
  }

  add(address: string, reason: string, code: number | string): void {
    this.#count++
    const now = performance.now()
    const key = `${address} ${reason}`
    const last = this.#reported.get(key)
    if (last !== undefined && now - last < this.everyMs) return
    // Whoever comes from more addresses than are remembered is reported more often; the memory stays bounded.
    if (this.#reported.size >= rememberedMax) this.#reported.clear()
    this.#reported.set(key, now)
    this.report({ event: 'peer refused', detail: { address, reason, code } })
  }
}
