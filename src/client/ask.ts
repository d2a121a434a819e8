import { Backoff, type BackoffOptions } from './core/backoff.js'
import type { Pool } from './core/pool.js'
import { UnknownOutcomeError, UnreachableError } from './errors.js'
import type { Http, Reply, Request } from './http.js'
import { type Ports, pause } from './ports.js'
import { Trouble } from './trouble.js'

export interface Ask extends Request {
  /** How long one node may take before another one is asked. */
  readonly attemptMs: number
  /** How long to go on asking in all; 0 asks every node once. */
  readonly totalMs: number
  /** Something is changed by it: whether it was done matters when no answer comes. */
  readonly changes?: boolean
  readonly signal: AbortSignal
  /** Called once, when a node has been asked in vain and there is time left. */
  readonly onTrouble?: ((why: string) => void) | undefined
}

export interface AskerParts {
  readonly ports: Ports
  readonly http: Http
  readonly pool: Pool
  readonly backoff: BackoffOptions
}

/** No time for another attempt. */
const leastMs = 50

/** What came of one ask until now. */
class Course {
  inDoubt = false
  readonly tried = new Set<string>()
  readonly #reasons = new Map<string, Trouble>()

  /** It is not the node's fault: it will be asked again. */
  note(trouble: Trouble): void {
    this.#reasons.set(trouble.server, trouble)
  }

  /** `isHasty`: the node had less time than an attempt should have, so it says little. */
  add(trouble: Trouble, isHasty: boolean): void {
    this.tried.add(trouble.server)
    this.inDoubt ||= trouble.inDoubt
    if (!isHasty || !this.#reasons.has(trouble.server)) this.#reasons.set(trouble.server, trouble)
  }

  failure({ changes }: Ask): Error {
    if (this.inDoubt && changes) return new UnknownOutcomeError(this.why)
    const isTooFew = [...this.#reasons.values()].some(({ code }) => code === 'too_few_copies')
    return new UnreachableError(this.why, isTooFew ? 'too_few_copies' : 'unreachable')
  }

  get why(): string {
    return [...this.#reasons.values()].map(({ message }) => message).join('; ')
  }
}

/** Asks any of the nodes, and goes on to others, until one has done it. What must not happen twice needs a key of its own. */
export class Asker {
  readonly #parts: AskerParts
  /** What changes something was refused as too much, and will be until then. */
  #tooFast: { readonly trouble: Trouble; readonly untilMs: number } | undefined
  #hasTold = false

  constructor(parts: AskerParts) {
    this.#parts = parts
  }

  /** Throws `RefusedError`, `UnreachableError`, `UnknownOutcomeError`, or the reason of the signal. */
  async ask(ask: Ask): Promise<Reply> {
    const { ports, pool } = this.#parts
    const backoff = new Backoff(() => ports.random(), this.#parts.backoff)
    const course = new Course()
    const end = ports.now() + ask.totalMs
    for (let round = 0; ; ) {
      if (ask.changes) await this.#hold(ask, course, end)
      const result = await this.#attempt(ask, course.tried, end)
      if ('text' in result) return result
      if (ask.changes && result.isTooFast && ask.totalMs > 0) {
        this.#slow(ask, result)
        continue
      }
      const leftMs = end - ports.now()
      course.add(result, ask.totalMs > 0 && leftMs <= 0)
      const isRound = pool.urls.every((url) => course.tried.has(url))
      if (ask.totalMs === 0 ? isRound : leftMs < leastMs) throw course.failure(ask)
      if (isRound) course.tried.clear()
      if (isRound && round++ === 0) ask.onTrouble?.(course.why)
      const waitMs = isRound ? backoff.next(result.hintMs) : ports.random() * this.#parts.backoff.firstMs
      // The nearer the end, the more often: so the last attempt is not long before it.
      if (ask.totalMs > 0) await pause(ports, Math.min(waitMs, leftMs / 2), ask.signal)
      ask.signal.throwIfAborted()
    }
  }

  /** Not before the node has said; all that are to be sent then are not sent at the same moment. */
  #slow({ onTrouble }: Ask, trouble: Trouble): void {
    const { ports, backoff } = this.#parts
    this.#tooFast = { trouble, untilMs: ports.now() + trouble.hintMs + ports.random() * backoff.firstMs }
    if (!this.#hasTold) onTrouble?.(trouble.message)
    this.#hasTold = true
  }

  async #hold(ask: Ask, course: Course, end: number): Promise<void> {
    const { ports } = this.#parts
    if (!this.#tooFast) return
    const { trouble, untilMs } = this.#tooFast
    const waitMs = untilMs - ports.now()
    if (waitMs <= 0) return
    course.note(trouble)
    // Timers pass over fractions: by the clock they may come a little early.
    await pause(ports, Math.max(0, Math.min(Math.ceil(waitMs), end - ports.now())), ask.signal)
    ask.signal.throwIfAborted()
    if (untilMs > end) throw course.failure(ask)
  }

  async #attempt(ask: Ask, tried: ReadonlySet<string>, end: number): Promise<Reply | Trouble> {
    const { ports, http, pool } = this.#parts
    const server = pool.pick(ports.now(), tried)
    const leftMs = ask.totalMs === 0 ? ask.attemptMs : Math.max(1, end - ports.now())
    try {
      const reply = await http.send(server, ask, Math.min(ask.attemptMs, leftMs), ask.signal)
      pool.worked(server)
      return reply
    } catch (error) {
      if (!(error instanceof Trouble)) throw error
      if (!error.isTooFast) pool.failed(server, ports.now(), error.hintMs)
      return error
    }
  }
}
