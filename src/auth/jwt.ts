import { createHash } from 'node:crypto'
import { decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose'
import type { Report } from '../effect.js'
import { EngineError } from '../errors.js'
import type { Caller, Guard, Kind, Ticket, Visitor } from '../http/guard.js'
import type { Keys } from '../keys.js'
import { bearerOf, cookieOf, ticketOf } from './bearer.js'
import { insufficient, invalidToken, tokenNeeded } from './challenge.js'
import { type Key, type KeySource, KeysUnavailable } from './jwt-keys.js'
import { Rights } from './rights.js'
import type { Tickets } from './tickets.js'

export interface JwtOptions {
  readonly keys: KeySource
  readonly tickets: Tickets
  /** Of the cookie that may bring a token; none if empty. */
  readonly cookie: string
  /** What `iss` and `aud` must be; empty: anything. */
  readonly issuer: string
  readonly audience: string
  readonly report: (report: Report) => void
}

/** Tokens whose rights are remembered; they are checked again when they have been forgotten. */
const knownMax = 10_000

const digest = (text: string): string => createHash('sha256').update(text).digest('base64')

/** The calendar's time, on the clock that never goes back. */
const clockMs = (seconds: number): number => performance.now() + seconds * 1000 - Date.now()

const wordsFor = (error: unknown): string => {
  if (error instanceof errors.JWTExpired) return 'the token has expired'
  if (error instanceof errors.JWTClaimValidationFailed) return `the claim ${error.claim} is missing or wrong`
  if (error instanceof errors.JOSEAlgNotAllowed) return 'the token is signed with an algorithm that is not taken here'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is wrong'
  if (error instanceof errors.JWKSNoMatchingKey) return 'the token is signed with a key that is not known here'
  return 'the token is malformed'
}

/** What must be allowed at all, before it is known which channels are asked for. */
const needs: { readonly [kind in Kind]: (rights: Rights) => boolean } = {
  bus: ({ subscribe }) => !subscribe.isEmpty,
  poll: ({ subscribe }) => !subscribe.isEmpty,
  events: ({ subscribe }) => !subscribe.isEmpty,
  socket: ({ subscribe, publish }) => !subscribe.isEmpty || !publish.isEmpty,
  publish: ({ publish }) => !publish.isEmpty,
  notify: ({ publish }) => !publish.isEmpty,
  ticket: () => true,
  node: () => true,
}

/** Lets in who brings a token that is signed with a key known here, and lets each do what its token says. */
export class JwtGuard implements Guard {
  /** How long a token is good for is known, so nobody is asked about again. */
  readonly validMs = Number.POSITIVE_INFINITY
  readonly #options: JwtOptions
  readonly #tickets: Tickets
  #keys: KeySource
  readonly #known = new Map<string, Rights>()
  #checks = 0
  #failures = 0
  #isDown = false

  constructor(options: JwtOptions) {
    this.#options = options
    this.#keys = options.keys
    this.#tickets = options.tickets
  }

  admit(caller: Caller): Visitor | Promise<Visitor> {
    const { headers, query, known } = caller
    if (known instanceof Rights && known.untilMs > performance.now()) return this.#allow(known, caller)
    const bearer = bearerOf(headers)
    const ticket = bearer === undefined ? ticketOf(query) : undefined
    const token = bearer ?? ticket ?? cookieOf(headers, this.#options.cookie)
    if (token === undefined) throw tokenNeeded()
    const name = digest(token)
    const rights = this.#known.get(name)
    if (rights && rights.untilMs > performance.now()) return this.#allow(rights, caller)
    return this.#read(token, token === ticket, name).then((read) => this.#allow(read, caller))
  }

  ticketFor(visitor: Visitor): Promise<Ticket> {
    if (!(visitor instanceof Rights)) throw insufficient('a ticket stands for a token, and none was brought')
    return this.#tickets.issue(visitor, Date.now())
  }

  /** What is known already is checked anew. */
  renew({ jwt, secrets }: Keys): void {
    if (jwt) this.#keys = jwt
    this.#tickets.renew(secrets)
    this.#known.clear()
  }

  counters(): { readonly [name: string]: number } {
    return { auth_checks: this.#checks, auth_failures: this.#failures }
  }

  close(): void {}

  #allow(rights: Rights, { kind, database }: Caller): Rights {
    if (!needs[kind](rights))
      throw insufficient(`the token lets nobody ${kind === 'publish' || kind === 'notify' ? 'publish' : 'subscribe'}`)
    if (kind !== 'node' && !rights.databases.allow(database)) throw insufficient('the token is for other databases')
    return rights
  }

  async #read(token: string, isTicket: boolean, name: string): Promise<Rights> {
    this.#checks++
    try {
      const rights = isTicket ? await this.#readTicket(token) : await this.#readToken(token)
      // A ticket is looked at once; and it must not be remembered for as long as its token is good.
      if (!isTicket) this.#remember(name, rights)
      return rights
    } catch (error) {
      if (error instanceof EngineError) throw error
      if (!(error instanceof KeysUnavailable)) throw invalidToken(wordsFor(error))
      this.#failures++
      this.#down(error.message)
      throw new EngineError('auth_unavailable', 'the keys that tokens are signed with can not be had')
    }
  }

  async #readTicket(ticket: string): Promise<Rights> {
    const { claims, until } = await this.#tickets.read(ticket)
    return new Rights(claims, until, clockMs(until))
  }

  async #readToken(token: string): Promise<Rights> {
    const { algorithms } = this.#keys
    const header = decodeProtectedHeader(token)
    if (!algorithms.includes(header.alg ?? '')) throw new errors.JOSEAlgNotAllowed()
    const keys = await this.#keys.keysFor({ ...header, alg: header.alg ?? '' })
    this.#up()
    const claims = await this.#verify(token, keys)
    const { exp = 0 } = claims
    return new Rights(claims, exp, clockMs(exp))
  }

  /** Several keys are for the time when one takes the place of another. */
  async #verify(token: string, keys: readonly Key[]): Promise<JWTPayload> {
    const { issuer, audience } = this.#options
    const options: JWTVerifyOptions = {
      algorithms: [...this.#keys.algorithms],
      requiredClaims: ['exp'],
      ...(issuer === '' ? {} : { issuer }),
      ...(audience === '' ? {} : { audience }),
    }
    let failure: unknown = new errors.JWKSNoMatchingKey()
    for (const key of keys) {
      try {
        return (await jwtVerify(token, key, options)).payload
      } catch (error) {
        failure = error
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) break
      }
    }
    throw failure
  }

  /** Told once, however many come meanwhile. */
  #down(why: string): void {
    if (!this.#isDown) this.#options.report({ event: 'keys_unavailable', detail: { why } })
    this.#isDown = true
  }

  #up(): void {
    if (this.#isDown) this.#options.report({ event: 'keys_available' })
    this.#isDown = false
  }

  #remember(name: string, rights: Rights): void {
    if (this.#known.size >= knownMax) {
      const [oldest] = this.#known.keys()
      if (oldest !== undefined) this.#known.delete(oldest)
    }
    this.#known.set(name, rights)
  }
}
