import { before, type Entry } from '../log/entry.js'
import type { Slabs } from '../log/slabs.js'

/** So many of the last entries are looked at one by one. */
const nearby = 4

/** The kept entries of one channel, in canonical order, each once (invariant I9). Both ends are cheap. */
export class Ring {
  readonly #slabs: Slabs
  #cells: number[] = []
  #head = 0

  constructor(slabs: Slabs) {
    this.#slabs = slabs
  }

  get length(): number {
    return this.#cells.length - this.#head
  }

  at(index: number): Entry | undefined {
    const cell = this.#cells[this.#head + index]
    return cell === undefined ? undefined : this.#slabs.entry(cell)
  }

  insert(entry: Entry): void {
    // Asked first: what is looked for before the first place of a list is looked for slowly, there and ever after.
    const last = this.length > 0 ? this.at(this.length - 1) : undefined
    if (last === undefined || before(last, entry)) this.#cells.push(entry.cell)
    else this.#cells.splice(this.#head + this.find(entry), 0, entry.cell)
  }

  /** Takes out an entry that is in it. */
  remove(entry: Entry): void {
    // Nearly always it is the oldest that goes.
    if (this.#cells[this.#head] === entry.cell) this.#shift()
    else this.#cells.splice(this.#head + this.find(entry), 1)
  }

  #shift(): void {
    this.#head++
    if (this.#head > 64 && this.#head * 2 >= this.#cells.length) {
      this.#cells = this.#cells.slice(this.#head)
      this.#head = 0
    } else if (this.length === 0) {
      this.#cells = []
      this.#head = 0
    }
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
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >> 1
      const entry = this.at(middle)
      if (entry !== undefined && below(entry)) low = middle + 1
      else high = middle
    }
    return low
  }
}
