import type { Body } from './body.js'
import type { Shape } from './shape.js'

/** A request of which the head is here, and a part of the body. */
export interface Part {
  readonly shape: Shape
  readonly size: number
  /** All that has come, the head included, so that it can be given away. */
  readonly bytes: Body
  readonly sinceMs: number
}
