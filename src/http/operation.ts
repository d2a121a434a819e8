import type { IncomingHttpHeaders } from 'node:http'
import type { Input, Poll, Publish } from '../effect.js'
import type { Patron } from '../ports.js'
import type { Visitor } from './guard.js'
import type { Scan } from './json.js'
import type { HttpOptions } from './limits.js'

/** A request to the bus, received as a whole. */
export interface Ask {
  /** Before the body. */
  readonly scan: Scan
  readonly database: string
  readonly headers: IncomingHttpHeaders
  readonly options: HttpOptions
  /** Who asks. */
  readonly visitor: Visitor
}

/** How the answer is put: for Tryton's clients, as a page of messages, or as what became of one or many drafts. */
export type Form = 'bus' | 'page' | 'one' | 'many'

/** What is asked of the core, but for whom it is to answer. */
export type Terms = Omit<Publish, 'publisher'> | Omit<Poll, 'reader'>

export interface Order {
  readonly terms: Terms
  readonly form: Form
}

/** Reads a request; throws EngineError for what can't be asked. */
export type Operation = (ask: Ask) => Order

/** Written out: a spread would cost more than all the rest of a request that is asked again. */
export const inputOf = (terms: Terms, patron: Patron): Input => {
  if (terms.type === 'publish') {
    const { type, drafts, ack, minCopies } = terms
    return { type, publisher: patron, drafts, ack, minCopies }
  }
  const { type, database, channels, from, limit, waitMs, lenientMs } = terms
  return { type, reader: patron, database, channels, from, limit, waitMs, lenientMs }
}
