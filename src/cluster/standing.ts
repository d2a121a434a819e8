import type { CoreOptions } from '../limits.js'
import type { Lamport } from '../log/lamport.js'
import type { Ledger } from '../log/ledger.js'
import type { NodeId } from '../log/node-id.js'
import type { Members } from './members.js'
import type { Claim, Reach, State, ViewId } from './message.js'
import type { Staging } from './staging.js'
import type { Tombstones } from './tombstones.js'
import type { View } from './view-change.js'

interface Parts {
  readonly self: NodeId
  readonly ledger: Ledger
  readonly lamport: Lamport
  readonly staging: Staging
  readonly tombstones: Tombstones
  readonly members: Members
  readonly options: CoreOptions
  view(): View
  /** Holds all that was retained when it joined. */
  ready(): boolean
  draining(): boolean
  leaving(): boolean
  waiting(): number
}

/** What this node says of itself: in gossip its claim, in a view change its state. */
export class Standing {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  claim(hears: readonly NodeId[], counter: number): Claim {
    const { self, options, view, ready, draining, leaving, waiting } = this.#parts
    const { name, address, url } = options
    const { id, members } = view()
    const own = { id: self, name, address, url, counter, ready: ready() && !draining(), leaving: leaving() }
    return { ...own, view: id, members, hears, have: this.reach(), waiters: waiting() }
  }

  state(id: ViewId, nowMs: number): State {
    const { ledger, lamport, ready } = this.#parts
    const expired = this.#expired(nowMs)
    const view = this.#parts.view().id
    return {
      type: 'state',
      id,
      view,
      have: ledger.reach(),
      shown: ledger.shown.slice(),
      time: lamport.time,
      ready: ready(),
      expired,
      horizon: ledger.horizon,
    }
  }

  /** How far each origin is held, fetched records included. */
  reach(): Reach[] {
    const { ledger, staging } = this.#parts
    const ids = new Set([...ledger.ids, ...staging.ids()])
    return [...ids].map((id) => [id, staging.reach(id, ledger.have(id))])
  }

  #expired(nowMs: number): Reach[] {
    const { view, members, options, tombstones } = this.#parts
    const present = (id: NodeId): boolean =>
      view().members.includes(id) || members.get(id)?.alive(nowMs, options.suspectMs) === true
    return tombstones.expired(present, nowMs)
  }

  /** Are there origins to forget? */
  overdue(nowMs: number): boolean {
    return this.#expired(nowMs).length > 0
  }
}
