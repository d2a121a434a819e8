import type { NodeId } from './node-id.js'

/**
 * One JSON object as accepted, without its id, a character a byte (latin1): cheaper to keep and to write than bytes,
 * and as exact. Nearly always `head` is empty, and `tail` what follows the opening brace: the id is put in front of it,
 * with a comma. Otherwise (the object had a `message_id` of its own, or nothing) the id stands between `head` and `tail`.
 * The core never looks inside. Without a tail there is nothing: of an entry only its key is kept.
 */
export interface Content {
  readonly head: string
  readonly tail: string
}

/**
 * Content that lies in the bytes of a request, a character a byte. It is good for the step in which it is handed in, and no
 * longer: then the next request is read to the same place.
 */
export interface Piece {
  readonly length: number
  readonly bytes: Uint8Array
  toString(): string
}

/** What a publisher hands in, checked by the edge: names are valid, the content is one JSON object. */
export interface Draft {
  readonly database: string
  readonly channel: string
  /** As in `Content`. */
  readonly head: string
  readonly tail: string | Piece
  /** Idempotency key, 1 to 256 bytes, in the scope of the database. */
  readonly key?: string
  /** Present with `key`: a digest of channel and data, so that the same key with another body is told apart. */
  readonly digest?: string
  /** The trace it belongs to (`traceparentOf`), if its publisher has told one. */
  readonly traceparent?: string
}

/** A draft that can be kept for longer than a step (`draftApart`). */
export interface KeptDraft extends Draft {
  readonly tail: string
}

/** A draft that a node has accepted: its place in that node's log, and its Lamport time. */
export interface Record extends KeptDraft {
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
