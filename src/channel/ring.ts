import { before, type Entry } from '../log/entry.js'

/** So many of the last entries are looked at one by one. */
const nearby = 4

/** The kept entries of one channel, in canonical order, each once (invariant I9). Both ends are cheap. */
export class Ring {
  #entries: (Entry | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#entries.length - this.#head
  }

  at(index: number): Entry | undefined {
    return this.#entries[this.#head + index]
  }

  insert(entry: Entry): void {
    // Asked first: what is looked for before the first place of a list is looked for slowly, there and ever after.
    const last = this.length > 0 ? this.#entries[this.#entries.length - 1] : undefined
    if (last === undefined || before(last, entry)) this.#entries.push(entry)
    else this.#entries.splice(this.#head + this.find(entry), 0, entry)
  }

  shift(): Entry | undefined {
    return this.remove(0)
  }

  /** Takes out the entry at `index`. */
  remove(index: number): Entry | undefined {
    if (index > 0) return this.#entries.splice(this.#head + index, 1)[0]
    const entry = this.#entries[this.#head]
    if (entry === undefined) return undefined
    this.#entries[this.#head++] = undefined
    if (this.#head > 64 && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    } else if (this.length === 0) {
      this.#entries = []
      this.#head = 0
    }
    return entry
  }

  /** Index of the first entry that is not before `entry`. */
  find(entry: Entry): number {
    return this.#search((candidate) => before(candidate, entry))
  }

  /** Index of the first entry whose time is at least `time`. */
  since(time: number): number {
    // Who reads on is nearly always near the end.
    const { length } = this
    for (let index = length; index > 0 && index > length - nearby; index--)
      if ((this.at(index - 1)?.time ?? 0) < time) return index
    return this.#search((candidate) => candidate.time < time)
  }

  /** Index of the first entry of which this holds, as it does of all that follow. */
  first(holds: (entry: Entry) => boolean): number {
    return this.#search((candidate) => !holds(candidate))
  }

  #search(below: (entry: Entry) => boolean): number {
    let low = this.#head
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      const entry = this.#entries[middle]
      if (entry !== undefined && below(entry)) low = middle + 1
      else high = middle
    }
    return low - this.#head
  }
}
