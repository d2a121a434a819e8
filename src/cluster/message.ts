import type { NodeId } from '../log/node-id.js'
import type { Copy, Record } from '../log/record.js'

/** Which view: ballots ascend, and equal ballots are told apart by who proposed. `[0, own id]` is the view one starts in. */
export interface ViewId {
  readonly ballot: number
  readonly proposer: NodeId
}

/** Origin and sequence number: how far somebody is in that origin's log. */
export type Reach = readonly [origin: NodeId, seq: number]

/** What one node says of itself, passed on by others; a higher `counter` is newer. */
export interface Claim {
  readonly id: NodeId
  readonly name: string
  /** host:port of its peer port. */
  readonly address: string
  /** Base URL of its client port. */
  readonly url: string
  readonly counter: number
  readonly ready: boolean
  readonly leaving: boolean
  readonly view: ViewId
  readonly members: readonly NodeId[]
  /** Whom it has heard directly within the suspicion time. */
  readonly hears: readonly NodeId[]
  /** What it holds, fetched but not yet installed records included. */
  readonly have: readonly Reach[]
  /** Waiters now: the load that clients balance by. */
  readonly waiters: number
}

/** Evicted: nothing of `channel` up to and including `seq` (of the origin at hand) is kept. */
export interface Floor {
  readonly database: string
  readonly channel: string
  readonly seq: number
}

/** Liveness and gossip, every heartbeat interval: the sender's own claim, and now and then behind it all that it knows of. */
export interface Heartbeat {
  readonly type: 'heartbeat'
  readonly claims: readonly Claim[]
}

/** New records of the sender, from `first` on without a hole, and its row: what it holds of each member, in view order. */
export interface Batch {
  readonly type: 'batch'
  readonly view: ViewId
  readonly row: readonly number[]
  readonly first: number
  readonly records: readonly Record[]
}

/** View change, step 1: stop accepting and say what you have. Members ascend. */
export interface Propose {
  readonly type: 'propose'
  readonly id: ViewId
  readonly members: readonly NodeId[]
}

/** I have promised this higher ballot; or, if it is lower, I don't want such a view now. */
export interface Nack {
  readonly type: 'nack'
  readonly id: ViewId
  readonly ballot: number
}

/** Step 2: what I hold (never what is only fetched), my clock, and the origins whose tombstone has run out here. */
export interface State {
  readonly type: 'state'
  readonly id: ViewId
  /** The view I come from. */
  readonly view: ViewId
  readonly have: readonly Reach[]
  /** One for each of `have`, in its order: how far it is shown here. */
  readonly shown: readonly number[]
  readonly time: number
  readonly ready: boolean
  /** With the Lamport time of the last record of each. */
  readonly expired: readonly Reach[]
  /** The latest Lamport time of any origin that was ever forgotten. */
  readonly horizon: number
}

/** Step 3: what all members must hold before the view begins, and from whom to fetch what is missing. */
export interface Sync {
  readonly type: 'sync'
  readonly id: ViewId
  readonly members: readonly NodeId[]
  readonly target: readonly Reach[]
  /** One for each of `target`, in its order. */
  readonly holders: readonly NodeId[]
  /** One for each of `target`: up to where some member has shown it, and who. */
  readonly decided: readonly number[]
  readonly deciders: readonly NodeId[]
  /** One for each of `members`: the view it comes from. */
  readonly views: readonly ViewId[]
  readonly time: number
  readonly ready: boolean
  /** Origins that every member is done with, and how far they were. */
  readonly forget: readonly Reach[]
  /** The latest Lamport time of any of these: a cursor from before it may have missed what nobody knows any more. */
  readonly horizon: number
}

/** Step 4: I hold all of the target. */
export interface Synced {
  readonly type: 'synced'
  readonly id: ViewId
}

/** Step 5: all hold it; the view begins. */
export interface Install {
  readonly type: 'install'
  readonly id: ViewId
}

/** Please send what you have of these origins, after `after` and up to `to`. */
export interface Want {
  readonly type: 'want'
  readonly wants: readonly { readonly origin: NodeId; readonly after: number; readonly to: number }[]
}

/** The answer: of this origin, from after `after` to `to`, these are kept; all others there are evicted, with these floors. */
export interface Copies {
  readonly type: 'copies'
  readonly origin: NodeId
  readonly after: number
  readonly to: number
  /** Lamport time of the record at `to`, whether it is kept or not. */
  readonly time: number
  readonly records: readonly Copy[]
  readonly floors: readonly Floor[]
  /** Of all channels: evicted at or below this, with the channel's own floor forgotten. */
  readonly lost: number
  /** The last of what was wanted, or the sender's limit is reached: ask again for the rest. */
  readonly last: boolean
}

/** I stop: count me out at once. */
export interface Leave {
  readonly type: 'leave'
}

/** Pass `message` on to `to`, one hop and no further; `to` takes it as if `from` had sent it. */
export interface Relay {
  readonly type: 'relay'
  readonly from: NodeId
  readonly to: NodeId
  readonly message: Direct
}

export type Direct = Heartbeat | Batch | Propose | Nack | State | Sync | Synced | Install | Want | Copies | Leave
/** The closed union of what peers say to each other after the handshake. Tags and fields are append-only. */
export type Message = Direct | Relay
