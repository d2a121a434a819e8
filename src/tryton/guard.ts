import { createHash } from 'node:crypto'
import { tokenNeeded } from '../auth/challenge.js'
import type { Report } from '../effect.js'
import { EngineError } from '../errors.js'
import type { Caller, Guard, Kind, Visitor } from '../http/guard.js'
import { Unauthorized } from '../http/refusal.js'
import { type Credentials, readCredentials } from './credentials.js'
import { Trytond } from './trytond.js'
import { type Verdict, Verdicts } from './verdicts.js'

export interface TrytonGuardOptions {
  readonly url: string
  readonly timeoutMs: number
  /** How long a session that was found good counts as good. */
  readonly validMs: number
  /** The proxies before this node, each of which adds to X-Forwarded-For. */
  readonly proxies: number
  readonly report: (report: Report) => void
}

const reading: ReadonlySet<Kind> = new Set<Kind>(['bus', 'poll', 'events', 'socket'])

const invalidMs = 5000
const entriesMax = 10_000
const checksMax = 1000

/** Short, whatever a client sends, and no secret to be found in a memory dump. */
const keyOf = (database: string, { login, user, key, carrier }: Credentials, address: string): string =>
  createHash('sha256')
    .update(JSON.stringify([database, login, user, key, carrier, address]))
    .digest('base64')

/** Others' messages are left out without a word, and one's own come whether asked for or not: as with trytond. */
const visitorFor = (user: number): Visitor => {
  const own = `user:${user}`
  return { reads: (channels) => [...channels.filter((channel) => !channel.startsWith('user:')), own] }
}

/** Lets in who has a session of trytond; these may read, and nothing else. */
export class TrytonGuard implements Guard {
  readonly #options: TrytonGuardOptions
  readonly #trytond: Trytond
  readonly #verdicts: Verdicts
  #failures = 0
  #isDown = false

  constructor(options: TrytonGuardOptions) {
    const { url, timeoutMs, validMs } = options
    this.#options = options
    this.#trytond = new Trytond(url, timeoutMs)
    this.#verdicts = new Verdicts({ validMs, invalidMs, entriesMax, checksMax }, () => performance.now())
  }

  get validMs(): number {
    return this.#options.validMs
  }

  admit(caller: Caller): Visitor | Promise<Visitor> {
    const { database, headers, kind } = caller
    if (kind === 'node') throw tokenNeeded()
    const credentials = readCredentials(headers)
    // A slash would make another path of the question, and so perhaps another question.
    if (!credentials || database.includes('/')) throw this.#stranger(caller)
    if (!reading.has(kind)) throw new EngineError('forbidden', 'a session of trytond may only read')
    const address = this.#addressOf(caller)
    const key = keyOf(database, credentials, address)
    const known = this.#verdicts.known(key)
    if (known) return this.#judge(known, credentials, caller)
    if (this.#verdicts.full && !this.#verdicts.underWay(key)) throw this.#unavailable()
    const check = this.#verdicts.ask(key, () => this.#trytond.check({ database, credentials, address }))
    return this.#settle(check, credentials, caller)
  }

  counters(): { readonly [name: string]: number } {
    return { auth_checks: this.#verdicts.checks, auth_failures: this.#failures }
  }

  close(): void {
    this.#trytond.close()
  }

  async #settle(check: Promise<Verdict>, credentials: Credentials, caller: Caller): Promise<Visitor> {
    let verdict: Verdict
    try {
      verdict = await check
    } catch (error) {
      this.#down(error)
      throw this.#unavailable()
    }
    this.#up()
    return this.#judge(verdict, credentials, caller)
  }

  #judge(verdict: Verdict, { user }: Credentials, caller: Caller): Visitor {
    if (verdict === 'invalid') throw this.#stranger(caller)
    return visitorFor(user)
  }

  #stranger({ kind, headers }: Caller): EngineError {
    // A browser would ask its user for a password, which is of no use here.
    const scripted = /^xmlhttprequest$/i.test(String(headers['x-requested-with']))
    const challenge = scripted ? undefined : 'Basic realm="Tryton"'
    return new Unauthorized('a session of trytond is needed', challenge, kind === 'bus')
  }

  #unavailable(): EngineError {
    return new EngineError('auth_unavailable', 'trytond can not be asked about this session')
  }

  /** What the outermost of our own proxies saw; what stands before that the client may have made up. */
  #addressOf({ headers, address }: Caller): string {
    const { proxies } = this.#options
    if (proxies === 0) return address
    const hops = String(headers['x-forwarded-for'] ?? '').split(',')
    return hops.at(-proxies)?.trim() || address
  }

  #down(error: unknown): void {
    this.#failures++
    if (this.#isDown) return
    this.#isDown = true
    const why = error instanceof Error ? error.message : String(error)
    this.#options.report({ event: 'trytond_unavailable', detail: { why } })
  }

  #up(): void {
    if (!this.#isDown) return
    this.#isDown = false
    this.#options.report({ event: 'trytond_available' })
  }
}
