import { hkdfSync, randomBytes } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import type { Ticket } from '../http/guard.js'
import type { Rights } from './rights.js'

const typ = 'carillon-ticket'
const algorithm = 'HS256'

/** Not the secret itself, which is for peers only. */
const keyFrom = (secret: Uint8Array): Uint8Array => new Uint8Array(hkdfSync('sha256', secret, '', typ, 32))

/**
 * A ticket stands for a token where none can be sent but in a URL, which proxies and browsers write down: so it is good
 * for some seconds only. Nodes that share a secret take each other's.
 */
export class Tickets {
  #keys: readonly Uint8Array[]
  readonly #seconds: number

  constructor(secrets: readonly Uint8Array[], seconds: number) {
    this.#keys = (secrets.length > 0 ? secrets : [randomBytes(32)]).map(keyFrom)
    this.#seconds = seconds
  }

  renew(secrets: readonly Uint8Array[]): void {
    if (secrets.length > 0) this.#keys = secrets.map(keyFrom)
  }

  /** All that the bearer of the token may do, but to look after the nodes. */
  async issue({ publish, subscribe, databases, expires }: Rights, nowMs: number): Promise<Ticket> {
    const [key] = this.#keys
    if (!key) throw new Error('there is always a key')
    const now = Math.floor(nowMs / 1000)
    const claims = { publish: publish.all, subscribe: subscribe.all, databases: databases.all, until: expires }
    const ticket = await new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, typ })
      .setExpirationTime(Math.min(now + this.#seconds, expires))
      .sign(key)
    return { ticket, expires_in: Math.min(this.#seconds, Math.max(0, expires - now)) }
  }

  /** Rejects, with what jose says of it. */
  async read(
    ticket: string,
  ): Promise<{ readonly claims: { readonly [name: string]: unknown }; readonly until: number }> {
    let failure: unknown
    for (const key of this.#keys) {
      try {
        const { payload } = await jwtVerify(ticket, key, {
          algorithms: [algorithm],
          typ,
          requiredClaims: ['exp', 'until'],
        })
        return { claims: payload, until: Number(payload.until) }
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }
}
