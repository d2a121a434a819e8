import type { Effect, Input, ListedChannel, Now, Report, Status, SurveyWish } from './effect.js'

/** What the HTTP side is given of the node: the core's inputs, and nothing else of it. */
export interface Bus {
  /** Runs one step; effects for readers and publishers come back through their `Patron` (below), during or after the call. */
  step(input: Input): void
  readonly ready: boolean
  /** It takes requests, and says itself what it can't do: a node that is not ready may still have something to read. */
  readonly serves: boolean
  readonly draining: boolean
  status(): Status
  survey(wish: SurveyWish): Walk
  report(report: Report): void
}

/** A look through all channels, taken a few at a time. */
export interface Walk {
  /** Looks at so many more; false when there are none left. */
  walk(count: number): boolean
  readonly matched: number
  readonly listed: readonly ListedChannel[]
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
