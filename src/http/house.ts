import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Bus } from '../ports.js'
import type { Answers } from './answer.js'
import type { Inbound } from './body.js'
import type { Connection, Pending } from './connection.js'
import type { Cors } from './cors.js'
import type { Desk } from './desk.js'
import type { Guard, Visitor } from './guard.js'
import type { HttpOptions } from './limits.js'
import type { Pace } from './pace.js'
import type { PublishRate } from './publish-rate.js'
import type { Refusal } from './refusal.js'
import type { Repeats } from './repeats.js'
import type { Replies } from './reply.js'
import type { StreamRoute } from './route.js'
import type { Shapes } from './shape.js'
import type { Tally } from './tally.js'
import type { Turns } from './turns.js'
import type { Views } from './views.js'
import type { Volley } from './volley.js'

/** A request that becomes a stream, if it may. */
export interface EventAsk {
  readonly connection: Connection
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly route: StreamRoute
  readonly visitor: Visitor
  readonly admit: () => Visitor | Promise<Visitor>
  /** Answers the request after all, as long as the stream has not begun. */
  readonly refuse: (refusal: Refusal) => void
}

/** What all exchanges of a server share. No getters: V8 would look up each member of an object that has one. */
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
  readonly pace: Pace
  readonly volley: Volley
  readonly turns: Turns
  readonly rate: PublishRate
  readonly tally: Tally
  readonly views: Views
  readonly desk: Desk
  readonly isClosing: () => boolean
  /** Throws EngineError for what can't be asked. */
  openEvents(ask: EventAsk): Pending
}
