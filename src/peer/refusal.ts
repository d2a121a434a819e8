/** How a peer link is closed. The peer is told the code and no detail that it could learn from. */
export const closeCodes = {
  /** One's own greeting has come back: no fault of anyone's. */
  itself: 1000,
  /** This node stops. */
  goingAway: 1001,
  /** Not now: a queue is full, there are too many links, or the peer is being kept away from. */
  tryLater: 1013,
  /** Bytes that are no message, or a message that breaks the rules. */
  badFrame: 4400,
  wrongSecret: 4401,
  wrongCluster: 4402,
  wrongVersion: 4403,
  tooSlow: 4408,
  /** Another link of the same two nodes is kept. */
  doubled: 4409,
} as const

/** For people, on both sides of a link that did not come about. */
export const secretsDiffer = 'the secrets differ: all nodes need the same one (--secret-file)'

/** What the other side's code says to whom it is sent. */
const meanings = new Map<number | string, string>([
  [closeCodes.wrongSecret, secretsDiffer],
  [closeCodes.wrongCluster, 'it is of another cluster (--cluster)'],
  [closeCodes.wrongVersion, 'it speaks another version'],
])

export const meaningOf = (code: number | string): string => meanings.get(code) ?? 'not linked'

/** What a peer did wrong, and the code to close with. Parsers throw it among themselves, and return it to others. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  constructor(
    readonly code: number,
    readonly reason: string,
  ) {
    super(reason)
  }
}

export const badFrame = (reason: string): Refusal => new Refusal(closeCodes.badFrame, reason)
