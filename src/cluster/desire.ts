import type { CoreOptions } from '../limits.js'
import type { NodeId } from '../log/node-id.js'
import type { Members } from './members.js'
import type { Reach, ViewId } from './message.js'
import { type Peer, sameView } from './peer.js'

/** Records that a newcomer may still miss when it is taken in; the freeze moves no more than that. */
const slack = 2000
/** A newcomer that does not catch up in this time is taken in all the same. */
const patienceMs = 10_000

const missing = (theirs: readonly Reach[], mine: (id: NodeId) => number): number =>
  theirs.reduce((sum, [id, seq]) => sum + Math.max(0, seq - mine(id)), 0)

/**
 * Which members this node would like its view to have: all it can reach that can reach each other, newcomers only
 * once both sides have copied most of what the other has.
 */
export class Desire {
  readonly #waitingSince = new Map<NodeId, number>()

  constructor(
    readonly self: NodeId,
    readonly members: Members,
    readonly options: CoreOptions,
  ) {}

  /** Ids ascending, this node's own among them. */
  now(view: { id: ViewId; members: readonly NodeId[] }, have: () => Map<NodeId, number>, nowMs: number): NodeId[] {
    const reachable = this.members.reachable(nowMs).filter((peer) => peer.welcome(nowMs))
    const chosen: Peer[] = []
    let mine: Map<NodeId, number> | undefined
    for (const peer of reachable.sort((a, b) => (a.id < b.id ? -1 : 1))) {
      const inside = view.members.includes(peer.id)
      if (!inside) {
        mine ??= have()
        if (!this.#caughtUp(peer, mine, nowMs)) continue
      }
      if (chosen.every((other) => this.members.connected(other, peer, nowMs))) chosen.push(peer)
    }
    return [this.self, ...chosen.map(({ id }) => id)].sort()
  }

  #caughtUp(peer: Peer, mine: Map<NodeId, number>, nowMs: number): boolean {
    const theirs = new Map(peer.claim.have)
    const behind = missing([...mine], (id) => theirs.get(id) ?? 0) + missing(peer.claim.have, (id) => mine.get(id) ?? 0)
    if (behind <= slack) {
      this.#waitingSince.delete(peer.id)
      return true
    }
    const since = this.#waitingSince.get(peer.id) ?? nowMs
    this.#waitingSince.set(peer.id, since)
    return nowMs - since > patienceMs
  }

  /** Is there a member that says it is in another view? */
  divided(view: { id: ViewId; members: readonly NodeId[] }, nowMs: number): boolean {
    return view.members.some((id) => {
      const peer = this.members.get(id)
      return peer?.alive(nowMs, this.options.suspectMs) === true && !sameView(peer.claim.view, view.id)
    })
  }
}
