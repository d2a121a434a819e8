import type { Entry } from '../../log/entry.js'
import { gone, Origin } from '../../log/origin.js'

/** The places of a stream, of which most are never taken: entries in order, found by halving. */
export class StreamOrigin extends Origin {
  #seqs: number[] = []
  #cells: number[] = []
  #head = 0
  /** No entry before this index is kept in a ring. */
  #oldest = 0

  override get first(): number {
    return this.#seqs[this.#head] ?? this.have + 1
  }

  override at(seq: number): Entry | undefined {
    const index = this.#find(seq)
    return this.#seqs[index] === seq ? this.#entry(index) : undefined
  }

  override append(entry: Entry): void {
    this.#seqs.push(entry.seq)
    this.#cells.push(entry.cell)
    this.have = entry.seq
    this.time = entry.time
    this.touchedMs = entry.bornMs
  }

  override skip(seq: number, time: number, nowMs: number): void {
    this.have = seq
    this.time = Math.max(this.time, time)
    this.touchedMs = nowMs
  }

  override drop(seq: number): void {
    const index = this.#find(seq)
    if (this.#seqs[index] !== seq) return
    const entry = this.#entry(index)
    if (!entry) return
    entry.strip()
    this.slabs.give(entry.cell)
    this.#cells[index] = gone
    while (this.#head < this.#cells.length && this.#cells[this.#head] === gone) this.#head++
    if (this.#head <= 1024 || this.#head * 2 < this.#cells.length) return
    this.#seqs = this.#seqs.slice(this.#head)
    this.#cells = this.#cells.slice(this.#head)
    this.#oldest = Math.max(0, this.#oldest - this.#head)
    this.#head = 0
  }

  /** Entries come in order only. */
  override keep(): void {}

  override oldest(): Entry | undefined {
    this.#oldest = Math.max(this.#oldest, this.#head)
    for (; this.#oldest < this.#cells.length; this.#oldest++) {
      const entry = this.#entry(this.#oldest)
      if (entry?.kept) return entry
    }
    return undefined
  }

  override upTo(time: number): number {
    if (this.time <= time) return this.have
    let index = this.#find(time + 1) - 1
    while (index >= this.#head && this.#cells[index] === gone) index--
    return index < this.#head ? 0 : (this.#seqs[index] ?? 0)
  }

  /** An entry's time is its place. */
  override timeAt(seq: number): number {
    return Math.min(seq, this.time)
  }

  override next(seq: number, lookahead: number): Entry | undefined {
    const from = this.#find(seq + 1)
    for (let index = from; index < this.#cells.length && index < from + lookahead; index++) {
      const entry = this.#entry(index)
      if (entry) return entry
    }
    return undefined
  }

  #entry(index: number): Entry | undefined {
    const cell = this.#cells[index] ?? gone
    return cell === gone ? undefined : this.slabs.entry(cell)
  }

  /** Index of the first that is not before `seq`. */
  #find(seq: number): number {
    let low = this.#head
    let high = this.#seqs.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#seqs[middle] ?? 0) < seq) low = middle + 1
      else high = middle
    }
    return low
  }
}
