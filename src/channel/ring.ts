import { Cells } from '../log/cells.js'
import { before, type Entry } from '../log/entry.js'
import type { Slabs } from '../log/slabs.js'

/** So many of the last entries are looked at one by one. */
const nearby = 4

/** The kept entries of one channel, in canonical order, each once (invariant I9). Both ends are cheap. */
export class Ring {
  readonly #slabs: Slabs
  readonly #cells = new Cells()

  constructor(slabs: Slabs) {
    this.#slabs = slabs
  }

  get length(): number {
    return this.#cells.length
  }

  at(index: number): Entry | undefined {
    const cell = this.#cells.at(index)
    return cell === undefined ? undefined : this.#slabs.entry(cell)
  }

  insert(entry: Entry): void {
    const { length } = this
    const last = length > 0 ? this.at(length - 1) : undefined
    if (last === undefined || before(last, entry)) this.#cells.push(entry.cell)
    else this.#cells.insert(this.find(entry), entry.cell)
  }

  /** Takes out an entry that is in it. */
  remove(entry: Entry): void {
    // Nearly always it is the oldest that goes.
    if (this.#cells.at(0) === entry.cell) this.#cells.shift()
    else this.#cells.remove(this.find(entry))
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
