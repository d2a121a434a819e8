/**
 * What the core is told: every limit by name, in milliseconds, bytes or counts. `options.ts` declares the public
 * options and fills these in; the simulator sets them directly.
 */
export interface CoreOptions {
  readonly name: string
  /** host:port that peers dial. */
  readonly address: string
  /** Base URL that clients use. */
  readonly url: string
  /** Nobody to join: ready at once. Otherwise ready by an already ready member, or after `bootstrapMs` without one. */
  readonly founder: boolean
  readonly bootstrapMs: number
  readonly heartbeatMs: number
  /** Silence that makes a peer suspect. */
  readonly suspectMs: number
  /** Rows and records are sent at most this often, at once when the line was quiet. Timers make whole milliseconds of it. */
  readonly coalesceMs: number
  readonly retransmitMs: number
  /** A view change that takes longer than this leaves out who is silent. */
  readonly proposeMs: number
  readonly publishTimeoutMs: number
  readonly retentionCount: number
  readonly retentionMs: number
  readonly retentionBytes: number
  /** Not yet held by all: beyond this publishes are refused. */
  readonly unstableBytes: number
  /** Publishes that wait for a view to form. */
  readonly queueMax: number
  readonly waitersMax: number
  readonly channelsMax: number
  readonly keysMax: number
  readonly membersMax: number
  readonly cursorOriginsMax: number
  /** Bytes of message data in one answer or one frame of a transfer; one message always fits. */
  readonly answerBytes: number
  readonly frameBytes: number
  /** Messages told at a time to readers that stay; what is more is told right after. */
  readonly stayLimit: number
  /** On a log that has a stream for each. */
  readonly databasesMax: number
}

export const coreDefaults: CoreOptions = {
  name: 'node',
  address: '127.0.0.1:7500',
  url: 'http://127.0.0.1:7400',
  founder: true,
  bootstrapMs: 2000,
  heartbeatMs: 250,
  suspectMs: 3000,
  coalesceMs: 1.5,
  retransmitMs: 100,
  proposeMs: 1000,
  publishTimeoutMs: 10_000,
  retentionCount: 1000,
  retentionMs: 300_000,
  retentionBytes: 256 * 2 ** 20,
  unstableBytes: 64 * 2 ** 20,
  queueMax: 10_000,
  waitersMax: 100_000,
  channelsMax: 1_000_000,
  keysMax: 1_000_000,
  membersMax: 64,
  cursorOriginsMax: 64,
  answerBytes: 2 ** 18,
  frameBytes: 256 * 1024,
  stayLimit: 1000,
  databasesMax: 64,
}
