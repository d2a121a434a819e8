import { Socket } from 'node:net'
import pg from 'pg'

/** What a connection to a database tells who keeps it. */
export interface Listener {
  heard(payload: string): void
  /** It is over, for this reason; said once, and never after `close`. */
  lost(why: string): void
}

export interface EarOptions {
  readonly connectMs: number
  /** How often the database is asked for a sign of life. */
  readonly beatMs: number
  /** How long it may take to give one. */
  readonly answerMs: number
  /** After a silence of this length, what was sent long ago may be read only now; see `Ear`. */
  readonly staleMs: number
}

export const earDefaults: EarOptions = { connectMs: 10_000, beatMs: 10_000, answerMs: 10_000, staleMs: 150_000 }

/** The channel of PostgreSQL that trytond's own bus uses. */
const channel = 'bus'

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * One connection that listens, until it breaks.
 *
 * A process that was stopped for minutes finds notifications in its socket that are minutes old. The other nodes have
 * published them, and their keys may be forgotten, so they would come twice: then this connection counts as lost.
 */
export class Ear {
  readonly #client: pg.Client
  readonly #socket = new Socket()
  readonly #listener: Listener
  readonly #options: EarOptions
  #aliveMs = performance.now()
  #timer: NodeJS.Timeout | undefined
  #over = false

  constructor(url: string, listener: Listener, options: EarOptions) {
    this.#listener = listener
    this.#options = options
    this.#client = new pg.Client({
      connectionString: url,
      application_name: 'carillon',
      keepAlive: true,
      stream: () => this.#socket,
      connectionTimeoutMillis: options.connectMs,
      query_timeout: options.answerMs,
    })
    this.#client.on('error', (error) => this.#lose(error.message))
    this.#client.on('end', () => this.#lose('the connection was closed'))
    this.#client.on('notification', ({ payload }) => this.#heard(payload ?? ''))
  }

  /** Resolves once it listens; never rejects, since a failure is told like any loss. */
  async open(): Promise<boolean> {
    try {
      await this.#client.connect()
      await this.#client.query(`LISTEN "${channel}"`)
      this.#aliveMs = performance.now()
      if (this.#over) return false
      this.#timer = setInterval(() => void this.#beat(), this.#options.beatMs)
      return true
    } catch (error) {
      this.#lose(reasonOf(error))
      return false
    }
  }

  /** No goodbye: that would wait for an answer, perhaps from a machine that is gone. */
  close(): void {
    this.#over = true
    clearInterval(this.#timer)
    this.#socket.destroy()
  }

  async #beat(): Promise<void> {
    try {
      await this.#client.query('SELECT 1')
      this.#aliveMs = performance.now()
    } catch (error) {
      this.#lose(reasonOf(error))
    }
  }

  #heard(payload: string): void {
    if (this.#over) return
    const silentMs = performance.now() - this.#aliveMs
    if (silentMs > this.#options.staleMs) this.#lose('what it says now may be old')
    else this.#listener.heard(payload)
  }

  #lose(why: string): void {
    if (this.#over) return
    this.close()
    this.#listener.lost(why)
  }
}
