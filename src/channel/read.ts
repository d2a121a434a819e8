import type { Answer, GapReason, Shown } from '../effect.js'
import { byKey, type Entry } from '../log/entry.js'
import type { Ledger } from '../log/ledger.js'
import type { Channel } from './channel.js'
import { idOf } from './message-id.js'
import type { Reading } from './reading.js'

/** How many slots to look ahead for an origin's next record before a whole ring is read instead. */
const lookahead = 32
/** Rings up to this size are simply read through. It is small, since entries lie all over the memory. */
const smallRing = 4

/** Does the reader have all that this node shows? Then there is nothing to look for. */
export const atTip = (ledger: Ledger, reading: Reading): boolean => {
  for (let slot = 0; slot < ledger.shown.length; slot++)
    if ((reading.seqs[slot] ?? 0) < (ledger.shown[slot] ?? 0)) return false
  return true
}

/** True if nothing older than the reading's time is missing from it, so that a ring may be entered at that time. */
const settled = ({ origins }: Ledger, reading: Reading): boolean => {
  for (let slot = 0; slot < origins.length; slot++) {
    const origin = origins[slot]
    const seq = reading.seqs[slot] ?? 0
    if (!origin || seq >= origin.shown) continue
    const next = origin.next(seq, lookahead)
    if (next === undefined || next.time < reading.time) return false
  }
  return true
}

/** How much an answer may hold. */
export interface Extent {
  readonly limit: number
  /** Of messages; one always fits. */
  readonly bytes: number
}

const nothing: readonly Entry[] = []

const isLarge = ({ ring }: Channel): boolean => ring.length > smallRing

const startIn = (channel: Channel, { time }: Reading, enter: boolean): number =>
  enter && isLarge(channel) ? channel.ring.since(time) : 0

/** One more than fit into the bytes, if there are more: to look further would be in vain. */
const uncovered = ({ ring }: Channel, from: number, reading: Reading, { limit, bytes }: Extent): readonly Entry[] => {
  // Nearly always there is but one.
  let found: Entry[] | undefined
  let left = bytes
  for (let i = from; i < ring.length; i++) {
    const entry = ring.at(i)
    if (!entry || reading.covers(entry)) continue
    left -= entry.weight
    if (!found) found = [entry]
    else found.push(entry)
    // The first fits in any case, so it takes a second one to tell that there are more.
    if (found.length >= limit || (left < 0 && found.length > 1)) return found
  }
  return found ?? nothing
}

/**
 * The first kept entries of the channels that the reading does not cover, in canonical order: `limit` of them, or at least
 * one more than fit into the bytes.
 */
export const unread = (
  ledger: Ledger,
  channels: readonly Channel[],
  reading: Reading,
  extent: Extent,
): readonly Entry[] => {
  if (atTip(ledger, reading)) return nothing
  const enter = channels.some(isLarge) && settled(ledger, reading)
  const [only] = channels
  if (only && channels.length === 1) return uncovered(only, startIn(only, reading, enter), reading, extent)
  const lists = channels.map((channel) => uncovered(channel, startIn(channel, reading, enter), reading, extent))
  return lists.flat().sort(byKey).slice(0, extent.limit)
}

/** The kept entries that are at most `recentMs` old. */
export const recent = (channels: readonly Channel[], sinceMs: number, limit: number): Entry[] => {
  const found: Entry[] = []
  for (const { ring } of channels) {
    let from = ring.length
    while (from > 0 && (ring.at(from - 1)?.bornMs ?? 0) >= sinceMs) from--
    for (let i = from; i < ring.length && i < from + limit; i++) {
      const entry = ring.at(i)
      if (entry) found.push(entry)
    }
  }
  return found.sort(byKey).slice(0, limit)
}

/** Why the reading can't be continued without a hole on these channels, if so. */
export const gapOf = (ledger: Ledger, channels: readonly Channel[], reading: Reading): GapReason | undefined => {
  if (reading.astray) return 'unknown_origin'
  if (reading.missed) return reading.missed
  if (reading.time < ledger.horizon) return 'evicted'
  for (let slot = 0; slot < ledger.origins.length; slot++)
    if ((reading.seqs[slot] ?? 0) < (ledger.origins[slot]?.lost ?? 0)) return 'evicted'
  for (const { floors } of channels) {
    // Most have none, and to begin to go through them costs more than to ask.
    if (floors.size === 0) continue
    for (const [origin, floor] of floors) if ((reading.seqs[origin.slot] ?? 0) < floor.seq) return 'evicted'
  }
  return undefined
}

const oldest = (channels: readonly Channel[]): Entry | undefined =>
  channels
    .map(({ ring }) => ring.at(0))
    .filter((entry) => entry !== undefined)
    .sort(byKey)[0]

/** As many of `entries` as fit into `bytes`, at least one. */
const fitting = (entries: readonly Entry[], bytes: number): readonly Entry[] => {
  if (entries.length <= 1) return entries
  let sum = 0
  const end = entries.findIndex((entry) => {
    sum += entry.weight
    return sum > bytes
  })
  return end < 0 ? entries : entries.slice(0, Math.max(1, end))
}

/** Whether `id`, the entry's own, names the place where this node is: then there is no other to be made. */
const endsAt = (ledger: Ledger, entry: Entry | undefined, id: string): boolean => {
  if (entry?.time !== ledger.lastTime || idOf(entry) !== id) return false
  const { position } = entry
  return position?.origins === ledger.ids && ledger.shown.every((seq, slot) => position.seqs[slot] === seq)
}

// Two literals: what has no trace, as nearly all, has no room for one.
const shownOf = ({ channel, head, tail, traceparent }: Entry, id: string, late: boolean): Shown =>
  traceparent === undefined ? { channel, head, tail, id, late } : { channel, head, tail, id, late, traceparent }

/**
 * Moves the reading over `found` and makes the answer. `complete`: nothing else is left to read, so the reading
 * ends where this node is.
 */
export const answer = (
  ledger: Ledger,
  channels: readonly Channel[],
  reading: Reading,
  found: readonly Entry[],
  { limit, bytes }: Extent,
  gap: GapReason | undefined,
): Answer => {
  const entries = fitting(found, bytes)
  if (gap === 'unknown_origin') reading.tellStrange()
  // What is gone for good is told once.
  reading.missed = undefined
  let last = ''
  // Filled, not mapped: V8's own `map` and its compiler's make lists of two kinds, and each who reads them is compiled twice.
  const messages = new Array<Shown>(entries.length)
  let i = 0
  for (const entry of entries) {
    const late = entry.time < reading.time
    last = reading.take(entry)
    messages[i++] = shownOf(entry, last, late)
  }
  const complete = entries.length === found.length && found.length < limit
  const isLast = last !== '' && (!complete || endsAt(ledger, entries.at(-1), last))
  if (complete && !isLast) reading.merge(ledger.position())
  const cursor = isLast ? last : reading.text()
  if (gap === undefined) return { messages, cursor }
  const first = oldest(channels)
  return { messages, cursor, gap: first ? { reason: gap, oldest: idOf(first) } : { reason: gap } }
}
