import type { FeedStatus, Report } from '../effect.js'
import { EngineError } from '../errors.js'
import type { HttpOptions } from '../http/limits.js'
import { readDraft } from '../http/publish.js'
import { draftApart } from '../log/apart.js'
import type { Bus } from '../ports.js'
import { Ear, type EarOptions, earDefaults } from './ear.js'
import { Pump, type PumpOptions, pumpDefaults } from './pump.js'

export interface FeedOptions {
  readonly ear: EarOptions
  readonly pump: PumpOptions
  readonly reconnectMs: { readonly first: number; readonly max: number }
}

export const feedDefaults: FeedOptions = {
  ear: earDefaults,
  pump: pumpDefaults,
  reconnectMs: { first: 100, max: 10_000 },
}

export interface FeedParts {
  readonly bus: Pick<Bus, 'step' | 'draining'>
  readonly report: (report: Report) => void
  readonly http: HttpOptions
  readonly random: () => number
  readonly options: FeedOptions
}

/** The database of trytond, which is that of its clients here. */
const databaseOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1))

/**
 * What trytond publishes in one database, by NOTIFY at COMMIT, published here. Its payload is a publish of ours already:
 * `{"channel":…,"message":{…,"message_id":…}}`, and the message's id is the key by which it comes once, however many
 * nodes listen. A connection that is lost is made anew, for ever; what is sent meanwhile only the other nodes hear.
 */
export class Feed {
  readonly database: string
  readonly #url: string
  readonly #parts: FeedParts
  readonly #pump: Pump
  #ear: Ear | undefined
  #state: FeedStatus['state'] = 'connecting'
  #failures = 0
  #losses = 0
  #heard = 0
  #refused = 0
  #why: string | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(url: string, parts: FeedParts) {
    const { bus, report, options } = parts
    this.#url = url
    this.#parts = parts
    this.database = databaseOf(url)
    this.#pump = new Pump({ bus, report, now: () => performance.now(), options: options.pump })
  }

  start(): void {
    void this.#connect()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#pump.close()
    this.#ear?.close()
  }

  get status(): FeedStatus {
    const { published, duplicates, dropped, size: waiting } = this.#pump
    const counts = { heard: this.#heard, refused: this.#refused, published, duplicates, dropped, waiting }
    const lost = this.#why === undefined ? {} : { lastLoss: this.#why }
    return { database: this.database, state: this.#state, losses: this.#losses, ...counts, ...lost }
  }

  async #connect(): Promise<void> {
    this.#state = 'connecting'
    const listener = { heard: (payload: string) => this.#take(payload), lost: (why: string) => this.#lost(why) }
    this.#ear = new Ear(this.#url, listener, this.#parts.options.ear)
    if (!(await this.#ear.open())) return
    this.#state = 'listening'
    this.#failures = 0
    this.#parts.report({ event: 'tryton_listening', detail: { database: this.database } })
  }

  #take(payload: string): void {
    this.#heard++
    try {
      this.#pump.add(draftApart(readDraft(Buffer.from(payload), this.database, this.#parts.http)))
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      // Told once; anybody with the database can send more of these than a log should hold.
      if (this.#refused++ > 0) return
      this.#parts.report({ event: 'tryton_refused', detail: { database: this.database, why: error.message } })
    }
  }

  /** All nodes lose a database at the same moment, and should not come back to it at the same moment. */
  #lost(why: string): void {
    if (this.#closed) return
    const { first, max } = this.#parts.options.reconnectMs
    this.#state = 'waiting'
    this.#why = why
    this.#losses++
    if (this.#failures === 0) {
      this.#parts.report({ event: 'tryton_lost', detail: { database: this.database, why } })
    }
    const ms = Math.min(max, first * 2 ** this.#failures++)
    this.#timer = setTimeout(() => void this.#connect(), ms * (0.5 + this.#parts.random() / 2))
  }
}
