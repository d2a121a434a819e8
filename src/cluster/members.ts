import type { CoreOptions } from '../limits.js'
import type { NodeId } from '../log/node-id.js'
import type { Claim, Heartbeat } from './message.js'
import { Peer } from './peer.js'

/** Claims of nodes that have been silent for this many suspicion times are not passed on. */
const gossipLives = 3
/** And after this long, with nothing of theirs linked, they are no longer kept, if room is needed. */
const forgetMs = 60_000

export interface Learnt {
  /** Nodes heard of for the first time. */
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
    const fresh: Peer[] = []
    const replaced: Peer[] = []
    for (const claim of heartbeat.claims) {
      if (claim.id === this.self) continue
      const known = this.#peers.get(claim.id)
      if (known) known.update(claim, nowMs)
      else if (this.#makeRoom(nowMs)) {
        const peer = new Peer(claim, nowMs)
        peer.linked = this.#links.has(claim.id)
        if (peer.linked) peer.heardMs = nowMs
        this.#peers.set(claim.id, peer)
        replaced.push(...this.#supersede(peer))
        if (!peer.superseded) fresh.push(peer)
      }
    }
    return { fresh, replaced }
  }

  /** R1: of two lives of one name the younger counts. */
  #supersede(newcomer: Peer): Peer[] {
    const replaced: Peer[] = []
    for (const peer of this.#peers.values()) {
      if (peer === newcomer || peer.claim.name !== newcomer.claim.name || peer.superseded) continue
      const older = peer.id < newcomer.id ? peer : newcomer
      older.superseded = true
      if (older === peer) replaced.push(peer)
    }
    return replaced
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
