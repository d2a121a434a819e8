/** Longer texts are kept as they are: V8 makes objects of them that it never copies. */
export const longMost = 2 ** 18

const regionBytes = 2 ** 20
/** So many regions may be empty, and in each arena stand for what is empty in others, before anything is given back or moved. */
const slackRegions = 4
/** Places in a region that are gone through, and moved, with each text that is let go. */
const movesMost = 256

/** A shorter text is copied sooner than its copy is noted for others who may ask for it. */
const sharedBytes = 2048
/** Of a longer list of those that have their text, no room is kept. */
const freshMost = 1024

/** Texts one behind the other. */
class Region {
  readonly bytes = Buffer.allocUnsafeSlow(regionBytes)
  /** Whose they are, but for those that are let go: what is gone is not kept alive. */
  blocks: (Block | undefined)[] = []
  /** Where the next one is put. */
  used = 0
  /** Bytes that are still held. */
  live = 0

  hasRoom(length: number): boolean {
    return this.used + length <= regionBytes
  }

  clear(): void {
    this.blocks = []
    this.used = 0
  }
}

/** What holds a text. Only its owner has it, and lets the text go at last. */
export class Block {
  /** Of the text. */
  length = 0
  /** Where it lies; undefined if there is none, or if it is too long for that. */
  region: Region | undefined
  at = 0
  /** Its own place among those of the region. */
  index = 0
  /** The text, if it is long and was read in this step, or is too long. */
  text: string | undefined
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
  readonly #used = new Set<Region>()
  /** The one that is being filled. */
  #open: Region | undefined
  /** The one that is being emptied, and how far that is. */
  #leaving: Region | undefined
  #left = 0
  /** Those that have their text for this step: the first so many. */
  #fresh: (Block | undefined)[] = []
  #freshCount = 0
  /** What is held. */
  bytes = 0

  /** Of all regions in which something is held. */
  get capacity(): number {
    return this.#used.size * regionBytes
  }

  /** For a block that holds nothing. Nothing of the text is kept but a copy, unless it is too long. */
  hold(block: Block, text: string): void {
    const { length } = text
    block.length = length
    if (length > longMost) {
      block.text = text
      return
    }
    this.#place(block).bytes.write(text, block.at, length, 'latin1')
    this.bytes += length
  }

  read(block: Block): string {
    const { region, at, length, text } = block
    if (text !== undefined) return text
    if (!region) throw new Error('a text is read that has been let go')
    const copy = region.bytes.toString('latin1', at, at + length)
    if (length < sharedBytes) return copy
    block.text = copy
    this.#fresh[this.#freshCount++] = block
    return copy
  }

  /** The end of a step: who asks from now on gets another copy. */
  forget(): void {
    const fresh = this.#fresh
    for (let i = 0; i < this.#freshCount; i++) {
      const block = fresh[i]
      if (block?.region) block.text = undefined
      fresh[i] = undefined
    }
    this.#freshCount = 0
    if (fresh.length > freshMost) this.#fresh = []
  }

  release(block: Block): void {
    const { region, length } = block
    block.text = undefined
    if (!region) return
    block.region = undefined
    this.bytes -= length
    this.#leave(region, block)
    const waste = this.capacity - this.bytes
    if (waste > this.bytes / 2 + slackRegions * regionBytes) this.#evacuate()
  }

  #place(block: Block): Region {
    const region = this.#regionFor(block.length)
    block.region = region
    block.at = region.used
    region.used += block.length
    region.live += block.length
    block.index = region.blocks.length
    region.blocks.push(block)
    return region
  }

  #regionFor(length: number): Region {
    if (this.#open?.hasRoom(length)) return this.#open
    const region = spare.pop() ?? new Region()
    this.#used.add(region)
    this.#open = region
    return region
  }

  #leave(region: Region, { index, length }: Pick<Block, 'index' | 'length'>): void {
    region.blocks[index] = undefined
    region.live -= length
    if (region.live === 0) this.#free(region)
  }

  #free(region: Region): void {
    this.#used.delete(region)
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
      const block = from.blocks[this.#left++]
      if (block) this.#move(block, from)
    }
  }

  #begin(): void {
    let emptiest: Region | undefined
    for (const region of this.#used)
      if (region !== this.#open && region.live < (emptiest?.live ?? regionBytes)) emptiest = region
    this.#leaving = emptiest
    this.#left = 0
  }

  #move(block: Block, from: Region): void {
    const { at, index, length } = block
    const to = this.#place(block)
    from.bytes.copy(to.bytes, block.at, at, at + length)
    this.#leave(from, { index, length })
  }
}
