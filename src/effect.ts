import type { Message } from './cluster/message.js'
import type { Code, Limit } from './errors.js'
import type { LogEvent, LogRequest } from './jetstream/core/port.js'
import type { Spread } from './log/histogram.js'
import type { NodeId } from './log/node-id.js'
import type { Content, Draft } from './log/record.js'

/** Time as the shell reads it: `ms` never goes back; `wall` is the calendar's, which may jump. Both in milliseconds. */
export interface Now {
  readonly ms: number
  readonly wall: number
}

/** Who waits for messages. The core keeps its waiter in `waiter`; everything else of it is the shell's. */
export interface Reader {
  waiter?: object | undefined
}

/** Who waits for a publish. Opaque to the core. */
export type Publisher = object

export interface Publish {
  readonly type: 'publish'
  readonly publisher: Publisher
  /** All or none are accepted. */
  readonly drafts: readonly Draft[]
  readonly ack: 'all' | 'local'
  readonly minCopies: number
}

/** Where reading starts: a cursor's text, the present, the oldest kept, or the oldest that is younger than `recentMs`. */
export type From = { readonly cursor: string } | 'now' | 'earliest' | { readonly recentMs: number }

export interface Poll {
  readonly type: 'poll'
  readonly reader: Reader
  readonly database: string
  /** Not empty, no doubles. */
  readonly channels: readonly string[]
  readonly from: From
  /** At most this many messages in the answer. */
  readonly limit: number
  /** How long to wait when there is nothing; 0 answers at once. */
  readonly waitMs: number
  /**
   * Tryton's rule: what can't be read as a cursor is taken as `recentMs`, and a gap is told with the next message
   * instead of at once with none (its clients poll again without a pause after an empty answer).
   */
  readonly lenientMs?: number | undefined
  /** Bytes of message data in the answer, if not as many as a node's answers may have; one message always fits. */
  readonly bytes?: number
  /**
   * Not for one answer: the reader is told so (`stays`) once it has all that there is, and then given what comes
   * (`tell`), until it cancels or polls again. An `answer` ends that, too: it goes on with a poll from its cursor.
   */
  readonly stays?: true
}

export type Input =
  | Publish
  | Poll
  /** The reader went away. */
  | { readonly type: 'cancel'; readonly reader: Reader }
  /** Time to tell these, if they stay, where they are by now: a cursor grows old even when nothing comes. */
  | { readonly type: 'beat'; readonly readers: readonly Reader[] }
  /** An authenticated peer said this over its own link. */
  | { readonly type: 'received'; readonly from: NodeId; readonly message: Message }
  /** A link to this peer is up, authenticated. */
  | { readonly type: 'linked'; readonly peer: NodeId }
  | { readonly type: 'unlinked'; readonly peer: NodeId }
  /** Dialling the last known address of this peer was refused: nothing listens there. */
  | { readonly type: 'refused'; readonly peer: NodeId }
  /** At these of the addresses that are dialled there are nodes, all of them, that speak no protocol of this one's. */
  | { readonly type: 'incompatible'; readonly addresses: readonly string[] }
  /** `engine.wakeAt` has come (harmless at any other time). */
  | { readonly type: 'tick' }
  /** Be not ready from now on, answer all waiters empty, accept no publish; those under way are finished. */
  | { readonly type: 'drain' }
  /** Of the log that the node runs on, if that is not its own. */
  | { readonly type: 'log'; readonly event: LogEvent }
  /** Tell the others that this node stops now. */
  | { readonly type: 'leave' }

/** One message as it is shown to a reader: what was accepted, and the id that belongs into it. */
export interface Shown extends Content {
  readonly channel: string
  readonly id: string
  /** It belongs before something that this reader has already been given. */
  readonly late: boolean
  /** The trace that its publisher said it belongs to. */
  readonly traceparent?: string
}

/** `other_log`: the cursor is of a log that these nodes don't run on. */
export type GapReason = 'evicted' | 'unknown_origin' | 'other_log'

/** What a poll is answered with. The same object may go to many readers: treat it as a constant, it can key a cache. */
export interface Answer {
  readonly messages: readonly Shown[]
  readonly cursor: string
  readonly gap?: { readonly reason: GapReason; readonly oldest?: string }
}

export type Outcome =
  | {
      readonly ok: true
      readonly ids: readonly string[]
      readonly copies: number
      /** For each draft: its key was seen before, and the id is the first one's. */
      readonly duplicates: readonly boolean[]
    }
  /** `unknown`: it may yet be delivered; retry with the same key. Otherwise nothing has changed. */
  | {
      readonly ok: false
      readonly code: Code
      readonly reason: string
      readonly unknown: boolean
      readonly limit?: Limit | undefined
    }

/** What is worth a line in the log or a counter; the shell decides how loud. */
export interface Report {
  readonly event: string
  readonly detail?: { readonly [field: string]: string | number | boolean | readonly string[] }
}

