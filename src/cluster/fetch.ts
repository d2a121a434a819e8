import type { Lamport } from '../log/lamport.js'
import type { Ledger } from '../log/ledger.js'
import type { NodeId } from '../log/node-id.js'
import type { Rules } from '../log/rules.js'
import type { Decision } from './decision.js'
import type { Members } from './members.js'
import type { Copies, Direct, Sync, ViewId, Want } from './message.js'
import { type Peer, sameView } from './peer.js'
import type { HeldFloors, Staging } from './staging.js'

/** A request that brings nothing for this long is made again. */
const patienceMs = 300

interface Parts {
  readonly ledger: Ledger
  readonly lamport: Lamport
  readonly staging: Staging
  readonly rules: Rules
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

  /** For those who copy from here what has not taken effect here. */
  get held(): readonly HeldFloors[] {
    return this.#held
  }

  /** What was evicted elsewhere of what is shown by now. Beyond that nothing is known to be missing yet (I7). */
  takeHeld(): HeldFloors[] {
    return this.#held.splice(0).map(({ origin, floors, lost }) => ({
      origin,
      floors: floors.map((floor) => ({ ...floor, seq: Math.min(floor.seq, origin.shown) })),
      lost: Math.min(lost, origin.shown),
    }))
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
    const { ledger, staging, members, rules } = this.#parts
    if (!this.#expected.has(from)) return false
    this.#settle(copies)
    if (copies.origin !== members.self) staging.add(copies, ledger.have(copies.origin), nowMs)
    if (!rules.staging) this.#held.push(...staging.commit(ledger, [[copies.origin, copies.to]], nowMs))
    if (from === this.#asked) this.#askedMs = copies.last ? Number.NEGATIVE_INFINITY : nowMs
    if (copies.last) this.#targetMs = Number.NEGATIVE_INFINITY
    if (copies.last) this.#answered(from)
    return copies.last
  }

  /** Of records that are here, but not shown yet: takes over what a node has decided that has shown them. */
  #settle({ origin: id, after, to, records, floors, lost }: Copies): void {
    const origin = this.#parts.ledger.get(id)
    if (!origin || Math.max(after, origin.shown) >= origin.have) return
    const copies = new Map(records.map((copy) => [copy.seq, copy]))
    const end = Math.min(to, origin.have)
    for (let seq = Math.max(after, origin.shown) + 1; seq <= end; seq++) {
      const entry = origin.at(seq)
      const copy = copies.get(seq)
      if (!entry || entry.place) continue
      if (!copy) origin.drop(seq)
      else if (copy.position) entry.decide(copy)
    }
    this.#held.push({ origin, floors: floors.filter(({ seq }) => seq > origin.shown), lost: Math.min(lost, end) })
  }

  /** Moves the target into the log if it is all there, else asks for what is missing. */
  target(sync: Sync, decisions: readonly Decision[], nowMs: number): boolean {
    const { ledger, lamport, staging } = this.#parts
    const wants = this.#missing(decisions)
    if (wants.size === 0) {
      this.#held.push(...staging.commit(ledger, sync.target, nowMs))
      // Even if this view never comes about: this node holds these records now, and may be the last one that does.
      lamport.witness(sync.time)
      return true
    }
    if (nowMs - this.#targetMs < patienceMs) return false
    this.#targetMs = nowMs
    for (const [peer, list] of wants) this.#ask(peer, list)
    return false
  }

  /** By whom to ask: what is decided from a decider, the rest from a holder. */
  #missing(decisions: readonly Decision[]): Map<NodeId, Want['wants'][number][]> {
    const wants = new Map<NodeId, Want['wants'][number][]>()
    for (const decision of decisions) {
      const after = this.#settled(decision)
      const { id, to, decided, decider, holder } = decision
      if (after >= to) continue
      const [peer, end] = after < decided ? [decider, decided] : [holder, to]
      const list = wants.get(peer) ?? []
      list.push({ origin: id, after, to: end })
      wants.set(peer, list)
    }
    return wants
  }

  /** How far this origin is held such that this view can begin with it: nothing decided elsewhere is undecided here. */
  #settled({ id, decided, ours }: Decision): number {
    const { ledger, staging } = this.#parts
    const origin = ledger.get(id)
    if (ours) return this.reach(id)
    for (let seq = (origin?.shown ?? 0) + 1; origin && seq <= Math.min(decided, origin.have); seq++) {
      const entry = origin.at(seq)
      if (entry && !entry.place) return seq - 1
    }
    staging.dropUndecided(id, decided)
    return this.reach(id)
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
