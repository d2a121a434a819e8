import { byKey, type Entry } from '../log/entry.js'
import type { Ledger } from '../log/ledger.js'
import type { Audience } from '../log/log.js'
import type { NodeId } from '../log/node-id.js'
import type { Decision } from './decision.js'
import { intern } from './staging.js'

/** Everything held but not yet shown, up to the target. */
const unseen = (ledger: Ledger, decisions: readonly Decision[]): Entry[] => {
  const entries: Entry[] = []
  for (const { id, to } of decisions) {
    const origin = ledger.get(id)
    for (let seq = (origin?.shown ?? 0) + 1; origin && seq <= Math.min(to, origin.have); seq++) {
      const entry = origin.at(seq)
      if (entry) entries.push(entry)
    }
  }
  return entries.sort(byKey)
}

/**
 * The start of a view: all members show what any of them held, and decide alike, whichever views they come from. First
 * what others in this node's old view have shown already, in the order in which they did, which is the order of keys.
 * Then what other views have shown: its positions and the fate of its keys stand. Then what nobody has shown.
 */
export const merge = (
  ledger: Ledger,
  audience: Audience,
  decisions: readonly Decision[],
  shown: (entry: Entry, first: Entry | undefined) => void,
): void => {
  const entries = unseen(ledger, decisions)
  const byId = new Map(decisions.map((decision) => [decision.id, decision]))
  const isOurs = ({ origin, seq, place }: Entry): boolean => {
    const decision = byId.get(origin.id)
    return place === undefined && decision?.ours === true && seq <= decision.decided
  }
  const show = (entry: Entry): void => {
    const inOrder = ledger.inOrder(entry)
    if (inOrder) for (const { id, to } of decisions) passHoles(ledger, id, to, entry.time)
    ledger.advance(entry)
    entry.place = inOrder ? ledger.placeOf(entry) : ledger.cut(entry)
    shown(entry, audience.show(entry))
  }
  const decided = entries.filter(({ place }) => place !== undefined)
  for (const entry of entries.filter(isOurs)) show(entry)
  for (const entry of decided) {
    if (entry.position) entry.place = intern(entry.position, ledger.ids)
    ledger.advance(entry)
    audience.adopt(entry)
    shown(entry, undefined)
  }
  for (const entry of entries) if (entry.place === undefined) show(entry)
  for (const { id, to } of decisions) {
    const origin = ledger.get(id)
    if (origin) ledger.advanceTo(origin, Math.min(to, origin.have))
  }
}

/** What was evicted elsewhere is accounted for as soon as the order has passed it. */
const passHoles = (ledger: Ledger, id: NodeId, to: number, time: number): void => {
  const origin = ledger.get(id)
  if (origin === undefined) return
  let seq = origin.shown
  while (seq < Math.min(to, origin.have) && origin.at(seq + 1) === undefined) seq++
  if (seq > origin.shown && origin.timeAt(seq) <= time) ledger.advanceTo(origin, seq)
}
