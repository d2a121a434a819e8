import type { CoreOptions } from '../limits.js'
import type { NodeId } from '../log/node-id.js'
import type { Claim, Heartbeat } from './message.js'
import { Peer } from './peer.js'

/** Claims of nodes that have been silent for this many suspicion times are not passed on. */
const gossipLives = 3
/** And after this long, with nothing of theirs linked, they are no longer kept, if room is needed. */
const forgetMs = 60_000

export interface Learnt {
  /** Nodes heard of for the first time, or again. */
  readonly fresh: readonly Peer[]
  /** Nodes that a newer life has replaced. */
  readonly replaced: readonly Peer[]
}

/**
 * Who is there, who hears whom, and by which way each can be reached: over one's own link, or over one other node.
 * It says nothing about order; views do (ordering rules R6, R9).
 */
export class Members {
  readonly #peers = new Map<NodeId, Peer>()
  /** Links may be up before the first claim over them has come. */
  readonly #links = new Set<NodeId>()

  constructor(
    readonly self: NodeId,
    readonly options: CoreOptions,
  ) {}

  get(id: NodeId): Peer | undefined {
    return this.#peers.get(id)
  }

  all(): IterableIterator<Peer> {
    return this.#peers.values()
  }

  /** Everybody with a link to this node. */
  get links(): readonly NodeId[] {
    return [...this.#links]
  }

  link(id: NodeId, up: boolean, nowMs: number): void {
    if (up) this.#links.add(id)
    else this.#links.delete(id)
    const peer = this.#peers.get(id)
    if (!peer) return
    peer.linked = up
    if (up) {
      peer.refusals = 0
      peer.heardMs = nowMs
    }
  }

  heardFrom(id: NodeId, nowMs: number): void {
    const peer = this.#peers.get(id)
    if (peer) peer.heardMs = nowMs
  }

  /** Time has been lost: judge nobody by the silence of it. */
  forgive(nowMs: number): void {
    for (const peer of this.#peers.values()) {
      if (peer.aliveMs > Number.NEGATIVE_INFINITY) peer.aliveMs = nowMs
      if (peer.linked) peer.heardMs = nowMs
    }
  }

  learn(heartbeat: Heartbeat, nowMs: number): Learnt {
    for (const claim of heartbeat.claims) {
      if (claim.id === this.self) continue
      const known = this.#peers.get(claim.id)
      if (known) known.update(claim, nowMs)
      else if (this.#makeRoom(nowMs)) this.#admit(new Peer(claim, nowMs), nowMs)
    }
    return this.#judgeNames(nowMs)
  }

  #admit(peer: Peer, nowMs: number): void {
    peer.linked = this.#links.has(peer.id)
    if (peer.linked) peer.heardMs = nowMs
    this.#peers.set(peer.id, peer)
  }

  /** R1: of several lives of one name that one counts which shows signs of life, is ready, and is the youngest. */
  #judgeNames(nowMs: number): Learnt {
    const holders = new Map<string, Peer>()
    for (const peer of this.#peers.values()) {
      const holder = holders.get(peer.claim.name)
      if (!holder || this.#outranks(peer, holder, nowMs)) holders.set(peer.claim.name, peer)
    }
    const fresh: Peer[] = []
    const replaced: Peer[] = []
    for (const peer of this.#peers.values()) {
      // A namesake of this node's own is never its partner: one of the two steps out.
      const superseded = peer.claim.name === this.options.name || holders.get(peer.claim.name) !== peer
      if (superseded && !peer.superseded && !peer.isNew) replaced.push(peer)
      else if (!superseded && (peer.superseded || peer.isNew)) fresh.push(peer)
      peer.superseded = superseded
      peer.isNew = false
    }
    return { fresh, replaced }
  }

  /** Identities rise with the wall clock. If that was set back a restart looks older than the life before: dead ones don't count. */
  #outranks(a: Peer, b: Peer, nowMs: number): boolean {
    const [aLives, bLives] = [a, b].map((peer) => peer.showsLife(nowMs, this.options.suspectMs))
    if (aLives !== bLives) return aLives === true
    return a.claim.ready === b.claim.ready ? a.id > b.id : a.claim.ready
  }

  #makeRoom(nowMs: number): boolean {
    if (this.#peers.size < this.options.membersMax) return true
    for (const peer of this.#peers.values()) {
      if (peer.linked || (!peer.superseded && nowMs - peer.aliveMs < forgetMs)) continue
      this.#peers.delete(peer.id)
      return true
    }
    return false
  }

  /** What is worth telling others. */
  gossip(nowMs: number): Claim[] {
    const recentMs = nowMs - gossipLives * this.options.suspectMs
    return [...this.#peers.values()]
      .filter((peer) => !peer.superseded && peer.aliveMs > recentMs)
      .map((peer) => peer.claim)
  }

  /** Whom this node hears over its own links. */
  heard(nowMs: number): NodeId[] {
    return [...this.#peers.values()].filter((peer) => this.#hears(peer, nowMs)).map((peer) => peer.id)
  }

  #hears(peer: Peer, nowMs: number): boolean {
    return peer.linked && nowMs - peer.heardMs < this.options.suspectMs
  }

  #alive(peer: Peer, nowMs: number): boolean {
    return peer.alive(nowMs, this.options.suspectMs)
  }

  /** A link counts only if both ends hear over it: else acknowledgements may never come back (ordering section 2.4). */
  direct(peer: Peer, nowMs: number): boolean {
    return this.#alive(peer, nowMs) && this.#hears(peer, nowMs) && peer.hears.has(this.self)
  }

  /** The neighbour to go through, if there is no way of one's own. */
  via(peer: Peer, nowMs: number): Peer | undefined {
    if (!this.#alive(peer, nowMs)) return undefined
    for (const other of this.#peers.values())
      if (other !== peer && other.hears.has(peer.id) && peer.hears.has(other.id) && this.direct(other, nowMs))
        return other
    return undefined
  }

  reachable(nowMs: number): Peer[] {
    return [...this.#peers.values()].filter((peer) => this.direct(peer, nowMs) || this.via(peer, nowMs) !== undefined)
  }

  /** Can these two talk, directly or through somebody who is alive? As far as gossip tells. */
  connected(a: Peer, b: Peer, nowMs: number): boolean {
    if (a.hears.has(b.id) && b.hears.has(a.id)) return true
    const both = (id: NodeId, hears: ReadonlySet<NodeId>) =>
      a.hears.has(id) && b.hears.has(id) && hears.has(a.id) && hears.has(b.id)
    if (both(this.self, new Set(this.heard(nowMs)))) return true
    return [...this.#peers.values()].some((other) => this.#alive(other, nowMs) && both(other.id, other.hears))
  }
}
