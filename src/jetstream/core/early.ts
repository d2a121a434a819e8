import type { Poll, Publish } from '../../effect.js'
import { draftApart } from '../../log/apart.js'
import { sizeOfAll } from '../../log/entry.js'

interface Waiting {
  readonly input: Poll | Publish
  readonly untilMs: number
  readonly bytes: number
}

/** Those who came before the stream was open, in the order in which they came. */
export class Early {
  readonly #waiting = new Map<object, Waiting>()
  /** Of what is to be published. */
  bytes = 0

  get size(): number {
    return this.#waiting.size
  }

  /** When the first of them has waited long enough. */
  get nextMs(): number {
    return this.#waiting.values().next().value?.untilMs ?? Number.POSITIVE_INFINITY
  }

  poll(poll: Poll, untilMs: number): void {
    this.#waiting.set(poll.reader, { input: poll, untilMs, bytes: 0 })
  }

  publish(publish: Publish, untilMs: number): void {
    const input = { ...publish, drafts: publish.drafts.map(draftApart) }
    const bytes = sizeOfAll(input.drafts)
    this.#waiting.set(publish.publisher, { input, untilMs, bytes })
    this.bytes += bytes
  }

  /** It is no more waited for, whoever it was. */
  leave(who: object): void {
    this.bytes -= this.#waiting.get(who)?.bytes ?? 0
    this.#waiting.delete(who)
  }

  takeDue(nowMs: number): readonly (Poll | Publish)[] {
    const due: (Poll | Publish)[] = []
    for (const [who, { input, untilMs }] of this.#waiting) {
      if (untilMs > nowMs) break
      this.leave(who)
      due.push(input)
    }
    return due
  }

  takeAll(): readonly (Poll | Publish)[] {
    return this.takeDue(Number.POSITIVE_INFINITY)
  }
}
