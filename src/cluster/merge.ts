import { byKey, type Entry } from '../log/entry.js'
import type { Ledger } from '../log/ledger.js'
import type { Audience } from '../log/log.js'
import type { NodeId } from '../log/node-id.js'
import type { Reach } from './message.js'
import { intern } from './staging.js'

/** Everything held but not yet shown, up to the target. */
const unseen = (ledger: Ledger, target: readonly Reach[]): Entry[] => {
  const entries: Entry[] = []
  for (const [id, to] of target) {
    const origin = ledger.get(id)
    for (let seq = (origin?.shown ?? 0) + 1; origin && seq <= Math.min(to, origin.have); seq++) {
      const entry = origin.at(seq)
      if (entry) entries.push(entry)
    }
  }
  return entries
}

/**
 * The start of a view: all members show what any of them held, in key order. What others have shown keeps the
 * position it was shown at. The rest gets this node's own, which is the same on every node that comes from the same
 * view; a record that belongs before what this node has shown (the other side of a split) gets the place it cuts off.
 */
export const merge = (
  ledger: Ledger,
  audience: Audience,
  target: readonly Reach[],
  shown: (entry: Entry, first: Entry | undefined) => void,
): number => {
  const entries = unseen(ledger, target)
  const decided = entries.filter((entry) => entry.position).sort(byKey)
  for (const entry of decided) {
    if (entry.position) entry.position = intern(entry.position, ledger.ids)
    ledger.advance(entry)
    audience.adopt(entry)
  }
  for (const entry of entries.filter(({ position }) => position === undefined).sort(byKey)) {
    const inOrder = ledger.inOrder(entry)
    if (inOrder) for (const [id, to] of target) passHoles(ledger, id, to, entry.time)
    ledger.advance(entry)
    entry.position = inOrder ? ledger.position() : ledger.cut(entry)
    shown(entry, audience.show(entry))
  }
  for (const [id, to] of target) {
    const origin = ledger.get(id)
    if (origin) ledger.advanceTo(origin, Math.min(to, origin.have))
  }
  return entries.length
}

/** What was evicted elsewhere is accounted for as soon as the order has passed it. */
const passHoles = (ledger: Ledger, id: NodeId, to: number, time: number): void => {
  const origin = ledger.get(id)
  if (origin === undefined) return
  let seq = origin.shown
  while (seq < Math.min(to, origin.have) && origin.at(seq + 1) === undefined) seq++
  if (seq > origin.shown && origin.timeAt(seq) <= time) ledger.advanceTo(origin, seq)
}
