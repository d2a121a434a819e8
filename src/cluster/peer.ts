import type { NodeId } from '../log/node-id.js'
import type { Claim, ViewId } from './message.js'

export const sameView = (a: ViewId, b: ViewId): boolean => a.ballot === b.ballot && a.proposer === b.proposer

/** Ballots first, then who proposed: a total order of proposals. */
export const compareViews = (a: ViewId, b: ViewId): number =>
  a.ballot - b.ballot || (a.proposer < b.proposer ? -1 : a.proposer > b.proposer ? 1 : 0)

export const viewText = (id: ViewId): string => `${id.ballot}.${id.proposer}`

/** What this node knows of one other. */
export class Peer {
  linked = false
  /** When something came over our own link. */
  heardMs = Number.NEGATIVE_INFINITY
  /** Redials refused since it was last heard of. */
  refusals = 0
  /** A newer life of the same name exists: this one is dead whatever is said of it. */
  superseded = false
  /** Nobody has been told of it yet. */
  isNew = true
  /** Not to be taken into a view before then. */
  shunnedUntilMs = 0
  shunMs = 0
  /** It has turned down a view of ours: not to be asked again before then. */
  busyUntilMs = 0
  busyMs = 0
  readonly hears: Set<NodeId>

  constructor(
    public claim: Claim,
    /** When its counter last rose. */
    public aliveMs: number,
  ) {
    this.hears = new Set(claim.hears)
  }

  get id(): NodeId {
    return this.claim.id
  }

  /** Takes a newer claim; false if it is not newer. */
  update(claim: Claim, nowMs: number): boolean {
    if (claim.counter <= this.claim.counter) return false
    this.claim = claim
    this.aliveMs = nowMs
    this.refusals = 0
    this.hears.clear()
    for (const id of claim.hears) this.hears.add(id)
    return true
  }

  alive(nowMs: number, suspectMs: number): boolean {
    return !this.superseded && this.showsLife(nowMs, suspectMs)
  }

  showsLife(nowMs: number, suspectMs: number): boolean {
    return !this.claim.leaving && this.refusals < 2 && nowMs - this.aliveMs < suspectMs
  }

  /** May it be asked into a view? */
  welcome(nowMs: number): boolean {
    return nowMs >= this.shunnedUntilMs && nowMs >= this.busyUntilMs
  }

  /** It has come into a view with us. */
  settled(): void {
    this.busyMs = 0
  }

  turnedDown(nowMs: number, leastMs: number, mostMs: number): void {
    this.busyMs = Math.min(mostMs, Math.max(leastMs, this.busyMs * 2))
    this.busyUntilMs = nowMs + this.busyMs
  }

  shun(nowMs: number, leastMs: number, mostMs: number): void {
    this.shunMs = Math.min(mostMs, Math.max(leastMs, this.shunMs * 2))
    this.shunnedUntilMs = nowMs + this.shunMs
  }
}
