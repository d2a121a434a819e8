/**
 * The rules whose worth is proven by leaving one out (mutants). Only the simulator changes them; a node always runs
 * with `allRules`. Each names what breaks without it: see ARCHITECTURE.md.
 */
export interface Rules {
  /** R2: a record is shown when every member has said that it holds it; else as soon as it is the least one held here. */
  readonly possession: boolean
  /** R3: a row counts only once this node holds the sender's own log up to it. */
  readonly rowsNeedLog: boolean
  /** R4: nothing is accepted between STATE and INSTALL. */
  readonly freeze: boolean
  /** R6: a view's target is the most that any member has, not what the proposer has. */
  readonly targetOfAll: boolean
  /** R6: what is fetched stays apart until the whole target is in. */
  readonly staging: boolean
  /** Publishes during a freeze wait for the view before they are stamped. */
  readonly queueWhileFrozen: boolean
  /** R1: Lamport time is never below the wall clock. */
  readonly wallFloor: boolean
  /** R7: cursors name every origin, not only the latest time. */
  readonly vectorCursor: boolean
  /** R7: components of origins that this node does not know are kept. */
  readonly keepUnknownOrigins: boolean
  /** Only agreed views drop members; else each node also drops its own suspects from the gate. */
  readonly agreedViews: boolean
  /** 200 only after all members hold it; else at once. */
  readonly ackAll: boolean
  /** Eviction is remembered per channel and origin. */
  readonly floors: boolean
}

export const allRules: Rules = Object.freeze({
  possession: true,
  rowsNeedLog: true,
  freeze: true,
  targetOfAll: true,
  staging: true,
  queueWhileFrozen: true,
  wallFloor: true,
  vectorCursor: true,
  keepUnknownOrigins: true,
  agreedViews: true,
  ackAll: true,
  floors: true,
})
