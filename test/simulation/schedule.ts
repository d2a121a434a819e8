interface Event {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

const sooner = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

/** Virtual time: a binary heap of what happens when. Of two events at one moment the first scheduled comes first. */
export class Schedule {
  #nowMs = 0
  #order = 0
  #events: Event[] = []

  get nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.#nowMs + delayMs, run)
  }

  at(timeMs: number, run: () => void): void {
    const event = { atMs: Math.max(timeMs, this.#nowMs), order: this.#order++, run }
    const heap = this.#events
    let i = heap.length
    heap.push(event)
    while (i > 0) {
      const up = (i - 1) >> 1
      const parent = heap[up]
      if (parent === undefined || !sooner(event, parent)) break
      heap[i] = parent
      i = up
    }
    heap[i] = event
  }

  /** Runs what is due up to `untilMs`, and leaves the clock there. */
  run(untilMs: number): void {
    for (let first = this.#events[0]; first && first.atMs <= untilMs; first = this.#events[0]) {
      this.#shift()
      this.#nowMs = first.atMs
      first.run()
    }
    this.#nowMs = untilMs
  }

  #shift(): void {
    const heap = this.#events
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let i = 0
    for (;;) {
      const left = heap[2 * i + 1]
      const right = heap[2 * i + 2]
      const child = right && left && sooner(right, left) ? right : left
      if (child === undefined || !sooner(child, last)) break
      heap[i] = child
      i = 2 * i + (child === right ? 2 : 1)
    }
    heap[i] = last
  }
}
