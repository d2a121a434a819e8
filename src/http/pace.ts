import { EngineError } from '../errors.js'
import type { Keeper } from './connection.js'
import { Queue } from './queue.js'

interface Waiting {
  go(): void
  fail(error: unknown): void
}

/** Answers of so many bytes are made at a stretch; with more, everybody else gets a turn between two polls. */
const stretchBytes = 2 ** 17

/**
 * Keeps answers to polls from taking the node's time all at once: hundreds of clients may ask for megabytes at the same
 * moment. Most answers are small, and never meet it.
 */
export class Pace {
  readonly #keeper: Pick<Keeper, 'owed' | 'outboundTotalBytes'>
  readonly #waiting = new Queue<Waiting>()
  #made = 0
  #soon: NodeJS.Immediate | undefined

  constructor(keeper: Pick<Keeper, 'owed' | 'outboundTotalBytes'>) {
    this.#keeper = keeper
  }

  /** The next poll has to wait for its turn. */
  get isBusy(): boolean {
    return this.#made >= stretchBytes || this.#waiting.length > 0
  }

  /** An answer of this size was made. */
  made(bytes: number): void {
    this.#made += bytes
    if (this.#made >= stretchBytes) this.#soon ??= setImmediate(() => this.#turn())
  }

  /** Calls `go` when it is this one's turn, or `fail` if by then too much lies here that clients do not take. */
  wait(waiting: Waiting): void {
    this.#waiting.add(waiting)
    this.#soon ??= setImmediate(() => this.#turn())
  }

  #turn(): void {
    this.#made = 0
    this.#soon = undefined
    while (this.#made < stretchBytes) {
      const next = this.#waiting.take()
      if (!next) return
      this.#begin(next)
    }
    this.#soon ??= setImmediate(() => this.#turn())
  }

  #begin({ go, fail }: Waiting): void {
    const { owed, outboundTotalBytes } = this.#keeper
    try {
      if (owed > outboundTotalBytes) {
        throw new EngineError('overloaded', 'too many answers are not taken', { limit: 'outbound_total_bytes' })
      }
      go()
    } catch (error) {
      fail(error)
    }
  }
}
