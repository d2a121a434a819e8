import type { NodeId } from '../log/node-id.js'
import type { Sync, ViewId } from './message.js'
import { sameView } from './peer.js'

/** What a view change says of one origin, as it concerns this node. */
export interface Decision {
  readonly id: NodeId
  /** What all members will hold. */
  readonly to: number
  readonly holder: NodeId
  /** Up to here some member has shown it: ids and the fate of keys are settled. */
  readonly decided: number
  readonly decider: NodeId
  /** The decider comes from this node's view: from the same records the same order follows, without asking. */
  readonly ours: boolean
}

export const decisionsOf = (sync: Sync, view: ViewId): Decision[] => {
  const views = new Map(sync.members.map((id, i) => [id, sync.views[i]]))
  return sync.target.map(([id, to], i) => {
    const decider = sync.deciders[i] ?? id
    const theirs = views.get(decider)
    const ours = theirs !== undefined && sameView(theirs, view)
    return { id, to, holder: sync.holders[i] ?? id, decided: sync.decided[i] ?? 0, decider, ours }
  })
}