export type Effect =
  /** Encode once, send to each over its own link. */
  | { readonly type: 'send'; readonly to: readonly NodeId[]; readonly message: Message }
  | { readonly type: 'answer'; readonly readers: readonly Reader[]; readonly answer: Answer }
  /** To readers that stay: what was shown now. It may be empty, with a fresh cursor (`beat`). */
  | { readonly type: 'tell'; readonly readers: readonly Reader[]; readonly answer: Answer }
  /** The reader has all that there is, and stays at this cursor. */
  | { readonly type: 'stays'; readonly reader: Reader; readonly cursor: string }
  /** The poll was not taken. */
  | {
      readonly type: 'refuse'
      readonly reader: Reader
      readonly code: Code
      readonly reason: string
      readonly limit?: Limit | undefined
    }
  | { readonly type: 'published'; readonly publisher: Publisher; readonly outcome: Outcome }
  /** Gossip has told of this peer: see to it that there is a link (the shell keeps trying for as long as it is not forgotten). */
  | { readonly type: 'dial'; readonly peer: NodeId; readonly address: string }
  /** Stop dialling this peer: it has left, or a newer life of the same name has come. */
  | { readonly type: 'forget'; readonly peer: NodeId; readonly address: string }
  /** The peer breaks the rules: close its link with this code and keep away for a while. */
  | { readonly type: 'hangup'; readonly peer: NodeId; readonly code: number; readonly reason: string }
  | { readonly type: 'report'; readonly report: Report }
  /** To be asked of the log that the node runs on, if that is not its own. */
  | { readonly type: 'log'; readonly request: LogRequest }

/** What `/cluster` and `carillon status` show. */
export interface Status {
  readonly id: NodeId
  readonly name: string
  readonly ready: boolean
  /** joining, ready, frozen (a view is changing; still serving), draining */
  readonly state: 'joining' | 'ready' | 'frozen' | 'draining'
  readonly view: { readonly id: string; readonly members: readonly string[] }
  readonly members: readonly MemberStatus[]
  /** Where there are nodes that this one has no protocol in common with. */
  readonly incompatible?: readonly string[]
  readonly counters: { readonly [name: string]: number }
  readonly gauges: { readonly [name: string]: number }
  /** In milliseconds: until a publish is answered, and from the acceptance of a message until it is shown here. */
  readonly times: { readonly publish: Spread; readonly delivery: Spread }
  /** What the node runs on, and how far it is there. */
  readonly log: LogStatus
  /** Of nodes that listen to databases of trytond. */
  readonly feeds?: readonly FeedStatus[]
}

/** `mesh`: the nodes' own. */
export type LogStatus = { readonly kind: 'mesh' } | StreamsStatus

/** JetStream, and the streams that this node follows, one for each database. */
export interface StreamsStatus {
  readonly kind: 'jetstream'
  readonly state: 'connected' | 'away'
  /** Why the node is not ready, if it is not. */
  readonly reason?: string
  readonly streams: readonly StreamStatus[]
}

export interface StreamStatus {
  readonly database: string
  readonly stream: string
  readonly state: 'opening' | 'loading' | 'following' | 'lost'
  /** Of the stream as it was last looked at: its sequence numbers, messages, bytes; and the servers that keep it. */
  readonly first: number
  readonly last: number
  readonly messages: number
  readonly bytes: number
  readonly replicas: number
  /** The last one that is shown here, and how many are known to be behind it. */
  readonly shown: number
  readonly lag: number
  /** Pages of older history that were fetched; readings begun anew; messages that were not there any more. */
  readonly fetches: number
  readonly restarts: number
  readonly holes: number
}

/** A database of trytond that the node listens to. */
export interface FeedStatus {
  readonly database: string
  readonly state: 'connecting' | 'listening' | 'waiting'
  /** Notifications that came; of these, those that were none, and what became of the others. */
  readonly heard: number
  readonly refused: number
  readonly published: number
  /** Another node was first. */
  readonly duplicates: number
  readonly dropped: number
  readonly waiting: number
  /** Connections that were lost or could not be made, and why the last one was. */
  readonly losses: number
  readonly lastLoss?: string
}

export interface MemberStatus {
  readonly id: NodeId
  readonly name: string
  readonly address: string
  readonly url: string
  readonly self: boolean
  /** alive; suspect: not heard lately; down: refused or left; its own view differs from mine: apart */
  readonly state: 'alive' | 'suspect' | 'down' | 'apart'
  readonly ready: boolean
  readonly inView: boolean
  /** Own records that it has not confirmed yet. */
  readonly lag: number
  readonly waiters: number
  /** Milliseconds since it was last heard, directly or through others. */
  readonly heardMs: number
  /** Of the others that are alive: those that it does not hear over a link of its own, as far as it has said. */
  readonly unheard: readonly NodeId[]
}

/** Which channels to look for. */
export interface SurveyWish {
  /** So many, of those with the most messages kept, or with the most a second. */
  readonly count: number
  readonly by: 'depth' | 'rate'
  /** In the name, whatever the case; empty: all. */
  readonly match: string
}

/** A channel, as `/channels` shows it. */
export interface ListedChannel {
  readonly database: string
  readonly channel: string
  /** Messages kept. */
  readonly depth: number
  /** Messages a second, lately. */
  readonly rate: number
  /** Subscribers of this node. */
  readonly readers: number
  /** Since the newest message that is kept was accepted. */
  readonly quietMs?: number
}
