import type { Bus } from '../ports.js'
import type { Answers } from './answer.js'
import type { Inbound } from './body.js'
import type { Cors } from './cors.js'
import type { Guard } from './guard.js'
import type { HttpOptions } from './limits.js'
import type { Repeats } from './repeats.js'
import type { Replies } from './reply.js'
import type { Shapes } from './shape.js'
import type { Tally } from './tally.js'
import type { Views } from './views.js'

/** What all exchanges of a server share. */
export interface House {
  readonly bus: Bus
  /** None where everyone may publish and read. */
  readonly guard: Guard | undefined
  readonly options: HttpOptions
  readonly answers: Answers
  readonly replies: Replies
  readonly shapes: Shapes
  readonly repeats: Repeats
  readonly cors: Cors
  readonly inbound: Inbound
  readonly tally: Tally
  readonly views: Views
  readonly closing: boolean
}
