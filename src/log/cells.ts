const none = new Int32Array(0)
const leastRoom = 4
/** A larger one is given back when not a quarter of it is needed any more. */
const keptRoom = 64

/**
 * The numbers of cells (`Slabs`), one behind the other: a ring buffer, that is as large as was needed, and lies outside of
 * the heap when it is not small. Both ends are cheap, and nothing is copied as long as as many go as come.
 */
export class Cells {
  /** Its size is a power of two, or none. */
  #ring: Int32Array = none
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Undefined beyond the last; not to be asked for less than 0. */
  at(index: number): number | undefined {
    return index < this.#length ? this.#ring[this.#place(index)] : undefined
  }

  put(index: number, cell: number): void {
    this.#ring[this.#place(index)] = cell
  }

  push(cell: number): void {
    if (this.#length === this.#ring.length) this.#resize(Math.max(leastRoom, 2 * this.#length))
    this.put(this.#length++, cell)
  }

  shift(): void {
    this.#head = this.#place(1)
    this.#length--
    const { length } = this.#ring
    if (length > keptRoom && this.#length < length / 4) this.#resize(length / 2)
  }

  /** What is there, and all behind it, gives way. */
  insert(index: number, cell: number): void {
    this.push(cell)
    for (let i = this.#length - 1; i > index; i--) this.put(i, this.at(i - 1) ?? 0)
    this.put(index, cell)
  }

  /** All behind it comes forward, or, if there are fewer, all before it. */
  remove(index: number): void {
    if (index < this.#length / 2) {
      for (let i = index; i > 0; i--) this.put(i, this.at(i - 1) ?? 0)
      this.shift()
      return
    }
    for (let i = index + 1; i < this.#length; i++) this.put(i - 1, this.at(i) ?? 0)
    this.#length--
  }

  #place(index: number): number {
    return (this.#head + index) & (this.#ring.length - 1)
  }

  #resize(size: number): void {
    const ring = new Int32Array(size)
    for (let i = 0; i < this.#length; i++) ring[i] = this.at(i) ?? 0
    this.#ring = ring
    this.#head = 0
  }
}
