import type { Member, Pool } from './core/pool.js'
import type { Http } from './http.js'
import { type Ports, pause } from './ports.js'
import { Trouble } from './trouble.js'

export interface LookoutOptions {
  /** How often to look, about: each time anything from half of it to half as much again, so that no two clients are in step. */
  readonly lookMs: number
  /** How long the node may take to answer; one that does not is left. */
  readonly lookTimeoutMs: number
}

export interface LookoutParts {
  readonly ports: Ports
  readonly http: Http
  readonly pool: Pool
  readonly options: LookoutOptions
  readonly signal: AbortSignal
  /** The node to look at: one that is in use. */
  where(): string
  /** Those at `server` should leave it. */
  leave(server: string, trouble?: Trouble): void
}

/**
 * Looks, once in a while, at what the node knows of its cluster: who else is there, and who carries how much. It is
 * also how a node that has died without a word is noticed, long before its stream would be overdue.
 */
export class Lookout {
  readonly #parts: LookoutParts
  #isWatching = false
  #glance: Promise<void> | undefined

  constructor(parts: LookoutParts) {
    this.#parts = parts
  }

  /** Looks from now on, until the signal. */
  watch(): void {
    if (this.#isWatching) return
    this.#isWatching = true
    void this.#watch()
  }

  /** Looks once, to know where to go should this node fail. */
  glance(): void {
    if (!this.#isWatching) this.#glance ??= this.#look()
  }

  async #watch(): Promise<void> {
    const { ports, options, signal } = this.#parts
    while (!signal.aborted) {
      await this.#look()
      await pause(ports, options.lookMs * (0.5 + ports.random()), signal)
    }
  }

  async #look(): Promise<void> {
    const { http, options, signal, where } = this.#parts
    const server = where()
    try {
      const { text } = await http.send(server, { method: 'GET', path: '/cluster' }, options.lookTimeoutMs, signal)
      const told: { members?: readonly Member[] } | null = JSON.parse(text)
      await this.#learn(Array.isArray(told?.members) ? told.members : [])
      this.#rebalance(server)
    } catch (error) {
      // Where a proxy knows no such path, or something else is answered, there is nothing to learn.
      if (!signal.aborted && error instanceof Trouble) this.#missed(server, error)
    }
  }

  async #learn(members: readonly Member[]): Promise<void> {
    const { http, pool, options, signal } = this.#parts
    const prove = async (url: string): Promise<void> => {
      await http.send(url, { method: 'GET', path: '/readyz' }, options.lookTimeoutMs, signal)
      pool.worked(url)
    }
    // Out of reach, or not ready: it may be at another look.
    await Promise.all(pool.learn(members).map((url) => prove(url).catch(() => {})))
  }

  #rebalance(server: string): void {
    const { ports, pool, leave } = this.#parts
    const better = pool.better(server, ports.now())
    if (better === undefined) return
    pool.move(better)
    leave(server)
  }

  /** With nowhere else to go, a stream that works is better than none. */
  #missed(server: string, trouble: Trouble): void {
    const { ports, pool, leave } = this.#parts
    if (pool.urls.length < 2) return
    pool.failed(server, ports.now(), trouble.hintMs)
    leave(server, trouble)
  }
}
