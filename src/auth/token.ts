import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { anyone, type Caller, type Guard, type Visitor } from '../http/guard.js'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const bearerOf = ({ authorization = '' }: IncomingHttpHeaders): string | undefined =>
  /^bearer +(\S+) *$/i.exec(authorization)?.[1]

/** Lets in the servers that bring a token, which may publish and read all; whoever brings none is the next guard's. */
export class TokenGuard implements Guard {
  readonly #tokens: readonly Buffer[]
  readonly #next: Guard

  constructor(tokens: readonly string[], next: Guard) {
    this.#tokens = tokens.map(digest)
    this.#next = next
  }

  admit(caller: Caller): Visitor | Promise<Visitor> {
    const token = bearerOf(caller.headers)
    return token !== undefined && this.#holds(token) ? anyone : this.#next.admit(caller)
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
