import type { Effect, Input, Now, Report, Status } from './effect.js'

/** What the HTTP side is given of the node: the core's inputs, and nothing else of it. */
export interface Bus {
  /** Runs one step; effects for readers and publishers come back through their `Patron` (below), during or after the call. */
  step(input: Input): void
  readonly ready: boolean
  readonly draining: boolean
  status(): Status
  report(report: Report): void
}

/** What the node calls back on a reader or publisher that the HTTP side made; every Reader and Publisher there implements it. */
export interface Patron {
  waiter?: object | undefined
  /** One of the effects `answer`, `tell`, `stays`, `refuse`, `published` that names this patron. */
  settle(effect: Effect): void
}

export interface Clock {
  now(): Now
}
