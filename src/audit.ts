import type { Channel } from './channel/channel.js'
import type { Channels } from './channel/channels.js'
import type { Keys } from './channel/keys.js'
import { compareViews } from './cluster/peer.js'
import type { ViewChange } from './cluster/view-change.js'
import { before } from './log/entry.js'
import type { Ledger } from './log/ledger.js'
import type { Origin } from './log/origin.js'

/** I1, I3, I10; I2, I4 and I6 are watched where they could break, and reported as `invariant_broken`. */
export const auditLog = (ledger: Ledger, { promised, view, frozen }: ViewChange): string[] => {
  const broken = ledger.origins.flatMap(auditOrigin)
  if (ledger.origins.some(({ shown, slot }) => ledger.shown[slot] !== shown)) broken.push('I1: the shown vector is off')
  const order = compareViews(promised, view.id)
  if (order < 0) broken.push('I10: a view beyond what was promised')
  if (order > 0 && !frozen) broken.push('I6: promised a view, and not frozen')
  return broken
}

const auditOrigin = (origin: Origin): string[] => {
  const { id, have, shown, lost } = origin
  const broken: string[] = []
  if (shown > have) broken.push(`I1: ${id} shown ${shown} of ${have}`)
  if (lost > shown) broken.push(`I7: ${id} lost ${lost}, shown ${shown}`)
  let time = 0
  for (let seq = origin.first; seq <= have; seq++) {
    const entry = origin.at(seq)
    if (!entry) continue
    if (entry.seq !== seq || entry.time <= time) broken.push(`I3: ${id} ${seq} out of order`)
    time = entry.time
  }
  return broken
}

/** Every text that an arena holds is an entry's, and the other way about: else it would be held for ever. So with cells. */
export const auditMemory = (ledger: Ledger, keys: Keys): string[] => {
  const { slabs, origins } = ledger
  let bytes = 0
  let count = 0
  for (const origin of origins)
    for (let seq = origin.first; seq <= origin.have; seq++) {
      const entry = origin.at(seq)
      bytes += entry?.heldBytes ?? 0
      count += entry ? 1 : 0
    }
  // An origin may be forgotten before its keys are.
  for (const { origin } of keys.holders()) if (ledger.get(origin.id) !== origin) count++
  const broken: string[] = []
  const { arena } = slabs
  if (bytes !== arena.bytes) broken.push(`I9: of ${arena.bytes} bytes in the arena ${bytes} are anybody's`)
  if (count !== slabs.count) broken.push(`I9: of ${slabs.count} cells ${count} are anybody's`)
  return broken
}

/** I7, I9, and that what is counted is there. */
export const auditChannels = (channels: Channels): string[] => {
  const broken: string[] = []
  let count = 0
  let bytes = 0
  for (const channel of channels.all()) {
    broken.push(...auditChannel(channel))
    for (let i = 0; i < channel.ring.length; i++) bytes += channel.ring.at(i)?.size ?? 0
    count += channel.ring.length
  }
  if (count !== channels.count || bytes !== channels.bytes) broken.push('I9: the sums are off')
  return broken
}

const auditChannel = ({ ring, floors, name }: Channel): string[] => {
  const broken: string[] = []
  for (const [{ id, shown }, { seq }] of floors)
    if (seq > shown) broken.push(`I7: ${name} floor ${seq} of ${id}, shown ${shown}`)
  for (let i = 0; i < ring.length; i++) {
    const entry = ring.at(i)
    if (!entry?.kept || !entry.origin.at(entry.seq)?.is(entry)) broken.push(`I9: ${name} has another's record at ${i}`)
  }
  for (let i = 1; i < ring.length; i++) {
    const last = ring.at(i - 1)
    const entry = ring.at(i)
    if (last && entry && !before(last, entry)) broken.push(`I9: ${name} is not in order at ${i}`)
  }
  return broken
}
