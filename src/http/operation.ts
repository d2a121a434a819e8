import type { IncomingHttpHeaders } from 'node:http'
import type { Input } from '../effect.js'
import type { Patron } from '../ports.js'
import type { Visitor } from './guard.js'
import type { HttpOptions } from './limits.js'

/** A request to the bus, received as a whole. */
export interface Ask {
  readonly body: Buffer
  readonly database: string
  readonly headers: IncomingHttpHeaders
  readonly options: HttpOptions
  /** Whom the core answers. */
  readonly patron: Patron
  /** Who asks. */
  readonly visitor: Visitor
}

/** How the answer is put: for Tryton's clients, as a page of messages, or as what became of one or many drafts. */
export type Form = 'bus' | 'page' | 'one' | 'many'

export interface Order {
  readonly input: Input
  readonly form: Form
}

/** Reads a request; throws EngineError for what can't be asked. */
export type Operation = (ask: Ask) => Order
