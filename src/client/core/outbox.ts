/** One message that is to be published. */
export interface Parcel {
  /** `"channel":…,"key":…,"message":…`, to stand in braces. */
  readonly fields: string
  /** What a request says for all its messages: only what agrees in it goes together. */
  readonly terms: string
  /** When its publisher gives up on it. */
  readonly deadlineMs: number
}

export interface OutboxOptions {
  /** Messages in one request; the server takes 1,000. */
  readonly batchCount: number
  /** Characters in one request, but for a message that is longer by itself. */
  readonly batchSize: number
  /** Messages that wait. */
  readonly queueCount: number
}

export const outboxDefaults: OutboxOptions = { batchCount: 1000, batchSize: 2 ** 20, queueCount: 100_000 }

/** What waits to be published, in order, cut into requests. */
export class Outbox<Item extends Parcel> {
  readonly #options: OutboxOptions
  /** Pieces of batches that came back, in order; they stand before all that waits. */
  #returned: (readonly Item[])[] = []
  #waiting: Item[] = []

  constructor(options: OutboxOptions = outboxDefaults) {
    this.#options = options
  }

  /** False if it is full. */
  add(item: Item): boolean {
    if (this.#waiting.length >= this.#options.queueCount) return false
    this.#waiting.push(item)
    return true
  }

  /** The next request's, if there are any: what waits and agrees in its terms, as much as fits. */
  take(): readonly Item[] {
    const returned = this.#returned.shift()
    if (returned) return returned
    const { batchCount, batchSize } = this.#options
    const terms = this.#waiting[0]?.terms
    let count = 0
    let size = 0
    for (const item of this.#waiting) {
      size += item.fields.length
      if (count === batchCount || item.terms !== terms || (count > 0 && size > batchSize)) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  /** One of these is at fault, and all were refused for it: each half will show which. */
  halve(batch: readonly Item[]): void {
    const half = batch.length >> 1
    this.#returned.unshift(batch.slice(0, half), batch.slice(half))
  }

  /** These have not been done, and come first again. */
  giveBack(batch: readonly Item[]): void {
    if (batch.length > 0) this.#returned.unshift(batch)
  }

  /** Takes everything out. */
  empty(): readonly Item[] {
    const all = [...this.#returned.flat(), ...this.#waiting]
    this.#returned = []
    this.#waiting = []
    return all
  }
}

/** The body of the request. One message alone goes as one, since then its answer says whether it was there before. */
export const bodyOf = (batch: readonly Parcel[]): string => {
  const terms = batch[0]?.terms ?? ''
  if (batch.length === 1) return `{${batch[0]?.fields}${terms}}`
  return `{"messages":[${batch.map(({ fields }) => `{${fields}}`).join(',')}]${terms}}`
}
