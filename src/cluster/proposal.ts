import type { NodeId } from '../log/node-id.js'
import type { Reach, State, Sync, ViewId } from './message.js'

/** For each origin the greatest number that was offered, and by whom; of equal ones one's own. */
class Furthest {
  readonly #best = new Map<NodeId, { readonly seq: number; readonly by: NodeId }>()

  constructor(readonly self: NodeId) {}

  get origins(): IterableIterator<NodeId> {
    return this.#best.keys()
  }

  offer(origin: NodeId, seq: number, by: NodeId): void {
    const best = this.#best.get(origin)
    if (!best || seq > best.seq || (seq === best.seq && by === this.self)) this.#best.set(origin, { seq, by })
  }

  of(origin: NodeId): { readonly seq: number; readonly by: NodeId } {
    return this.#best.get(origin) ?? { seq: 0, by: this.self }
  }
}

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
    const held = new Furthest(self)
    const shown = new Furthest(self)
    for (const [id, state] of this.states) {
      if (!options.targetOfAll && id !== self) continue
      state.have.forEach(([origin, seq], i) => {
        held.offer(origin, seq, id)
        shown.offer(origin, state.shown[i] ?? 0, id)
      })
    }
    const origins = [...held.origins].sort()
    const reaches = origins.map((origin): Reach => [origin, held.of(origin).seq])
    const done = this.#done(reaches)
    this.sync = {
      type: 'sync',
      id: this.id,
      members: this.members,
      target: reaches,
      holders: origins.map((origin) => held.of(origin).by),
      decided: origins.map((origin) => shown.of(origin).seq),
      deciders: origins.map((origin) => shown.of(origin).by),
      views: this.members.map((id) => this.states.get(id)?.view ?? this.id),
      time: Math.max(...states.map(({ time }) => time)),
      ready: options.ready || states.some(({ ready }) => ready),
      forget: [...done, ...options.forgotten.filter(([id]) => !origins.includes(id))],
      horizon: this.#horizon(done),
    }
    return this.sync
  }

  /** An origin goes for good when every member that knows it is done with it. */
  #done(target: readonly Reach[]): Reach[] {
    const states = [...this.states.values()].map(({ have, expired }) => ({
      knows: new Set(have.map(([id]) => id)),
      expired: new Set(expired.map(([id]) => id)),
    }))
    return target.filter(
      ([origin]) =>
        !this.members.includes(origin) &&
        states.every(({ knows, expired }) => expired.has(origin) || !knows.has(origin)),
    )
  }

  #horizon(done: readonly Reach[]): number {
    const ids = new Set(done.map(([id]) => id))
    const states = [...this.states.values()]
    const times = states.flatMap(({ expired }) => expired.filter(([id]) => ids.has(id)).map(([, time]) => time))
    return Math.max(...states.map(({ horizon }) => horizon), ...times)
  }
}
