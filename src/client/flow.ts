import { Backoff, type BackoffOptions } from './core/backoff.js'
import type { Entry } from './core/event.js'
import type { Pool } from './core/pool.js'
import { UnreachableError } from './errors.js'
import { pause } from './ports.js'
import type { Line, Transport } from './transport.js'
import { Trouble } from './trouble.js'

/** What a subscription is about. */
export type Status =
  /** It reads at this node, and will not miss anything from now on. */
  | { readonly type: 'connected'; readonly server: string }
  /** A node failed, or sent it away; it goes to another one after so many milliseconds. */
  | { readonly type: 'waiting'; readonly server: string; readonly why: string; readonly ms: number }

export interface FlowParts extends Omit<Line, 'server' | 'from' | 'signal'> {
  readonly pool: Pool
  readonly transport: Transport
  readonly backoff: BackoffOptions
  /** Milliseconds in which a node must be reached at first; none: for ever. */
  readonly connectMs: number | undefined
  readonly signal: AbortSignal
  /** Where to go on. */
  from(): string
  /** Takes what has come. While it takes its time, nothing more is read. */
  give(entries: readonly Entry[]): Promise<void> | void
  tell(status: Status): void
}

/** After so many answers in one place the next failure is a new one. */
const steadyAnswers = 2

/** A stream that goes on from node to node, without a hole and without doubles, until it is told to stop. */
export class Flow {
  readonly #parts: FlowParts
  readonly #backoff: Backoff
  readonly #startMs: number
  #here = new AbortController()
  #server: string | undefined
  #isConnected = false
  #why = ''

  constructor(parts: FlowParts) {
    this.#parts = parts
    this.#backoff = new Backoff(() => parts.ports.random(), parts.backoff)
    this.#startMs = parts.ports.now()
  }

  /** Resolves when the signal says stop; rejects with what no other node would change. */
  async run(): Promise<void> {
    const { signal } = this.#parts
    const stop = (): void => this.#here.abort()
    signal.addEventListener('abort', stop)
    try {
      while (!signal.aborted) await this.#stay()
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** Where it is, or is going. */
  get server(): string | undefined {
    return this.#server
  }

  /** Leaves `server`, if it is there: for a better one, or because of `trouble`. */
  leave(server: string, trouble?: Trouble): void {
    if (this.#server === server) this.#here.abort(trouble)
  }

  /** At one node, for as long as it works. */
  async #stay(): Promise<void> {
    const { ports, pool, signal } = this.#parts
    const here = new AbortController()
    this.#here = here
    const server = pool.pick(ports.now())
    this.#server = server
    try {
      await this.#read(server, here.signal)
    } catch (error) {
      if (signal.aborted) return
      const trouble = here.signal.aborted ? here.signal.reason : error
      // It was sent to a better node.
      if (here.signal.aborted && !(trouble instanceof Trouble)) return
      if (!(trouble instanceof Trouble)) throw error
      await this.#recover(trouble)
    }
  }

  async #read(server: string, signal: AbortSignal): Promise<void> {
    const { pool, transport, from, give, tell } = this.#parts
    let answers = 0
    for await (const entries of transport({ ...this.#parts, server, from: from(), signal })) {
      if (answers === 0) {
        pool.worked(server)
        this.#isConnected = true
        tell({ type: 'connected', server })
      }
      if (++answers === steadyAnswers) this.#backoff.reset()
      await give(entries)
    }
  }

  async #recover(trouble: Trouble): Promise<void> {
    const { ports, pool, signal, tell } = this.#parts
    const { server, why, hintMs } = trouble
    this.#why = this.#why.includes(server) ? this.#why : `${this.#why}${this.#why && '; '}${server}: ${why}`
    if (trouble.isFarewell) return
    if (!trouble.isTooFast) pool.failed(server, ports.now(), hintMs)
    const ms = trouble.isTooFast ? hintMs + this.#backoff.next() : this.#backoff.next(hintMs)
    this.#checkTime(ms)
    tell({ type: 'waiting', server, why, ms })
    await pause(ports, ms, signal)
  }

  #checkTime(ms: number): void {
    const { ports, connectMs } = this.#parts
    if (this.#isConnected) this.#why = ''
    else if (connectMs !== undefined && ports.now() + ms >= this.#startMs + connectMs)
      throw new UnreachableError(this.#why)
  }
}
