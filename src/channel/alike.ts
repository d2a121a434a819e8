import type { Answer, Poll } from '../effect.js'
import type { Channel } from './channel.js'

/** Waits, and asks in the very same words, but for who asks: texts that were read once and are asked again. */
const isSame = (a: Poll, b: Poll): boolean =>
  a.channels === b.channels &&
  a.from === b.from &&
  a.database === b.database &&
  a.limit === b.limit &&
  a.lenientMs === b.lenientMs &&
  b.waitMs > 0 &&
  !b.stays &&
  b.reader.waiter === undefined

/**
 * What the last polls came to. Many ask in the same words, one after the other: until something changes, all of them fare
 * like the first.
 */
export class Alike {
  #parked: { readonly poll: Poll; readonly channels: readonly Channel[] } | undefined
  #told: { readonly poll: Poll; readonly answer: Answer } | undefined

  /** One who asked like this waits, at the end of the order, on these channels. */
  channelsOf(poll: Poll): readonly Channel[] | undefined {
    const parked = this.#parked
    return parked && isSame(parked.poll, poll) ? parked.channels : undefined
  }

  /** One who asked like this was told this. */
  answerTo(poll: Poll): Answer | undefined {
    const told = this.#told
    return told && isSame(told.poll, poll) ? told.answer : undefined
  }

  parked(poll: Poll, channels: readonly Channel[]): void {
    this.#parked = { poll, channels }
  }

  told(poll: Poll, answer: Answer): void {
    this.#told = { poll, answer }
  }

  forget(): void {
    this.#parked = undefined
    this.#told = undefined
  }
}
