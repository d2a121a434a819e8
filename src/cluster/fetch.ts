import type { Lamport } from '../log/lamport.js'
import type { Ledger } from '../log/ledger.js'
import type { NodeId } from '../log/node-id.js'
import type { Members } from './members.js'
import type { Copies, Direct, Sync, ViewId, Want } from './message.js'
import { type Peer, sameView } from './peer.js'
import type { HeldFloors, Staging } from './staging.js'
import { wantsOf } from './view-change.js'

/** A request that brings nothing for this long is made again. */
const patienceMs = 300

interface Parts {
  readonly ledger: Ledger
  readonly lamport: Lamport
  readonly staging: Staging
  readonly members: Members
  /** Staged bytes at which copying ahead stops until a view takes them in. */
  readonly stagedBytes: number
  send(to: readonly NodeId[], message: Direct): void
}

/** Gets from others what this node lacks: ahead of a view from those in other views, and for a view its target. */
export class Fetch {
  /** Floors of what is in the log but not yet shown. */
  readonly #held: HeldFloors[] = []
  readonly #parts: Parts
  #askedMs = Number.NEGATIVE_INFINITY
  #asked: NodeId | undefined
  #targetMs = Number.NEGATIVE_INFINITY
  /** How many requests each has still to answer; what anybody sends unasked is not taken. */
  readonly #expected = new Map<NodeId, number>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  takeHeld(): HeldFloors[] {
    return this.#held.splice(0)
  }

  reach(id: NodeId): number {
    return this.#parts.staging.reach(id, this.#parts.ledger.have(id))
  }

  /** Copies ahead from reachable nodes of other views, one at a time, so that a freeze has little left to move. */
  ahead(view: ViewId, nowMs: number): void {
    if (nowMs - this.#askedMs < patienceMs || this.#parts.staging.bytes > this.#parts.stagedBytes) return
    const outsiders = this.#parts.members.reachable(nowMs).filter((peer) => !sameView(peer.claim.view, view))
    const best = outsiders.map((peer) => ({ peer, wants: this.#wants(peer) })).filter(({ wants }) => wants.length > 0)
    best.sort((a, b) => Number(b.peer.claim.ready) - Number(a.peer.claim.ready))
    const [first] = best
    if (!first) return
    this.#askedMs = nowMs
    this.#asked = first.peer.id
    this.#ask(first.peer.id, first.wants)
  }

  #wants(peer: Peer): Want['wants'] {
    return peer.claim.have.flatMap(([origin, to]) => {
      const after = this.reach(origin)
      return origin !== this.#parts.members.self && after < to ? [{ origin, after, to }] : []
    })
  }

  /** Takes in what came. True if it was the end of what a request could bring, so that the next one may go out. */
  take(from: NodeId, copies: Copies, nowMs: number): boolean {
    const { ledger, staging } = this.#parts
    if (copies.origin === this.#parts.members.self || !this.#expected.has(from)) return false
    staging.add(copies, ledger.have(copies.origin), nowMs)
    if (from === this.#asked) this.#askedMs = copies.last ? Number.NEGATIVE_INFINITY : nowMs
    if (copies.last) this.#targetMs = Number.NEGATIVE_INFINITY
    if (copies.last) this.#answered(from)
    return copies.last
  }

  /** Moves the target into the log if it is all there, else asks for what is missing. */
  target(sync: Sync, nowMs: number): boolean {
    const { ledger, lamport, staging } = this.#parts
    const wants = wantsOf(sync, (id) => this.reach(id))
    if (wants.size === 0) {
      this.#held.push(...staging.commit(ledger, sync.target, nowMs))
      // Even if this view never comes about: this node holds these records now, and may be the last one that does.
      lamport.witness(sync.time)
      return true
    }
    if (nowMs - this.#targetMs < patienceMs) return false
    this.#targetMs = nowMs
    for (const [holder, list] of wants) this.#ask(holder, list)
    return false
  }

  #answered(holder: NodeId): void {
    const left = (this.#expected.get(holder) ?? 1) - 1
    if (left > 0) this.#expected.set(holder, left)
    else this.#expected.delete(holder)
  }

  #ask(holder: NodeId, wants: Want['wants']): void {
    this.#expected.set(holder, (this.#expected.get(holder) ?? 0) + 1)
    this.#parts.send([holder], { type: 'want', wants })
  }
}
