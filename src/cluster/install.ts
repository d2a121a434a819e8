import type { Lamport } from '../log/lamport.js'
import type { Ledger } from '../log/ledger.js'
import type { Audience } from '../log/log.js'
import type { NodeId } from '../log/node-id.js'
import type { Accept } from './accept.js'
import type { Decision } from './decision.js'
import type { Fetch } from './fetch.js'
import { merge } from './merge.js'
import type { Sync } from './message.js'
import type { Replication } from './replication.js'
import type { Tombstones } from './tombstones.js'
import type { View } from './view-change.js'

export interface InstallParts {
  readonly self: NodeId
  readonly ledger: Ledger
  readonly lamport: Lamport
  readonly audience: Audience
  readonly tombstones: Tombstones
  readonly accept: Accept
  readonly fetch: Fetch
  readonly replication: Replication
  broken(invariant: string): void
}

/** R6, the end of a view change: all members hold the target, and show it in the same order. */
export const install = (
  sync: Sync,
  view: View,
  decisions: readonly Decision[],
  parts: InstallParts,
  nowMs: number,
): void => {
  const { self, ledger, lamport, audience, tombstones, accept, fetch, replication } = parts
  const before = ledger.position()
  checkTarget(sync, parts)
  for (const id of view.members) ledger.add(id)
  merge(ledger, audience, decisions, (entry, first) => {
    if (entry.origin.id === self) accept.tickets.shown(entry, first, view.members.length)
  })
  accept.tickets.pass(ledger.add(self).shown)
  for (const { origin, floors, lost } of fetch.takeHeld()) audience.missed(origin, floors, lost)
  for (const [id] of sync.target) tombstones.revive(id)
  for (const [id, seq] of sync.forget) {
    const origin = view.members.includes(id) ? undefined : tombstones.forget(id, seq)
    if (origin) audience.forget(origin)
  }
  ledger.raiseHorizon(sync.horizon)
  lamport.witness(Math.max(sync.time, sync.horizon))
  accept.unstableBytes = 0
  replication.begin(view, sync.target, nowMs)
  audience.shown(before)
}

/** I2: nobody has shown more than the target, and the target is here. */
const checkTarget = (sync: Sync, { ledger, broken }: InstallParts): void => {
  const target = new Map(sync.target)
  for (const { id, shown, have } of ledger.origins) {
    const to = target.get(id) ?? 0
    if (shown > to || have < to) broken(`I2: ${id} shown ${shown}, target ${to}, held ${have}`)
  }
}
