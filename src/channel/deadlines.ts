import type { Waiter } from './waiter.js'

const bucketMs = 20

/** A place in a ring of those who are due within the same few milliseconds; a waiter is one, so to wait allocates nothing. */
export class Due {
  next: Due = this
  last: Due = this
}

/** Where such a ring begins and ends. */
class Bucket extends Due {
  constructor(readonly number: number) {
    super()
  }
}

const link = (before: Due, after: Due): void => {
  before.next = after
  after.last = before
}

/** Who waits until when, in buckets: joining and leaving cost the same however many wait. */
export class Deadlines {
  readonly #buckets = new Map<number, Bucket>()
  /** The last one that was joined, as most wait for the same time; it alone may be empty. */
  #recent: Bucket | undefined
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
    const bucket = number === this.#recent?.number ? this.#recent : this.#open(number)
    link(bucket.last, waiter)
    link(waiter, bucket)
    if (number < this.#soonest) this.#soonest = number
    this.#size++
  }

  remove(waiter: Waiter): void {
    const { last, next } = waiter
    if (next === waiter) return
    link(last, next)
    link(waiter, waiter)
    this.#size--
    if (next === last && next instanceof Bucket && next !== this.#recent) this.#buckets.delete(next.number)
  }

  /** Those whose time has come; they stay until they are removed. */
  due(nowMs: number): Waiter[] {
    if (nowMs < this.nextMs) return []
    const waiters: Waiter[] = []
    let soonest = Number.POSITIVE_INFINITY
    for (const [number, bucket] of this.#buckets) {
      if (number * bucketMs <= nowMs) waiters.push(...members(bucket))
      else if (number < soonest) soonest = number
    }
    this.#soonest = soonest
    return waiters
  }

  all(): Waiter[] {
    return [...this.#buckets.values()].flatMap((bucket) => [...members(bucket)])
  }

  #open(number: number): Bucket {
    const old = this.#recent
    if (old && old.next === old) this.#buckets.delete(old.number)
    const bucket = this.#buckets.get(number) ?? new Bucket(number)
    this.#buckets.set(number, bucket)
    this.#recent = bucket
    return bucket
  }
}

/** Only waiters are ever put into a bucket. */
function* members(bucket: Bucket): Generator<Waiter> {
  for (let at = bucket.next; at !== bucket; at = at.next) yield at as Waiter
}
