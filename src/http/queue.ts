/** So many that are taken are dropped from the list together: to take each from its front would cost more than it does itself. */
const batch = 256

/** First come, first served. */
export class Queue<Item> {
  #items: Item[] = []
  /** The first that is not taken. */
  #next = 0

  get length(): number {
    return this.#items.length - this.#next
  }

  add(item: Item): void {
    this.#items.push(item)
  }

  take(): Item | undefined {
    const item = this.#items[this.#next]
    if (item === undefined) return undefined
    this.#next++
    if (this.#next >= batch || this.length === 0) {
      this.#items = this.#items.slice(this.#next)
      this.#next = 0
    }
    return item
  }
}
