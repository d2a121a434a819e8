import type { Entry } from '../log/entry.js'
import { alphabet, type NodeId, parseNodeId } from '../log/node-id.js'
import type { Position } from '../log/record.js'

/**
 * A cursor is a position as text: `1.<time>` and, for each origin, `.<id><seq>`, numbers in base 64, origins
 * ascending; then `.` and a check sum, since a cursor that was cut short would name an earlier place. `~` before an
 * origin says that its reader was already told that nobody here knows it. It carries no secret: see rule R7.
 */
export interface Cursor extends Position {
  /** By index: the reader knows of the gap. */
  readonly told: readonly boolean[]
}

const version = '1.'
const idLength = 14
const lengthMax = 1536

const values = new Int8Array(128).fill(-1)
for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i

/** Two digits at a time: each is a string to be put behind another one. */
const pairs: readonly string[] = Array.from(
  { length: 4096 },
  (_, n) => alphabet.charAt(n >> 6) + alphabet.charAt(n & 63),
)

const pair = (number: number): string => pairs[number] ?? ''

/** `number` in base 64, without leading zeros. */
export const base64 = (number: number): string => {
  if (number < 64) return alphabet.charAt(number)
  if (number < 4096) return pair(number)
  const high = Math.floor(number / 4096)
  return base64(high) + pair(number - high * 4096)
}

const number64 = (text: string, from: number): number | undefined => {
  const length = text.length - from
  if (length < 1 || length > 9 || (length > 1 && text[from] === alphabet[0])) return undefined
  let number = 0
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const value = code < 128 ? (values[code] ?? -1) : -1
    if (value < 0) return undefined
    number = number * 64 + value
  }
  return number <= Number.MAX_SAFE_INTEGER ? number : undefined
}

/** FNV-1a, its low 24 bits as four characters: against accidents, not against forgers, who gain nothing. */
const checkSum = (text: string): string => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  const sum = (hash ^ (hash >>> 24)) & 0xffffff
  return pair(sum >> 12) + pair(sum & 4095)
}

const sealed = (text: string): string => `${text}.${checkSum(text)}`

/** What the seal was put on, or nothing if the two don't belong together. */
const unsealed = (text: string): string | undefined => {
  const end = text.lastIndexOf('.')
  const inner = text.slice(0, end)
  return end > 0 && checkSum(inner) === text.slice(end + 1) ? inner : undefined
}

export const formatPosition = (position: Position): string => {
  let text = version + base64(position.time)
  const { origins, seqs } = position
  for (let i = 0; i < origins.length; i++) {
    const seq = seqs[i] ?? 0
    if (seq > 0) text += `.${origins[i]}${base64(seq)}`
  }
  return sealed(text)
}

/** A message's id: its position. It is wanted once or twice as the message is shown, and then rarely: so it is not kept. */
export const idOf = (entry: Entry): string => {
  const { origin, seq } = entry
  if (origin.namedSeq === seq) return origin.name
  const { position } = entry
  if (position === undefined) return ''
  origin.name = formatPosition(position)
  origin.namedSeq = seq
  return origin.name
}

export const formatCursor = (cursor: Cursor): string => {
  let text = version + base64(cursor.time)
  cursor.origins.forEach((origin, i) => {
    const seq = cursor.seqs[i] ?? 0
    if (seq > 0) text += `.${cursor.told[i] ? '~' : ''}${origin}${base64(seq)}`
  })
  return sealed(text)
}

/** The cursor, or undefined if the text is not exactly one that `formatCursor` could have made. */
export const parseCursor = (text: string, originsMax: number): Cursor | undefined => {
  const inner = text.length > lengthMax || !text.startsWith(version) ? undefined : unsealed(text)
  if (inner === undefined) return undefined
  const parts = inner.slice(version.length).split('.')
  const time = number64(parts[0] ?? '', 0)
  if (time === undefined || parts.length - 1 > originsMax) return undefined
  const origins: NodeId[] = []
  const seqs: number[] = []
  const told: boolean[] = []
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i] ?? ''
    const start = part.startsWith('~') ? 1 : 0
    const origin = parseNodeId(part.slice(start, start + idLength))
    const seq = number64(part, start + idLength)
    const previous = origins.at(-1)
    if (origin === undefined || !seq || (previous !== undefined && previous >= origin)) return undefined
    origins.push(origin)
    seqs.push(seq)
    told.push(start === 1)
  }
  return { time, origins, seqs, told }
}
