import { createHash, timingSafeEqual } from 'node:crypto'
import { type Caller, type Guard, type Ticket, trusted, type Visitor } from '../http/guard.js'
import type { Keys } from '../keys.js'
import { bearerOf } from './bearer.js'
import { insufficient } from './challenge.js'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Lets in the servers that bring a token, which may publish and read all; whoever brings none is the next guard's. */
export class TokenGuard implements Guard {
  #tokens: readonly Buffer[]
  readonly #next: Guard

  constructor(tokens: readonly string[], next: Guard) {
    this.#tokens = tokens.map(digest)
    this.#next = next
  }

  admit(caller: Caller): Visitor | Promise<Visitor> {
    const token = bearerOf(caller.headers)
    return token !== undefined && this.#holds(token) ? trusted : this.#next.admit(caller)
  }

  /** A server has no need of one. */
  ticketFor(visitor: Visitor): Promise<Ticket> {
    const asked = visitor === trusted ? undefined : this.#next.ticketFor?.(visitor)
    return asked ?? Promise.reject(insufficient('there are tickets for tokens of people only'))
  }

  renew(keys: Keys): void {
    this.#tokens = keys.tokens.map(digest)
    this.#next.renew?.(keys)
  }

  get validMs(): number {
    return this.#next.validMs
  }

  close(): void {
    this.#next.close()
  }

  counters(): { readonly [name: string]: number } {
    return this.#next.counters()
  }

  /** All are compared, and as digests, so that the time it takes tells nothing of them. */
  #holds(token: string): boolean {
    const given = digest(token)
    return this.#tokens.filter((each) => timingSafeEqual(each, given)).length > 0
  }
}
