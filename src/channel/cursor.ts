import { alphabet, type NodeId, parseNodeId } from '../log/node-id.js'
import type { Position } from '../log/record.js'
import { base64, valueAt } from './digits.js'
import { version } from './message-id.js'
import { isSealed, mix, mixCode, seal, sealLength, unmixed } from './seal.js'

/**
 * A cursor is a position as text: `1.<time>` and, for each origin, `.<id><seq>`, numbers in base 64, origins
 * ascending; then `.` and a check sum, since a cursor that was cut short would name an earlier place. `~` before an
 * origin says that its reader was already told that nobody here knows it. It carries no secret: see rule R7.
 */
export interface Cursor extends Position {
  /** By index: the reader knows of the gap. */
  readonly told: readonly boolean[]
}

const idLength = 14
const lengthMax = 1536
const none: readonly NodeId[] = []

export const formatCursor = (cursor: Cursor): string => {
  let text = version + base64(cursor.time)
  cursor.origins.forEach((origin, i) => {
    const seq = cursor.seqs[i] ?? 0
    if (seq > 0) text += `.${cursor.told[i] ? '~' : ''}${origin}${base64(seq)}`
  })
  return text + seal(mix(unmixed, text))
}

const point = 0x2e
const tilde = 0x7e
const nought = alphabet.charCodeAt(0)
/** As many as the largest number has. */
const digitsMax = 9

/** Goes through the text of a cursor once, and makes up its check sum as it goes. */
class Walk {
  at = version.length
  hash = mix(unmixed, version)
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The number that comes next, if it is as `base64` would write it. */
  number(): number | undefined {
    const text = this.#text
    const from = this.at
    let at = from
    let { hash } = this
    let number = 0
    for (let value = valueAt(text, at); value >= 0; value = valueAt(text, at)) {
      number = number * 64 + value
      hash = mixCode(hash, text.charCodeAt(at++))
    }
    this.at = at
    this.hash = hash
    const length = at - from
    if (length < 1 || length > digitsMax || (length > 1 && text.charCodeAt(from) === nought)) return undefined
    return number <= Number.MAX_SAFE_INTEGER ? number : undefined
  }

  pass(to: number): void {
    this.hash = mix(this.hash, this.#text, this.at, to)
    this.at = to
  }
}

/** The one that is expected there is not cut out anew. */
const originAt = (text: string, from: number, expected: NodeId | undefined): NodeId | undefined =>
  expected !== undefined && text.startsWith(expected, from) ? expected : parseNodeId(text.slice(from, from + idLength))

/**
 * The cursor, or undefined if the text is not exactly one that `formatCursor` could have made. If its origins are the
 * `known` ones, it has that very list.
 */
export const parseCursor = (text: string, originsMax: number, known: readonly NodeId[] = none): Cursor | undefined => {
  const end = text.length - sealLength
  if (text.length > lengthMax || !text.startsWith(version)) return undefined
  const walk = new Walk(text)
  const time = walk.number()
  if (time === undefined) return undefined
  // Nearly always they are just as many: an empty one that is pushed to has room for seventeen.
  const origins = new Array<NodeId>(known.length)
  const seqs = new Array<number>(known.length)
  const told = new Array<boolean>(known.length)
  let count = 0
  let previous = ''
  let isKnown = true
  for (; walk.at < end; count++) {
    const { at } = walk
    const isTold = text.charCodeAt(at + 1) === tilde
    const from = at + (isTold ? 2 : 1)
    const origin = originAt(text, from, known[count])
    walk.pass(from + idLength)
    const seq = walk.number()
    if (text.charCodeAt(at) !== point || !origin || !seq || previous >= origin || count === originsMax) return undefined
    origins[count] = origin
    seqs[count] = seq
    told[count] = isTold
    previous = origin
    isKnown &&= origin === known[count]
  }
  if (walk.at > end || !isSealed(walk.hash, text, end)) return undefined
  if (isKnown && count === known.length) return { time, origins: known, seqs, told }
  for (const list of [origins, seqs, told]) list.length = count
  return { time, origins, seqs, told }
}
