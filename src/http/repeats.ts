import type { Order } from './operation.js'
import type { Shape } from './shape.js'

interface Repeat {
  readonly text: string
  readonly shape: Shape
  readonly order: Order
}

/**
 * The last poll that was read. All who waited for a message ask for the next one in the same words, one after the
 * other: what these mean is worked out once.
 */
export class Repeats {
  #last: Repeat | undefined
  readonly #isOn: boolean

  /** Off where it depends on who asks what an order is. */
  constructor(isOn: boolean) {
    this.#isOn = isOn
  }

  of(text: string): Repeat | undefined {
    return this.#last?.text === text ? this.#last : undefined
  }

  /** What it means may have changed. */
  forget(): void {
    this.#last = undefined
  }

  note(text: string, shape: Shape, order: Order): void {
    if (this.#isOn && order.terms.type === 'poll' && shape.text !== '') this.#last = { text, shape, order }
  }
}
