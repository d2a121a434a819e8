/** A message as a story publishes it. */
export interface Wish {
  readonly channel: string
  readonly text: unknown
  readonly key?: string
}

export type Published =
  | { readonly ids: readonly string[]; readonly copies: number; readonly duplicates: readonly boolean[] }
  | { readonly code: string; readonly unknown: boolean }

export interface Page {
  readonly texts: readonly unknown[]
  readonly ids: readonly string[]
  readonly cursor: string
  /** Why messages are missing, if so; and the first that is kept. */
  readonly gap?: string | undefined
  readonly oldest?: string | undefined
}

/** What a poll came to that was not answered. */
export interface Refused {
  readonly code: string
}

/** Nodes on a log, whatever log it is: all that a story may do with them. Nodes are counted from 0. */
export interface World {
  readonly nodes: number
  /** What the log keeps beside the rings of the nodes is given to readers as well. */
  readonly keepsHistory: boolean
  publish(node: number, database: string, wishes: readonly Wish[], minCopies?: number): Promise<Published>
  /** Answered at once. */
  poll(
    node: number,
    database: string,
    channels: readonly string[],
    from: string,
    limit?: number,
  ): Promise<Page | Refused>
  /** The node ends, and another life of it begins; resolves when that serves. */
  restart(node: number): Promise<void>
  /** Something that holds messages dies, and what is left goes on; then it comes back. Resolves when the log takes messages again. */
  lose(): Promise<void>
  /** Nothing is kept of the database any more, but for what comes from now on. */
  forget?(database: string): Promise<void>
  /** A cursor of a log that these nodes never heard of. */
  readonly foreign: { readonly cursor: string; readonly reason: string }
}

/** Messages kept a channel by every node. */
export const retentionCount = 100
