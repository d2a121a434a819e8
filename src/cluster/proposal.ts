import type { NodeId } from '../log/node-id.js'
import type { Reach, State, Sync, ViewId } from './message.js'

/**
 * A proposer's side of one view change: collects a STATE from every member, says what all must hold, and waits until
 * all do. Any failure abandons it as a whole; the next try has a higher ballot and collects anew (ordering section 2.7).
 */
export class Proposal {
  readonly states = new Map<NodeId, State>()
  readonly synced = new Set<NodeId>()
  sync: Sync | undefined
  sentMs: number
  /** When something last came in. */
  movedMs: number

  constructor(
    readonly id: ViewId,
    readonly members: readonly NodeId[],
    readonly startedMs: number,
  ) {
    this.sentMs = startedMs
    this.movedMs = startedMs
  }

  /** Who has not answered the present step. */
  get silent(): NodeId[] {
    return this.members.filter((id) => !(this.sync ? this.synced.has(id) : this.states.has(id)))
  }

  /** All states are in: what the view begins with. */
  conclude(self: NodeId, options: { ready: boolean; targetOfAll: boolean; forgotten: readonly Reach[] }): Sync {
    const states = [...this.states.values()]
    const target = new Map<NodeId, { seq: number; holder: NodeId }>()
    for (const [holder, state] of this.states) {
      if (!options.targetOfAll && holder !== self) continue
      for (const [origin, seq] of state.have) {
        const best = target.get(origin)
        if (!best || seq > best.seq || (seq === best.seq && holder === self)) target.set(origin, { seq, holder })
      }
    }
    const origins = [...target.keys()].sort()
    const reaches = origins.map((origin): Reach => [origin, target.get(origin)?.seq ?? 0])
    this.sync = {
      type: 'sync',
      id: this.id,
      members: this.members,
      target: reaches,
      holders: origins.map((origin) => target.get(origin)?.holder ?? self),
      time: Math.max(...states.map(({ time }) => time)),
      ready: options.ready || states.some(({ ready }) => ready),
      forget: this.#forget(reaches, options.forgotten),
    }
    return this.sync
  }

  /** An origin goes for good when every member that knows it is done with it. */
  #forget(target: readonly Reach[], forgotten: readonly Reach[]): Reach[] {
    const states = [...this.states.values()]
    const done = target.filter(
      ([origin]) =>
        !this.members.includes(origin) &&
        states.every(({ have, expired }) => expired.includes(origin) || !have.some(([id]) => id === origin)),
    )
    const known = new Set(target.map(([origin]) => origin))
    return [...done, ...forgotten.filter(([id]) => !known.has(id))]
  }
}
