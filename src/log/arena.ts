/** Texts from this length up to the other are held in an arena. Of larger ones V8 itself makes objects that it never copies. */
export const longBytes = 2048
export const longMost = 2 ** 18

const regionBytes = 2 ** 20
/** So many regions may be empty, or stand for what is empty in others, before anything is moved or given back. */
const slackRegions = 4

/** Texts one behind the other. */
class Region {
  readonly bytes = Buffer.allocUnsafeSlow(regionBytes)
  blocks: Block[] = []
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

/** Where a text is held. Only its owner has it, and lets it go at last. */
export class Block {
  readonly length: number
  /** Undefined when it is let go. */
  region: Region | undefined
  at = 0
  /** Its text, if it was read in this step. */
  text: string | undefined

  constructor(length: number) {
    this.length = length
  }
}

/**
 * Long texts, a byte a character, outside of the heap. V8 would copy each of them twice while it is young, and walk through
 * all pages of the old ones with every collection: of messages of 16 KiB that takes as long as all the rest of their way.
 *
 * They lie in regions, which are written again as soon as nothing in them is held any more. Mostly the oldest go first,
 * and so do regions. Where they don't, what is left in the emptiest is moved: all regions together are never larger than
 * half as much again as what is held, and a few regions more.
 *
 * Only copies are handed out, so nobody ever sees a region that is written again; one copy to all who ask in one step.
 */
export class Arena {
  readonly #used = new Set<Region>()
  #spare: Region[] = []
  /** The one that is being filled. */
  #open: Region | undefined
  #read: Block[] = []
  /** What is held. */
  bytes = 0

  /** Of all regions. */
  get capacity(): number {
    return (this.#used.size + this.#spare.length) * regionBytes
  }

  /** Of `longBytes` to `longMost`. */
  hold(text: string): Block {
    const block = new Block(text.length)
    this.bytes += text.length
    const region = this.#place(block)
    region.bytes.write(text, block.at, 'latin1')
    return block
  }

  read(block: Block): string {
    const { region, at, length } = block
    if (!region) throw new Error('a text is read that has been let go')
    if (block.text !== undefined) return block.text
    block.text = region.bytes.toString('latin1', at, at + length)
    this.#read.push(block)
    return block.text
  }

  /** The end of a step: who asks from now on gets another copy. */
  forget(): void {
    if (this.#read.length === 0) return
    for (const block of this.#read) block.text = undefined
    this.#read = []
  }

  release(block: Block): void {
    const { region, length } = block
    if (!region) return
    block.region = undefined
    this.bytes -= length
    region.live -= length
    if (region.live === 0) this.#emptied(region)
    const waste = this.#used.size * regionBytes - this.bytes
    if (waste > this.bytes / 2 + slackRegions * regionBytes) this.#evacuate()
  }

  #place(block: Block): Region {
    const region = this.#regionFor(block.length)
    block.region = region
    block.at = region.used
    region.used += block.length
    region.live += block.length
    region.blocks.push(block)
    return region
  }

  #regionFor(length: number): Region {
    if (this.#open?.hasRoom(length)) return this.#open
    const region = this.#spare.pop() ?? new Region()
    this.#used.add(region)
    this.#open = region
    return region
  }

  #emptied(region: Region): void {
    if (region === this.#open) region.clear()
    else this.#free(region)
  }

  #free(region: Region): void {
    this.#used.delete(region)
    if (this.#spare.length === slackRegions) return
    region.clear()
    this.#spare.push(region)
  }

  /** Moves what is left in the emptiest region. */
  #evacuate(): void {
    let emptiest: Region | undefined
    for (const region of this.#used)
      if (region !== this.#open && region.live < (emptiest?.live ?? regionBytes)) emptiest = region
    if (!emptiest) return
    for (const block of emptiest.blocks) if (block.region === emptiest) this.#move(block, emptiest)
    emptiest.live = 0
    this.#free(emptiest)
  }

  #move(block: Block, from: Region): void {
    const { at, length } = block
    const to = this.#place(block)
    from.bytes.copy(to.bytes, block.at, at, at + length)
  }
}
