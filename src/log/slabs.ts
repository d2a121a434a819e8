import { Arena } from './arena.js'
import { Entry } from './entry.js'
import type { Origin } from './origin.js'
import { indexOf, Slab, slabNumberOf } from './slab.js'

/** So many that are empty are kept for the next records. */
const spareMost = 4

/**
 * The records of all origins, each in a cell of a slab, and by its number. A cell that is given up stays as it is until the
 * step is over: so whoever came across its record in this step can look at it. Nobody may hold on to one for longer.
 */
export class Slabs {
  readonly arena = new Arena((cell) => this.#of(cell))
  readonly #slabs: (Slab | undefined)[] = []
  readonly #spare: Slab[] = []
  /** Numbers that no slab has any more. */
  readonly #numbers: number[] = []
  /** Cells that are given up in this step. */
  #gone: number[] = []

  /** How many records there are. */
  count = 0

  /** How many slabs. */
  get size(): number {
    return this.#slabs.length - this.#numbers.length
  }

  entry(cell: number): Entry {
    return new Entry(this.#of(cell), indexOf(cell))
  }

  #of(cell: number): Slab {
    const slab = this.#slabs[slabNumberOf(cell)]
    if (!slab) throw new Error('a record is looked for that has been given up')
    return slab
  }

  /** A cell for a record of this origin. */
  take(origin: Origin): Entry {
    const { rooms } = origin
    const slab = rooms.length > 0 ? (rooms[rooms.length - 1] as Slab) : this.#open(origin)
    const entry = new Entry(slab, slab.take())
    this.count++
    if (slab.isFull) {
      rooms.pop()
      slab.room = -1
    }
    return entry
  }

  /** The record is gone; its cell is another one's from the next step on. */
  give(cell: number): void {
    this.#gone.push(cell)
    this.count--
  }

  /** The end of a step. */
  forget(): void {
    this.arena.forget()
    const gone = this.#gone
    if (gone.length === 0) return
    for (const cell of gone) this.#free(cell)
    this.#gone = []
  }

  #open(origin: Origin): Slab {
    const slab = this.#spare.pop() ?? this.#make(origin)
    slab.origin = origin
    this.#addRoom(slab)
    return slab
  }

  #make(origin: Origin): Slab {
    const slab = new Slab(origin, this.#numbers.pop() ?? this.#slabs.length)
    this.#slabs[slab.number] = slab
    return slab
  }

  #free(cell: number): void {
    const slab = this.#of(cell)
    slab.give(indexOf(cell))
    if (slab.room < 0) this.#addRoom(slab)
    if (slab.isEmpty) this.#close(slab)
  }

  #addRoom(slab: Slab): void {
    slab.room = slab.origin.rooms.push(slab) - 1
  }

  #close(slab: Slab): void {
    const { rooms } = slab.origin
    const last = rooms.pop()
    if (last && last !== slab) {
      rooms[slab.room] = last
      last.room = slab.room
    }
    slab.room = -1
    if (this.#spare.length < spareMost) this.#spare.push(slab)
    else {
      this.#slabs[slab.number] = undefined
      this.#numbers.push(slab.number)
    }
  }
}
