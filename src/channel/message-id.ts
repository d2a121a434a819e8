import type { Entry } from '../log/entry.js'
import type { NodeId } from '../log/node-id.js'
import type { Position } from '../log/record.js'
import { Run } from '../log/run.js'
import { base64, pair, pairBase } from './digits.js'
import { mix, mixPair, seal, unmixed } from './seal.js'

/** What all cursors begin with; see `Cursor`. */
export const version = '1.'

/** The time of a position but for its last two digits, which are others with every message. */
class Head {
  readonly text: string
  readonly hash: number

  constructor(readonly high: number) {
    this.text = version + base64(high)
    this.hash = mix(unmixed, this.text)
  }
}

/** How an origin stands in a position, but for the last two digits of its number. */
class Component {
  readonly text: string

  constructor(
    readonly origin: NodeId | undefined,
    readonly high: number,
  ) {
    this.text = `.${origin}${base64(high)}`
  }
}

/** Cursors have no more. */
const componentsMax = 64

/**
 * Spells positions. Messages come one after the other, so most of what stands in the id of one stands in that of the next,
 * too: it is kept, and so is what it comes to in the check sum.
 */
class Speller {
  #head = new Head(1)
  readonly #components: Component[] = []
  #text = ''
  #hash = unmixed

  /** With `run`, the number of its origin is `seq`. */
  spell(time: number, { origins, seqs }: Pick<Position, 'origins' | 'seqs'>, run?: Run, seq = 0): string {
    const slot = run ? run.slot : -1
    this.#begin(time)
    for (let i = 0; i < origins.length; i++) {
      const each = i === slot ? seq : (seqs[i] ?? 0)
      if (each > 0) this.#add(i, origins[i], each)
    }
    return this.#text + seal(this.#hash)
  }

  #begin(time: number): void {
    const high = Math.floor(time / pairBase)
    if (high === 0) {
      this.#text = version + base64(time)
      this.#hash = mix(unmixed, this.#text)
      return
    }
    if (this.#head.high !== high) this.#head = new Head(high)
    const { text, hash } = this.#head
    const low = time - high * pairBase
    this.#text = text + pair(low)
    this.#hash = mixPair(hash, low)
  }

  #add(index: number, origin: NodeId | undefined, seq: number): void {
    const high = Math.floor(seq / pairBase)
    if (high === 0) {
      const text = `.${origin}${base64(seq)}`
      this.#text += text
      this.#hash = mix(this.#hash, text)
      return
    }
    const { text } = this.#component(index, origin, high)
    const low = seq - high * pairBase
    this.#text += text + pair(low)
    this.#hash = mixPair(mix(this.#hash, text), low)
  }

  #component(index: number, origin: NodeId | undefined, high: number): Component {
    const known = this.#components[index]
    if (known?.high === high && known.origin === origin) return known
    const made = new Component(origin, high)
    if (index < componentsMax) this.#components[index] = made
    return made
  }
}

const speller = new Speller()

/** A position as text: a cursor of which nothing is told. */
export const formatPosition = (position: Position): string => speller.spell(position.time, position)

/** A message's id: its position. It is wanted once or twice as the message is shown, and then rarely: so it is not kept. */
export const idOf = (entry: Entry): string => {
  const { origin, seq } = entry
  if (origin.namedSeq === seq) return origin.name
  const { place } = entry
  if (place === undefined) return ''
  origin.name = place instanceof Run ? speller.spell(entry.time, place, place, seq) : formatPosition(place)
  origin.namedSeq = seq
  return origin.name
}
