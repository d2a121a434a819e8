/** Everything that the client throws; `code` is stable, `message` is for people. */
export class CarillonError extends Error {
  override readonly name: string = 'CarillonError'
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** A node has refused it for what it is, so that no node would take it: a 4xx, with the server's `code`. Nothing has changed. */
export class RefusedError extends CarillonError {
  override readonly name = 'RefusedError'
  constructor(
    code: string,
    message: string,
    /** Of HTTP; 0 where it was said on a socket. */
    readonly status: number,
    readonly server: string,
  ) {
    super(code, `${server} refused: ${message}`)
  }
}

const notDone = {
  unreachable: 'no server could be reached and was ready',
  /** Some were there, and would have done it. */
  too_few_copies: 'there are too few nodes',
} as const

/** Time ran out, and it was not done: no node was in reach and ready; or those that were are fewer than `minCopies`. */
export class UnreachableError extends CarillonError {
  override readonly name = 'UnreachableError'
  constructor(
    readonly why: string,
    override readonly code: keyof typeof notDone = 'unreachable',
  ) {
    super(code, `${notDone[code]}: ${why}`)
  }
}

/** Time ran out, and it may have been done, or may yet be. To publish again with the same `key` does it once. */
export class UnknownOutcomeError extends CarillonError {
  override readonly name = 'UnknownOutcomeError'
  constructor(
    readonly why: string,
    readonly key?: string,
  ) {
    super('outcome_unknown', `no server said whether it was done: ${why}`)
  }
}

/** The client, or this subscription, has been closed. */
export class ClosedError extends CarillonError {
  override readonly name = 'ClosedError'
  constructor(message = 'the client is closed') {
    super('closed', message)
  }
}
