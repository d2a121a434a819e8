import type { Code } from '../../errors.js'
import type { NodeId } from '../../log/node-id.js'
import type { KeptDraft } from '../../log/record.js'

/** The drafts of one publish: one message of the stream, so that all of them are stored or none. */
export interface Batch {
  /** Of one publish of one node, however often it had to be sent. */
  readonly token: string
  /** The message of the stream up to which its sender knew all keys; see `Order`. */
  readonly seen: number
  readonly drafts: readonly KeptDraft[]
}

/** A message of the stream. */
export interface Packet {
  readonly seq: number
  /** Of the reading that brought it, 1, 2, 3…: a hole in these was lost on the way, a hole in `seq` alone is not in the stream. */
  readonly delivery: number
  /** When it was stored, in milliseconds of wall time. */
  readonly wall: number
  /** Nothing if it is not one of ours. */
  readonly batch: Batch | undefined
}

/** What a stream is and holds; ages in milliseconds. */
export interface Stream {
  /** Another one when the stream was deleted and made anew. */
  readonly id: NodeId
  readonly name: string
  readonly first: number
  readonly last: number
  readonly messages: number
  readonly bytes: number
  readonly replicas: number
  /** Within which the same publish is not stored twice. */
  readonly duplicateMs: number
}

/** What a node tells all others that run on the same log. */
export interface Presence {
  readonly id: NodeId
  readonly name: string
  readonly url: string
  readonly ready: boolean
  readonly leaving: boolean
  readonly waiters: number
}

/** What the core asks of the log; each is done once, and answered by one event, but for `tell`. */
export type LogRequest =
  /** Which databases have a stream? `listed` */
  | { readonly is: 'list' }
  /** Find the stream of the database, or make it. `opened`, `unopened` */
  | { readonly is: 'open'; readonly database: string }
  /** From now on deliver what is in it, from this message on, or what was stored since. `reading`, `arrived`…, `broken` */
  | {
      readonly is: 'read'
      readonly database: string
      /** Names the reading; what an earlier one still brings is not wanted. */
      readonly epoch: number
      readonly from: number | { readonly sinceMs: number }
    }
  /** `stored`, `unstored` */
  | {
      readonly is: 'store'
      readonly database: string
      readonly ticket: number
      /** What is the same as long as it is the same publish. */
      readonly id: string
      readonly batch: Batch
    }
  /** A page of what is there from this message on. `fetched`, `unfetched` */
  | { readonly is: 'fetch'; readonly database: string; readonly fetch: number; readonly from: number }
  | { readonly is: 'tell'; readonly presence: Presence }

/** What the log says. */
export type LogEvent =
  /** `bytesMax`: of one message. */
  | { readonly is: 'connected'; readonly bytesMax: number }
  | { readonly is: 'away'; readonly reason: string }
  | { readonly is: 'listed'; readonly databases: readonly string[] }
  | { readonly is: 'heard'; readonly presence: Presence }
  | DatabaseEvent

export type DatabaseEvent = { readonly database: string } & (
  | { readonly is: 'opened'; readonly stream: Stream }
  | { readonly is: 'unopened'; readonly reason: string }
  /** It begins with message `from`, or what comes after it; so many are there already; and this is the stream. */
  | {
      readonly is: 'reading'
      readonly epoch: number
      readonly stream: NodeId
      readonly from: number
      readonly pending: number
    }
  | { readonly is: 'arrived'; readonly epoch: number; readonly packets: readonly Packet[] }
  /** Nothing came for a while: so many were delivered. */
  | { readonly is: 'idle'; readonly epoch: number; readonly delivery: number }
  | { readonly is: 'broken'; readonly epoch: number; readonly reason: string }
  /** `duplicate`: as message `seq`, by an earlier publish of the same id. */
  | { readonly is: 'stored'; readonly ticket: number; readonly seq: number; readonly duplicate: boolean }
  | {
      readonly is: 'unstored'
      readonly ticket: number
      readonly reason: string
      /** It is certain that it was not stored. */
      readonly sure: boolean
      /** It never will be. */
      readonly code?: Code
    }
  /** All there is from `from` on, up to the end of the page; `ends`: of the stream. */
  | {
      readonly is: 'fetched'
      readonly fetch: number
      readonly stream: NodeId
      readonly packets: readonly Packet[]
      readonly ends: boolean
    }
  | { readonly is: 'unfetched'; readonly fetch: number; readonly reason: string }
)
