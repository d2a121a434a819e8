import type { Effect, Input, Now, Status } from './effect.js'
import type { CoreOptions } from './limits.js'
import type { NodeId } from './log/node-id.js'
import type { Rules } from './log/rules.js'

/** The face of the core; the class follows. */
export interface EngineFace {
  readonly id: NodeId
  readonly ready: boolean
  /** When the core next wants a `tick`, on the `ms` clock. */
  readonly wakeAt: number
  step(input: Input, now: Now): readonly Effect[]
  status(now: Now): Status
  /** Breaks of the invariants I1 to I10, in words; empty when all hold. Slow: for the simulator and on demand. */
  audit(): readonly string[]
}

export interface EngineParts {
  readonly options: CoreOptions
  readonly random: () => number
  readonly now: Now
  /** Only the simulator passes other rules than the true ones. */
  readonly rules?: Rules
}
