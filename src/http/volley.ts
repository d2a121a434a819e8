import { performance } from 'node:perf_hooks'
import { Queue } from './queue.js'

/** An answer that is ready to be written. */
export interface Shot {
  /** Undefined if there is nothing to write. */
  readonly reply: { readonly length: number } | undefined
  /** `nowMs`: about now; when those that are written at a stretch began to be. */
  fire(nowMs: number): void
}

/** Answers that are no further apart come thick and fast. */
const apartMs = 0.05

/** With so many, those who are answered first need not wait for the rest to be made. */
const most = 256
/** So many bytes are written at a stretch: what thousands are told at once keeps nobody else waiting. */
const stretchBytes = 2 ** 18

/**
 * When answers are written. One that comes alone goes at once. Of many, all are written one after the other as soon as what
 * has come in is read: reading and computing on the one side, and the system's code for writing on the other, are each
 * larger than the nearest caches, and would push each other out with every request.
 */
export class Volley {
  readonly #mistake: (error: unknown) => void
  readonly #shots = new Queue<Shot>()
  #lastMs = 0

  constructor(mistake: (error: unknown) => void) {
    this.#mistake = mistake
  }

  add(shot: Shot, nowMs: number): void {
    const isAlone = nowMs - this.#lastMs > apartMs
    this.#lastMs = nowMs
    if (isAlone) shot.fire(nowMs)
    else this.#keep(shot)
  }

  #keep(shot: Shot): void {
    this.#shots.add(shot)
    const { length } = this.#shots
    if (length === 1) setImmediate(this.#stretch)
    else if (length === most) this.#fire(stretchBytes)
  }

  /** Writes all that waits: what is said next on one of their connections must not come before it, or in its place. */
  flush(): void {
    this.#fire(Number.POSITIVE_INFINITY)
  }

  /** Small answers all go at once. Large ones take the system as long to copy as hundreds of requests to read. */
  readonly #stretch = (): void => {
    this.#fire(stretchBytes)
    if (this.#shots.length > 0) setImmediate(this.#stretch)
  }

  #fire(mostBytes: number): void {
    const nowMs = performance.now()
    let left = mostBytes
    // One at a time: what is fired may have others that wait written before their time.
    while (left > 0) {
      const shot = this.#shots.take()
      if (!shot) return
      left -= shot.reply?.length ?? 0
      try {
        shot.fire(nowMs)
      } catch (error) {
        this.#mistake(error)
      }
    }
  }
}
