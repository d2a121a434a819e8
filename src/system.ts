import { randomInt } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { Clock } from './ports.js'

/** The machine's clocks. Everything that decides is given the time; only the shell asks for it. */
export const clock: Clock = {
  now: () => ({ ms: performance.now(), wall: Date.now() }),
}

const sides = 2 ** 47

/** Dice in [0, 1), from the system's own source: identities are made of them, and two nodes may start at once. */
export const random = (): number => randomInt(sides) / sides

const longestMs = 2 ** 31 - 1

/**
 * One timer for all that comes due. It may ring too early, never too late: whoever is woken looks at the clock and sets
 * it anew. So most steps leave it as it is, instead of arming a timer each.
 */
export class Alarm {
  readonly #ring: () => void
  #at = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Immediate | undefined

  constructor(ring: () => void) {
    this.#ring = ring
  }

  /** What is due already is served at the end of this turn of the event loop: a timer would wait a millisecond more. */
  set(at: number, now: number): void {
    if (this.#soon) return
    if (at <= now) {
      this.#soon = setImmediate(() => {
        this.#soon = undefined
        this.#ring()
      })
      return
    }
    if (at >= this.#at) return
    clearTimeout(this.#timer)
    this.#at = at
    this.#timer = setTimeout(
      () => {
        this.#at = Number.POSITIVE_INFINITY
        this.#ring()
      },
      Math.min(longestMs, Math.ceil(at - now)),
    )
  }

  clear(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#soon)
    this.#soon = undefined
    this.#at = Number.POSITIVE_INFINITY
  }
}
