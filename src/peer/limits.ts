/**
 * The limits of the peer port, each with its default below. Whoever has not proven the secret is held to the first
 * group; the others bound what an authenticated peer, or its absence, can cost.
 */
export interface PeerOptions {
  /** Read from a stranger before it has proven the secret; headers count apart, to the same limit. 4400, 431 */
  readonly preauthBytes: number
  /** From connecting to both sides being proven. 4408 */
  readonly preauthMs: number
  /** Strangers at a time; the next one is cut off at once. */
  readonly strangersMax: number
  /** One frame: a message of the cluster, encoded. 1009 */
  readonly frameBytes: number
  /** WebSocket fragments of one frame. 1008 */
  readonly fragmentsMax: number
  /** Waiting to be sent on one link: a peer that takes in less than it is sent is cut off. 1013 */
  readonly queueBytes: number
  /** Links at a time. 1013 */
  readonly linksMax: number
  /** Addresses dialled, seeds included; what is learnt beyond is left to the others to dial. */
  readonly addressesMax: number
  /** A lost link is dialled again within this. A restart takes longer, so a refusal now means: nobody is there. */
  readonly redialMs: number
  /** The second attempt. */
  readonly redialAgainMs: number
  /** All further ones: from here, twice as long each time, up to the most. */
  readonly dialMinMs: number
  readonly dialMaxMs: number
  /** An old link must answer a ping within this to win over a new one of the same peer. */
  readonly probeMs: number
  /** A link on which nothing comes for this long, not even an answer to a ping, is destroyed and made anew. */
  readonly silentMs: number
  /** A peer that broke the rules is neither dialled nor let in for this long. */
  readonly awayMs: number
  /** A closing handshake may take this long; then the socket is destroyed. */
  readonly closeMs: number
  /** A refusal is reported once for its address and reason in this time. */
  readonly reportMs: number
}

export const peerDefaults: PeerOptions = {
  preauthBytes: 4096,
  preauthMs: 5000,
  strangersMax: 64,
  frameBytes: 4 * 2 ** 20,
  fragmentsMax: 64,
  queueBytes: 64 * 2 ** 20,
  linksMax: 512,
  addressesMax: 1024,
  redialMs: 10,
  redialAgainMs: 80,
  dialMinMs: 150,
  dialMaxMs: 3000,
  probeMs: 500,
  silentMs: 8000,
  awayMs: 10_000,
  closeMs: 1000,
  reportMs: 60_000,
}
