import type { Piece } from './record.js'
import { indexOf, noRegion, ownRegion, type Slab } from './slab.js'

/** Longer texts are kept as they are: V8 makes objects of them that it never copies. */
export const longMost = 2 ** 18

const regionBytes = 2 ** 20
/** So many regions may be empty, and in each arena stand for what is empty in others, before anything is given back or moved. */
const slackRegions = 4
/** Places in a region that are gone through, and moved, with each text that is let go. */
const movesMost = 256

/** A shorter text is copied sooner than its copy is noted for others who may ask for it. */
const sharedBytes = 2048

/** Texts one behind the other. */
class Region {
  /** Among those of its arena; -1 for none. */
  number = -1
  readonly bytes = Buffer.allocUnsafeSlow(regionBytes)
  /** By rank: the cells of those whose texts they are, or -1 of one that is let go. */
  cells = new Int32Array(256)
  count = 0
  /** Where the next one is put. */
  used = 0
  /** Bytes that are still held. */
  live = 0

  hasRoom(length: number): boolean {
    return this.used + length <= regionBytes
  }

  /** Returns the rank of the next one. */
  add(cell: number): number {
    if (this.count === this.cells.length) {
      const more = new Int32Array(2 * this.count)
      more.set(this.cells)
      this.cells = more
    }
    this.cells[this.count] = cell
    return this.count++
  }

  clear(): void {
    this.count = 0
    this.used = 0
  }
}

/** Empty ones, for whichever arena needs one next: a log for each database has one. */
const spare: Region[] = []

/**
 * What is kept of messages, a byte a character, outside of the heap. V8 would copy each text twice while it is young, and
 * walk through all pages of the old ones with every collection, a cache miss each: where much is kept, that takes longer
 * than anything else that is done for a message.
 *
 * The texts lie in regions, which are written again as soon as nothing in them is held any more. Mostly the oldest go first,
 * and so do regions. Where they don't, what is left in the emptiest is moved, a little at a time: all regions together are
 * never larger than half as much again as what is held, and a few regions more.
 *
 * Only copies are handed out, of a long text one to all who ask in one step: so nobody ever sees a region that is written
 * again, and no answer that waits keeps the request alive in which a message came.
 */
export class Arena {
  readonly #slabOf: (cell: number) => Slab
  readonly #regions: (Region | undefined)[] = []
  readonly #numbers: number[] = []
  #used = 0
  /** The one that is being filled. */
  #open: Region | undefined
  /** The one that is being emptied, and how far that is. */
  #leaving: Region | undefined
  #left = 0
  /** By cell: long ones that were read in this step. */
  readonly #fresh = new Map<number, string>()
  /** By cell: those that are too long. */
  readonly #own = new Map<number, string>()
  /** What is held. */
  bytes = 0

  constructor(slabOf: (cell: number) => Slab) {
    this.#slabOf = slabOf
  }

  /** Of all regions in which something is held. */
  get capacity(): number {
    return this.#used * regionBytes
  }

  /** For a record that has no text. Nothing of the text is kept but a copy, unless it is too long. */
  hold(slab: Slab, index: number, text: string | Piece): void {
    const { length } = text
    slab.lengths[index] = length
    if (length > longMost) {
      slab.regions[index] = ownRegion
      this.#own.set(slab.cellOf(index), text.toString())
      return
    }
    const { bytes } = this.#place(slab, index, length)
    const at = slab.ats[index] ?? 0
    if (typeof text === 'string') bytes.write(text, at, length, 'latin1')
    else bytes.set(text.bytes, at)
    this.bytes += length
  }

  read(slab: Slab, index: number): string {
    const length = slab.lengths[index] ?? 0
    if (length >= sharedBytes) return this.#readLong(slab, index)
    const at = slab.ats[index] ?? 0
    return this.#regionOf(slab, index).bytes.toString('latin1', at, at + length)
  }

  #readLong(slab: Slab, index: number): string {
    const cell = slab.cellOf(index)
    const known = this.#fresh.get(cell) ?? this.#own.get(cell)
    if (known !== undefined) return known
    const at = slab.ats[index] ?? 0
    const copy = this.#regionOf(slab, index).bytes.toString('latin1', at, at + (slab.lengths[index] ?? 0))
    this.#fresh.set(cell, copy)
    return copy
  }

  #regionOf(slab: Slab, index: number): Region {
    const region = this.#regions[slab.regions[index] ?? noRegion]
    if (!region) throw new Error('a text is read that has been let go')
    return region
  }

  /** The end of a step: who asks from now on gets another copy. */
  forget(): void {
    if (this.#fresh.size > 0) this.#fresh.clear()
  }

  /** Of a record that may have none. */
  release(slab: Slab, index: number): void {
    const number = slab.regions[index] ?? noRegion
    if (number === noRegion) return
    const length = slab.lengths[index] ?? 0
    if (length >= sharedBytes) this.#releaseLong(slab.cellOf(index))
    slab.regions[index] = noRegion
    slab.lengths[index] = 0
    const region = this.#regions[number]
    if (!region) return
    this.bytes -= length
    this.#leave(region, slab.ranks[index] ?? 0, length)
    const waste = this.capacity - this.bytes
    if (waste > this.bytes / 2 + slackRegions * regionBytes) this.#evacuate()
  }

  #releaseLong(cell: number): void {
    this.#fresh.delete(cell)
    this.#own.delete(cell)
  }

  #place(slab: Slab, index: number, length: number): Region {
    const region = this.#regionFor(length)
    slab.regions[index] = region.number
    slab.ats[index] = region.used
    region.used += length
    region.live += length
    slab.ranks[index] = region.add(slab.cellOf(index))
    return region
  }

  #regionFor(length: number): Region {
    if (this.#open?.hasRoom(length)) return this.#open
    const region = spare.pop() ?? new Region()
    region.number = this.#numbers.pop() ?? this.#regions.length
    this.#regions[region.number] = region
    this.#used++
    this.#open = region
    return region
  }

  #leave(region: Region, rank: number, length: number): void {
    region.cells[rank] = -1
    region.live -= length
    if (region.live === 0) this.#free(region)
  }

  #free(region: Region): void {
    this.#regions[region.number] = undefined
    this.#numbers.push(region.number)
    this.#used--
    if (region === this.#open) this.#open = undefined
    if (region === this.#leaving) this.#leaving = undefined
    if (spare.length === slackRegions) return
    region.clear()
    spare.push(region)
  }

  /** Moves some of what is left in the emptiest region. */
  #evacuate(): void {
    if (!this.#leaving) this.#begin()
    const from = this.#leaving
    // It is free once the last is moved, and then is this one no more.
    for (let n = 0; n < movesMost && from && from === this.#leaving; n++) {
      const cell = this.#left < from.count ? (from.cells[this.#left++] ?? -1) : -1
      if (cell >= 0) this.#move(cell, from)
    }
  }

  #begin(): void {
    let emptiest: Region | undefined
    for (const region of this.#regions)
      if (region && region !== this.#open && region.live < (emptiest?.live ?? regionBytes)) emptiest = region
    this.#leaving = emptiest
    this.#left = 0
  }

  #move(cell: number, from: Region): void {
    const slab = this.#slabOf(cell)
    const index = indexOf(cell)
    const at = slab.ats[index] ?? 0
    const rank = slab.ranks[index] ?? 0
    const length = slab.lengths[index] ?? 0
    const to = this.#place(slab, index, length)
    from.bytes.copy(to.bytes, slab.ats[index] ?? 0, at, at + length)
    this.#leave(from, rank, length)
  }
}
