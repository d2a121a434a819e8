import { performance } from 'node:perf_hooks'
import type { HttpOptions } from './limits.js'
import { Queue } from './queue.js'

type Work = () => void

/** Requests in one piece that are done at a stretch: a flood of them on one connection keeps nobody else waiting. */
export const stretchMax = 8

/**
 * What need not be done at once: new connections, requests that were sent ahead of their answers or that node:http is to
 * read, the ends of connections, broken time limits. It is done a little at a time, in the order in which it came, and what
 * others ask is heard in between: so what comes from thousands at once keeps nobody waiting.
 */
export class Turns {
  readonly #options: Pick<HttpOptions, 'turnMs'>
  readonly #now: () => number
  readonly #others = new Queue<Work>()
  /** By turns with the others, of whom a flood can bring thousands. */
  readonly #newcomers = new Queue<Work>()
  #isNewcomersTurn = false
  #soon: NodeJS.Immediate | undefined
  #untilMs: number | undefined

  constructor(options: Pick<HttpOptions, 'turnMs'>, now: () => number = () => performance.now()) {
    this.#options = options
    this.#now = now
  }

  /** Something waits: who comes now is not the first. */
  get isBusy(): boolean {
    return this.#others.length > 0 || this.#newcomers.length > 0
  }

  /** Until when all together that is done at once may last: until the next time that immediates are run, that is. */
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
    return this.isBusy || this.isPast(untilMs)
  }

  isPast(untilMs: number): boolean {
    return this.#now() >= untilMs
  }

  later(work: Work): void {
    this.#others.add(work)
    this.#soon ??= setImmediate(this.#turn)
  }

  /** The same, for who has had no turn yet. */
  begin(work: Work): void {
    this.#newcomers.add(work)
    this.#soon ??= setImmediate(this.#turn)
  }

  #take(): Work | undefined {
    this.#isNewcomersTurn = !this.#isNewcomersTurn
    const [first, second] = this.#isNewcomersTurn ? [this.#newcomers, this.#others] : [this.#others, this.#newcomers]
    return first.take() ?? second.take()
  }

  readonly #turn = (): void => {
    const untilMs = this.#now() + this.#options.turnMs
    this.#untilMs = untilMs
    // First of all: a mistake in one of them is no reason for the others to wait for ever.
    this.#soon = setImmediate(this.#turn)
    try {
      do this.#take()?.()
      while (this.isBusy && this.#now() < untilMs)
    } finally {
      this.#untilMs = undefined
    }
    if (this.isBusy) return
    clearImmediate(this.#soon)
    this.#soon = undefined
  }
}
