import type { Effect } from '../effect.js'
import type { CoreOptions } from '../limits.js'
import type { NodeId } from '../log/node-id.js'
import type { Members } from './members.js'
import type { Claim, Heartbeat } from './message.js'

/** News is told at once, but no more often than this. */
const newsMs = 20
/** Every so many heartbeats tell all that is known; those in between only what this node says of itself. */
const wholeEvery = 4

interface Parts {
  readonly members: Members
  readonly options: CoreOptions
  /** What this node says of itself now. */
  claim(hears: readonly NodeId[], counter: number): Claim
  emit(effect: Effect): void
  /** Another living node has this one's name. */
  namesake(other: Claim): void
}

/**
 * Tells all neighbours, every heartbeat interval and when something has changed, who is there. What was heard of others is
 * passed on with news, and once a second: often enough for who hears of them this way only, and a quarter of the bytes,
 * of which each node more makes each heartbeat longer.
 */
export class Gossip {
  readonly #parts: Parts
  #counter = 0
  #toldMs = Number.NEGATIVE_INFINITY
  #told = ''
  #news = true
  #beats = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get nextMs(): number {
    return this.#toldMs + (this.#news ? newsMs : this.#parts.options.heartbeatMs)
  }

  /** Something is worth telling before the next heartbeat. */
  touch(): void {
    this.#news = true
  }

  receive(from: NodeId, heartbeat: Heartbeat, nowMs: number): void {
    const { members, options, emit, namesake } = this.#parts
    const { fresh, replaced: older } = members.learn(heartbeat, nowMs)
    for (const { claim, id } of fresh) emit({ type: 'dial', peer: id, address: claim.address })
    for (const { claim, id } of older) emit({ type: 'forget', peer: id, address: claim.address })
    // By its own word only: of a life that has ended others may still speak.
    const own = heartbeat.claims.find(({ id }) => id === from)
    if (own && own.name === options.name && own.id !== members.self && !own.leaving) namesake(own)
    if (fresh.length > 0 || members.heard(nowMs).join() !== this.#told) this.touch()
  }

  /** Tells if it is time; true if it did. */
  tick(nowMs: number): boolean {
    if (nowMs < this.nextMs) return false
    const { members, claim, emit } = this.#parts
    const hears = members.heard(nowMs)
    this.#told = hears.join()
    this.#toldMs = nowMs
    const whole = this.#news || ++this.#beats % wholeEvery === 0
    this.#news = false
    const own = claim(hears, ++this.#counter)
    const message: Heartbeat = { type: 'heartbeat', claims: whole ? [own, ...members.gossip(nowMs)] : [own] }
    if (members.links.length > 0) emit({ type: 'send', to: members.links, message })
    return true
  }
}
