import type { Input } from './effect.js'
import { draftApart } from './log/apart.js'

/** The same, for who keeps it longer than until it returns. */
export const keepable = (input: Input): Input =>
  input.type === 'publish' ? { ...input, drafts: input.drafts.map(draftApart) } : input

/** The publishes of a node that have no answer yet; a node that stops waits for them. */
export class Publishing {
  #count = 0
  #onNone = (): void => {}

  begin(): void {
    this.#count++
  }

  end(): void {
    this.#count--
    if (this.#count === 0) this.#onNone()
  }

  /** Resolves when there are none, or after so long. */
  none(timeoutMs: number): Promise<void> {
    if (this.#count === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#onNone = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
