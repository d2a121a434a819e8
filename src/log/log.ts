import type { Floor } from '../cluster/message.js'
import type { Now, Outcome, Publish, Publisher } from '../effect.js'
import type { Entry } from './entry.js'
import type { Origin } from './origin.js'
import type { Draft, Position } from './record.js'
import type { Home } from './slab.js'

/**
 * The narrow face between the log and what stands on it. Rings, cursors, waiters and transports know an order of
 * entries with positions, and not which log made it: the built-in cluster is one, another engine may be the next.
 */
export interface Log {
  /** Takes all drafts or none. Its fate is told once, by `Audience.settled`; during the call when it is refused. */
  append(publish: Publish, now: Now): void
  /** What has been shown. */
  position(): Position
  readonly ready: boolean
}

/** What a log tells those above it. */
export interface Audience {
  /** The next entry in the order (or, out of order, one that comes late). Returns the entry whose key it repeats. */
  show(entry: Entry): Entry | undefined
  /** Like `show`, of an entry that others have shown already: what they decided of its key stands. */
  adopt(entry: Entry): void
  /** Evicted elsewhere before it reached this node: of a channel, or (`lost`) of any channel, up to this number. */
  missed(origin: Origin, floors: readonly Floor[], lost: number): void
  /** Somebody waits for what comes next, and is told by `shown`. */
  readonly isAwaited: boolean
  /** The end of a run of these: those who wait may be answered. `before` is where the order stood at its start. */
  shown(before: Position): void
  /** The entry that holds this key now. */
  keyed(database: string, key: string): Entry | undefined
  /** Is there room for a message on this channel? */
  admits(draft: Draft): boolean
  /** The channel that it belongs to, if there is one by now, or what it will be called. */
  homeOf(draft: Draft): Home
  /** `sinceMs`: when it was asked for, if that was not just now. */
  settled(publisher: Publisher, outcome: Outcome, sinceMs?: number): void
  /** Of these origins: what is evicted, by channel, each list ascending. */
  floorsOf(origins: ReadonlySet<Origin>): ReadonlyMap<Origin, readonly Floor[]>
  /** Every node is done with this origin: nothing of it may be left. */
  forget(origin: Origin): void
}
