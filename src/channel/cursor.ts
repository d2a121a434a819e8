import { type NodeId, parseNodeId } from '../log/node-id.js'
import type { Position } from '../log/record.js'
import { base64, digitsEnd, number64 } from './digits.js'
import { version } from './message-id.js'
import { isSealed, mix, seal, sealLength, unmixed } from './seal.js'

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

/** The one that is expected there is not cut out anew. */
const originAt = (text: string, from: number, expected: NodeId | undefined): NodeId | undefined =>
  expected !== undefined && text.startsWith(expected, from) ? expected : parseNodeId(text.slice(from, from + idLength))

/**
 * The cursor, or undefined if the text is not exactly one that `formatCursor` could have made. If its origins are the
 * `known` ones, it has that very list.
 */
export const parseCursor = (text: string, originsMax: number, known: readonly NodeId[] = none): Cursor | undefined => {
  const end = text.length - sealLength
  if (text.length > lengthMax || end <= version.length || !text.startsWith(version)) return undefined
  if (!isSealed(text, end)) return undefined
  let at = digitsEnd(text, version.length)
  const time = number64(text, version.length, at)
  if (time === undefined) return undefined
  // Nearly always they are just as many: an empty one that is pushed to has room for seventeen.
  const origins = new Array<NodeId>(known.length)
  const seqs = new Array<number>(known.length)
  const told = new Array<boolean>(known.length)
  let count = 0
  let previous = ''
  let isKnown = true
  for (; at < end; count++) {
    const isTold = text.startsWith('.~', at)
    const from = at + (isTold ? 2 : 1)
    const origin = originAt(text, from, known[count])
    const to = digitsEnd(text, from + idLength)
    const seq = number64(text, from + idLength, to)
    if (text[at] !== '.' || !origin || !seq || previous >= origin || count === originsMax) return undefined
    origins[count] = origin
    seqs[count] = seq
    told[count] = isTold
    previous = origin
    isKnown &&= origin === known[count]
    at = to
  }
  if (isKnown && count === known.length) return { time, origins: known, seqs, told }
  for (const list of [origins, seqs, told]) list.length = count
  return { time, origins, seqs, told }
}
