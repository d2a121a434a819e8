/** An answer that is ready to be written. */
export interface Shot {
  fire(): void
}

/** Answers that are no further apart come thick and fast. */
const apartMs = 0.05

/** With so many, those who are answered first need not wait for the rest to be made. */
const most = 256

/**
 * When answers are written. One that comes alone goes at once. Of many, all are written one after the other as soon as what
 * has come in is read: reading and computing on the one side, and the system's code for writing on the other, are each
 * larger than the nearest caches, and would push each other out with every request.
 */
export class Volley {
  readonly #mistake: (error: unknown) => void
  #shots: Shot[] = []
  #lastMs = 0

  constructor(mistake: (error: unknown) => void) {
    this.#mistake = mistake
  }

  add(shot: Shot, nowMs: number): void {
    const isAlone = nowMs - this.#lastMs > apartMs
    this.#lastMs = nowMs
    if (isAlone) shot.fire()
    else this.#keep(shot)
  }

  #keep(shot: Shot): void {
    const waiting = this.#shots.push(shot)
    if (waiting === 1) setImmediate(this.flush)
    else if (waiting === most) this.flush()
  }

  /** Writes all that waits: what is said next on one of their connections must not come before it, or in its place. */
  readonly flush = (): void => {
    const shots = this.#shots
    this.#shots = []
    for (const shot of shots) {
      try {
        shot.fire()
      } catch (error) {
        this.#mistake(error)
      }
    }
  }
}
