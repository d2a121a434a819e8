import type { Place } from './entry.js'
import type { Origin } from './origin.js'

const cellBits = 10
/** So many records have room in a slab. */
export const slabCells = 2 ** cellBits

/** Where a message belongs. */
export interface Home {
  readonly database: string
  readonly name: string
}

/** What most records have none of. */
export interface Extra {
  key: string | undefined
  digest: string | undefined
  head: string
  traceparent: string | undefined
}

/** Of the region of a record's text: there is no text, or it is too long for one. */
export const noRegion = -1
export const ownRegion = -2

export const slabNumberOf = (cell: number): number => cell >> cellBits
export const indexOf = (cell: number): number => cell & (slabCells - 1)

/**
 * Records of one origin, a column for each of what there is to know of them. Hundreds of thousands of objects would be
 * copied while they are young and be in the way of each collection when they are old; numbers in columns are not even
 * looked at, take half the memory, and those of records that came together lie together.
 */
export class Slab {
  /** Whose records these are. */
  origin: Origin
  /** Its place in the origin's list of slabs with room, or -1. */
  room = -1
  readonly seqs: Float64Array
  readonly times: Float64Array
  readonly bornMs: Float64Array
  /** What it costs to keep a record, in bytes. */
  readonly sizes: Int32Array
  /** Where the record's text lies; see `Arena`. */
  readonly regions: Int32Array
  readonly ats: Int32Array
  readonly lengths: Int32Array
  readonly ranks: Int32Array
  /** 1 while a ring has it. */
  readonly kept: Uint8Array
  readonly homes = new Array<Home | undefined>(slabCells).fill(undefined)
  readonly places = new Array<Place | undefined>(slabCells).fill(undefined)
  extras: (Extra | undefined)[] | undefined
  readonly #free: Int16Array
  #freeCount = slabCells

  constructor(
    origin: Origin,
    readonly number: number,
  ) {
    this.origin = origin
    const bytes = new ArrayBuffer(slabCells * (3 * 8 + 5 * 4 + 2 + 1))
    const eights = (n: number) => new Float64Array(bytes, slabCells * 8 * n, slabCells)
    const fours = (n: number) => new Int32Array(bytes, slabCells * (3 * 8 + 4 * n), slabCells)
    this.seqs = eights(0)
    this.times = eights(1)
    this.bornMs = eights(2)
    this.sizes = fours(0)
    this.regions = fours(1).fill(noRegion)
    this.ats = fours(2)
    this.lengths = fours(3)
    this.ranks = fours(4)
    this.#free = new Int16Array(bytes, slabCells * (3 * 8 + 5 * 4), slabCells)
    this.kept = new Uint8Array(bytes, slabCells * (3 * 8 + 5 * 4 + 2), slabCells)
    // The first are taken first.
    for (let i = 0; i < slabCells; i++) this.#free[i] = slabCells - 1 - i
  }

  get isFull(): boolean {
    return this.#freeCount === 0
  }

  get isEmpty(): boolean {
    return this.#freeCount === slabCells
  }

  cellOf(index: number): number {
    return (this.number << cellBits) | index
  }

  /** The index of a cell that is free. */
  take(): number {
    return this.#free[--this.#freeCount] ?? 0
  }

  give(index: number): void {
    this.seqs[index] = 0
    this.kept[index] = 0
    this.homes[index] = undefined
    this.places[index] = undefined
    if (this.extras) this.extras[index] = undefined
    this.#free[this.#freeCount++] = index
  }
}
