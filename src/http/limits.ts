/**
 * The limits of the client-facing side, each with its default below. They bound what one client, and all of them
 * together, can make a node hold; what is over a limit is refused with the status named there.
 */
export interface HttpOptions {
  /** One message, and the body of every request but a publish. 413 */
  readonly bodyBytes: number
  /** The body of a publish: many messages, each of at most `bodyBytes`. 413 */
  readonly batchBytes: number
  /** All bodies that are being received. 503 */
  readonly inboundBytes: number
  /** Answers, if there are several, that one connection has not taken yet; beyond this it is cut. */
  readonly outboundBytes: number
  /** Answers that all connections have not taken yet; beyond this those are cut that do not take theirs at once. */
  readonly outboundTotalBytes: number
  /** Messages in one publish. 400 */
  readonly messagesPerRequest: number
  /** Channels in one poll. 400 */
  readonly channelsPerRequest: number
  /** The largest `limit` of a poll. 400 */
  readonly pollLimitMax: number
  /** A channel's or a database's name in UTF-8. 400 */
  readonly channelBytes: number
  /** An idempotency key in UTF-8. 400 */
  readonly keyBytes: number
  /** Levels of objects and arrays in a body, the outermost included. 400 */
  readonly jsonDepth: number
  /** Request line and headers together. 431 */
  readonly headerBytes: number
  /** Header lines. 431 */
  readonly headersMax: number
  /** The request's target. 431 */
  readonly urlBytes: number
  /** For the headers, from the first byte; or from connecting, if none comes. 408 */
  readonly headerTimeoutMs: number
  /** For the whole request, from the first byte. 408 */
  readonly bodyTimeoutMs: number
  /** How often all connections are looked at for broken time limits, so by this much a limit may be late. */
  readonly checkMs: number
  /** An idle connection is closed after this. Longer than proxies keep theirs, which must be the first to close. */
  readonly keepAliveMs: number
  /** An answer must be taken within this time and what it takes at `writeBytesPerSecond`, or the connection is cut. */
  readonly writeTimeoutMs: number
  readonly writeBytesPerSecond: number
  /** How long to read on after a refusal: to close at once would take the answer away from who still sends. */
  readonly lingerMs: number
  /** Refused connections that are lingering; more than that are closed without a word. */
  readonly lingerMax: number
  /** A body of this size is read and dropped after a refusal; a larger one costs the connection. */
  readonly dropBytes: number
  /** What a client did wrong is reported once an address in this time. */
  readonly reportMs: number
  /** Open connections. 503 */
  readonly connectionsMax: number
  /** Open connections from one address; a proxy's clients all have the address of the proxy. 503 */
  readonly connectionsPerAddressMax: number
  /**
   * Of each turn of the event loop so long at the most is spent on what clients can be made to wait for: new connections,
   * requests sent ahead of their answers or left to node:http, ends of connections, broken time limits.
   */
  readonly turnMs: number
  /** Requests on one connection that wait for an answer. 429 */
  readonly pipelineMax: number
  /** Messages a second that one client may publish; 0 for as many as it likes. 429 */
  readonly publishRate: number
  /** Messages that one client may publish at once, where there is a rate. 429 */
  readonly publishBurst: number
  /** So long nothing is read from a connection on which a publish was refused for its rate. */
  readonly publishPauseMs: number
  /** Clients whose rate is kept account of; with more, those that came first are taken for new. */
  readonly publishClients: number
  /** Addresses and networks of proxies, of which it is believed who asks them (X-Forwarded-For). */
  readonly trustedProxies: readonly string[]
  /** How long a poll waits; a longer `timeout` is taken as this. */
  readonly longPollTimeoutMs: number
  /** How long a native poll waits that does not say. */
  readonly pollTimeoutMs: number
  /** Messages in the answer to a native poll that does not say how many. */
  readonly pollLimit: number
  /** Open streams. 503 */
  readonly streamsMax: number
  /** On a stream nothing is said for at most so long. */
  readonly heartbeatMs: number
  /** How long a stream may have bytes that it does not take, beside the time that they take at `writeBytesPerSecond`. */
  readonly slowMs: number
  /** Message bytes that may pass a stream by while it takes nothing, for a second at least. */
  readonly slowBytes: number
  /** Message bytes that are read for a stream at a time while it catches up; one message always fits. */
  readonly pageBytes: number
  /** A frame that a WebSocket client sends, or all fragments of one together; closed with 1009 */
  readonly frameBytes: number
  /** Fragments of one frame; closed with 1008 */
  readonly fragmentsMax: number
  /** When a stream ends, its client is asked to come back after so long, or up to twice that. */
  readonly retryMs: number
  /** How often all streams are looked at. */
  readonly streamCheckMs: number
  /** Tryton's clients are given what is younger than this when they come with no id, or with one nobody knows. */
  readonly firstPollWindowMs: number
  /** Answer the most frequent requests without node:http; only tests say no. */
  readonly quick: boolean
  /** Channels in one answer to `/channels`. */
  readonly channelsListed: number
  /** Origins whose pages may use this node (`https://example.org`), or `*` for all. */
  readonly corsOrigins: readonly string[]
}

export const httpDefaults: HttpOptions = {
  bodyBytes: 2 ** 20,
  batchBytes: 8 * 2 ** 20,
  inboundBytes: 128 * 2 ** 20,
  outboundBytes: 16 * 2 ** 20,
  outboundTotalBytes: 256 * 2 ** 20,
  messagesPerRequest: 1000,
  channelsPerRequest: 1000,
  pollLimitMax: 1000,
  channelBytes: 256,
  keyBytes: 256,
  jsonDepth: 64,
  headerBytes: 16 * 1024,
  headersMax: 100,
  urlBytes: 8 * 1024,
  headerTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  checkMs: 5000,
  keepAliveMs: 65_000,
  writeTimeoutMs: 10_000,
  writeBytesPerSecond: 64 * 1024,
  lingerMs: 1000,
  lingerMax: 256,
  dropBytes: 64 * 1024,
  reportMs: 60_000,
  connectionsMax: 16_000,
  connectionsPerAddressMax: 12_000,
  turnMs: 0.25,
  pipelineMax: 256,
  publishRate: 0,
  publishBurst: 1000,
  publishPauseMs: 50,
  publishClients: 65_536,
  trustedProxies: [],
  longPollTimeoutMs: 300_000,
  pollTimeoutMs: 30_000,
  pollLimit: 100,
  streamsMax: 12_000,
  heartbeatMs: 25_000,
  slowMs: 10_000,
  slowBytes: 2 ** 20,
  pageBytes: 64 * 1024,
  frameBytes: 8 * 2 ** 20,
  fragmentsMax: 4096,
  retryMs: 1000,
  streamCheckMs: 1000,
  firstPollWindowMs: 5000,
  quick: true,
  channelsListed: 100,
  corsOrigins: [],
}
