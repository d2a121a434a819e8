import type { Entry } from './core/event.js'
import type { Http } from './http.js'
import type { Ports } from './ports.js'

/** How messages come: repeated requests that wait, server-sent events, or a WebSocket. */
export type TransportName = 'poll' | 'sse' | 'ws'

export interface TransportOptions {
  /** How long a node may take to answer. */
  readonly attemptMs: number
  /** How long a poll waits at a node. */
  readonly waitMs: number
  /** Silence on a stream after which the node is taken for dead; nodes send something every 25 s at least. */
  readonly silenceMs: number
  /** Messages in one answer to a poll. */
  readonly pageCount: number
  /** Characters of one message on a stream. */
  readonly messageSize: number
}

export interface Line {
  readonly ports: Ports
  readonly http: Http
  readonly options: TransportOptions
  readonly server: string
  /** `/{database}/bus` */
  readonly path: string
  readonly channels: readonly string[]
  readonly from: string
  /** With the text of each message. */
  readonly withText: boolean
  readonly signal: AbortSignal
}

/**
 * Reads from one node. The first that it gives says that the node has taken it; what it gives is in order and without a
 * hole; nothing is read on before that has been taken. It ends by throwing: `Trouble`, `RefusedError`, or the reason of
 * the signal.
 */
export type Transport = (line: Line) => AsyncGenerator<readonly Entry[], never, void>
