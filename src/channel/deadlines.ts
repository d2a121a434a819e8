import type { Waiter } from './waiter.js'

const bucketMs = 20

/** Who waits until when, in buckets: joining and leaving cost the same however many wait. */
export class Deadlines {
  readonly #buckets = new Map<number, Set<Waiter>>()
  #soonest = Number.POSITIVE_INFINITY
  #size = 0

  get size(): number {
    return this.#size
  }

  /** When `due` should next be asked, in ms; infinity when nobody waits. May be early, never late. */
  get nextMs(): number {
    return this.#soonest * bucketMs
  }

  add(waiter: Waiter): void {
    const number = Math.ceil(waiter.untilMs / bucketMs)
    const bucket = this.#buckets.get(number)
    if (bucket) bucket.add(waiter)
    else this.#buckets.set(number, new Set([waiter]))
    if (number < this.#soonest) this.#soonest = number
    this.#size++
  }

  remove(waiter: Waiter): void {
    const number = Math.ceil(waiter.untilMs / bucketMs)
    const bucket = this.#buckets.get(number)
    if (!bucket?.delete(waiter)) return
    this.#size--
    if (bucket.size === 0) this.#buckets.delete(number)
  }

  /** Those whose time has come; they stay until they are removed. */
  due(nowMs: number): Waiter[] {
    if (nowMs < this.nextMs) return []
    const waiters: Waiter[] = []
    let soonest = Number.POSITIVE_INFINITY
    for (const [number, bucket] of this.#buckets) {
      if (number * bucketMs <= nowMs) waiters.push(...bucket)
      else if (number < soonest) soonest = number
    }
    this.#soonest = soonest
    return waiters
  }

  all(): Waiter[] {
    return [...this.#buckets.values()].flatMap((bucket) => [...bucket])
  }
}
