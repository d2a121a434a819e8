import type { Order } from './operation.js'
import type { Shape } from './shape.js'

interface Repeat {
  readonly text: string
  readonly shape: Shape
  readonly order: Order
}

/**
 * The last polls that were read. All who waited for a message ask for the next one in the same words, one after the
 * other: what these mean is worked out once. Two, since who is a little late asks in between in the words before.
 */
export class Repeats {
  #last: Repeat | undefined
  #before: Repeat | undefined
  readonly #isOn: boolean

  /** Off where it depends on who asks what an order is. */
  constructor(isOn: boolean) {
    this.#isOn = isOn
  }

  of(text: string): Repeat | undefined {
    if (this.#last?.text === text) return this.#last
    return this.#before?.text === text ? this.#before : undefined
  }

  /** What it means may have changed. */
  forget(): void {
    this.#last = undefined
    this.#before = undefined
  }

  note(text: string, shape: Shape, order: Order): void {
    if (!this.#isOn || order.terms.type !== 'poll' || shape.text === '') return
    this.#before = this.#last
    this.#last = { text, shape, order }
  }
}
