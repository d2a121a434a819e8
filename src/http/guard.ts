import type { IncomingHttpHeaders } from 'node:http'
import type { Keys } from '../keys.js'

/** What a path is for; `node`: to look at the node itself, whatever the database. */
export type Kind = 'bus' | 'poll' | 'events' | 'socket' | 'publish' | 'notify' | 'ticket' | 'node'

/** A request at the door, of which only the headers are here yet. */
export interface Caller {
  readonly kind: Kind
  readonly database: string
  readonly headers: IncomingHttpHeaders
  /** Of the socket: the last proxy's, if there is one. */
  readonly address: string
  /** Behind the question mark, where that may say who asks. */
  readonly query?: string
  /** Who was let in before, on the same connection. */
  readonly known?: Visitor
}

/** Who was let in. */
export interface Visitor {
  /** The channels that this one reads when these are asked for. */
  reads(channels: readonly string[]): readonly string[]
  /** Throws EngineError if this one may not publish there. Without it: may publish everywhere. */
  checkPublish?(channel: string): void
  /** When this one must be gone, on the clock of `performance`. */
  readonly untilMs?: number
  /** Who this is, wherever it comes from: the subject of a token. */
  readonly subject?: string | undefined
  /** May see all of the node. */
  readonly isAdmin?: boolean
}

/** Good for some seconds, where a token can't be sent. */
export interface Ticket {
  readonly ticket: string
  readonly expires_in: number
}

/** Stands at the door of all that is asked of the bus. */
export interface Guard {
  /** Other secrets, tokens and keys count from now on. */
  renew?(keys: Keys): void
  /**
   * Throws, or rejects with, an EngineError for who is not let in. What is known already is said at once: a promise
   * costs every waiting client more than it needs.
   */
  admit(caller: Caller): Visitor | Promise<Visitor>
  /** Where tokens are brought. Rejects with an EngineError. */
  ticketFor?(visitor: Visitor): Promise<Ticket>
  /** Who stays is asked about again after so many milliseconds. */
  readonly validMs: number
  close(): void
  counters(): { readonly [name: string]: number }
}

export const anyone: Visitor = { reads: (channels) => channels }

/** A server that holds the token of the operator. */
export const trusted: Visitor = { reads: (channels) => channels, isAdmin: true }
