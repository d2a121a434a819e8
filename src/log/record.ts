import type { NodeId } from './node-id.js'

/** What a publisher hands in, checked by the edge: names are valid, `data` is one JSON object. */
export interface Draft {
  readonly database: string
  readonly channel: string
  /**
   * The object's bytes as accepted, but with a hole where the id goes: `data[0..hole)` ends with `"message_id":`
   * and `data[hole..]` begins what follows the id. The core never looks inside.
   */
  readonly data: Uint8Array
  readonly hole: number
  /** Idempotency key, 1 to 256 bytes, in the scope of the database. */
  readonly key?: string
  /** Present with `key`: a digest of channel and data, so that the same key with another body is told apart. */
  readonly digest?: string
}

/** A draft that a node has accepted: its place in that node's log, and its Lamport time. */
export interface Record extends Draft {
  readonly seq: number
  readonly time: number
}

/** A position: for each origin, up to which sequence number everything is accounted for. Origins ascend as text. */
export interface Position {
  /** Lamport time of the latest message at or before the position. */
  readonly time: number
  readonly origins: readonly NodeId[]
  readonly seqs: readonly number[]
}

/** A record on its way to a node that missed it: with its age, and its position if the sender has shown it. */
export interface Copy extends Record {
  readonly ageMs: number
  readonly position?: Position
}
