import type { HttpOptions } from './limits.js'

/** So many that are done are dropped from the list together. */
const batch = 256

/**
 * What need not be done at once: requests that were sent ahead of their answers, the ends of connections, broken time
 * limits. It is done a little at a time, in the order in which it came, and what others ask is heard in between: so what
 * comes from thousands at once keeps nobody waiting.
 */
export class Turns {
  readonly #options: Pick<HttpOptions, 'turnMs'>
  readonly #now: () => number
  readonly #waiting: (() => void)[] = []
  /** The first that is not done: to take each from the front of a long list would cost more than it does itself. */
  #next = 0
  #soon: NodeJS.Immediate | undefined
  #untilMs: number | undefined

  constructor(options: Pick<HttpOptions, 'turnMs'>, now: () => number = () => performance.now()) {
    this.#options = options
    this.#now = now
  }

  /** Something waits: who comes now is not the first. */
  get isBusy(): boolean {
    return this.#next < this.#waiting.length
  }

  /** Until when all together that is done at once may last, in this turn of the event loop. */
  untilMs(): number {
    if (this.#untilMs === undefined) {
      this.#untilMs = this.#now() + this.#options.turnMs
      setImmediate(this.#renew)
    }
    return this.#untilMs
  }

  readonly #renew = (): void => {
    this.#untilMs = undefined
  }

  /** What lasts until then is to go on later. */
  isOver(untilMs: number): boolean {
    return this.isBusy || this.#now() >= untilMs
  }

  later(work: () => void): void {
    this.#waiting.push(work)
    this.#soon ??= setImmediate(() => this.#turn())
  }

  #turn(): void {
    const untilMs = this.#now() + this.#options.turnMs
    this.#untilMs = untilMs
    // First of all: a mistake in one of them is no reason for the others to wait for ever.
    this.#soon = setImmediate(() => this.#turn())
    do {
      this.#waiting[this.#next++]?.()
    } while (this.isBusy && this.#now() < untilMs)
    this.#untilMs = undefined
    if (this.#next >= batch || !this.isBusy) {
      this.#waiting.splice(0, this.#next)
      this.#next = 0
    }
    if (this.isBusy) return
    clearImmediate(this.#soon)
    this.#soon = undefined
  }
}
