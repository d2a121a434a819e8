import type { IncomingHttpHeaders } from 'node:http'

/** What a path is for. */
export type Kind = 'bus' | 'poll' | 'events' | 'socket' | 'publish' | 'notify'

/** A request at the door, of which only the headers are here yet. */
export interface Caller {
  readonly kind: Kind
  readonly database: string
  readonly headers: IncomingHttpHeaders
  /** Of the socket: the last proxy's, if there is one. */
  readonly address: string
}

/** Who was let in. */
export interface Visitor {
  /** The channels that this one reads when these are asked for. */
  reads(channels: readonly string[]): readonly string[]
}

/** Stands at the door of all that is asked of the bus. */
export interface Guard {
  /**
   * Throws, or rejects with, an EngineError for who is not let in. What is known already is said at once: a promise
   * costs every waiting client more than it needs.
   */
  admit(caller: Caller): Visitor | Promise<Visitor>
  /** Who stays is asked about again after so many milliseconds. */
  readonly validMs: number
  close(): void
  counters(): { readonly [name: string]: number }
}

export const anyone: Visitor = { reads: (channels) => channels }
