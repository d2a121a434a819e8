import type { IncomingHttpHeaders } from 'node:http'
import { asyncapi } from '../api/asyncapi.js'
import { openapi } from '../api/openapi.js'
import type { Status } from '../effect.js'
import { EngineError } from '../errors.js'
import type { Traffic } from '../metrics/families.js'
import { Metrics } from '../metrics/metrics.js'
import type { Bus } from '../ports.js'
import { version } from '../version.js'
import { bodyOf } from './answer.js'
import { example } from './example.js'
import type { HttpOptions } from './limits.js'
import { wishOf } from './listing.js'
import { page } from './page.js'
import { type Numbers, Rates } from './rates.js'
import type { Refusal } from './refusal.js'
import type { View, ViewRoute } from './route.js'
import { Surveys } from './surveys.js'

/** What the client library goes by. */
const directory = ({ ready, members }: Status): string =>
  JSON.stringify({
    ready,
    members: members.map(({ url, state, ready, inView, waiters }) => ({ url, state, ready, inView, waiters })),
  })

/** How much of the node somebody may see. */
export type Sight = 'all' | 'some'

const reasonOf = ({ log }: Status): string => (log.kind === 'jetstream' && log.reason) || 'the node is joining'

const forAdminsOnly = 'only an admin may see this: from the machine itself, with a token, or at --admin-listen'

/** What tells of more than whether the node is up, and how it is used. */
export const privateViews: ReadonlySet<View> = new Set<View>(['page', 'metrics', 'cluster', 'channels'])

export interface Shown {
  /** 200 without it. */
  readonly status?: number
  /** Who asked was refused, and is shown this as well. */
  readonly refusal?: Refusal
  readonly headers: readonly string[]
  readonly body: string | Buffer
}

const json = ['Content-Type', 'application/json', 'Cache-Control', 'no-store']

/** What there is to see of the node itself; whether it is up, it says even when it can do nothing else yet. */
export class Views {
  readonly #bus: Bus
  readonly #options: HttpOptions
  readonly #counters: () => Numbers
  readonly #rates = new Rates()
  readonly #metrics: Metrics
  readonly #surveys: Surveys

  constructor(bus: Bus, options: HttpOptions, counters: () => Numbers, traffic: () => Traffic) {
    this.#bus = bus
    this.#options = options
    this.#counters = counters
    this.#surveys = new Surveys(bus)
    this.#metrics = new Metrics(() => ({ version, status: bus.status(), traffic: traffic() }))
  }

  show({ view, query }: ViewRoute, headers: IncomingHttpHeaders, sight: Sight): Shown | Promise<Shown> {
    if (sight === 'some' && view !== 'cluster' && privateViews.has(view))
      throw new EngineError('forbidden', forAdminsOnly)
    switch (view) {
      case 'livez':
        return { headers: json, body: '{"status":"ok"}' }
      case 'readyz':
        return { headers: json, body: this.#readiness() }
      case 'cluster':
        return { headers: json, body: this.#cluster(sight) }
      case 'metrics':
        return this.#told()
      case 'page':
        return page().answer(headers)
      case 'example':
        return example.answer(headers)
      case 'channels':
        return this.#channels(query)
      case 'openapi':
        return { headers: json, body: bodyOf(JSON.stringify(openapi(this.#options))) }
      case 'asyncapi':
        return { headers: json, body: bodyOf(JSON.stringify(asyncapi(this.#options))) }
    }
  }

  /** Keeps what was counted until now, for `/cluster` to tell how fast it grows; to be called once in a while. */
  sample(atMs: number): void {
    this.#rates.sample({ atMs, counts: this.#counts(this.#bus.status()) })
  }

  #readiness(): string {
    const { ready, draining } = this.#bus
    if (draining) throw new EngineError('draining', 'the node is stopping')
    if (!ready) throw new EngineError('not_ready', reasonOf(this.#bus.status()))
    return '{"status":"ready"}'
  }

  #cluster(sight: Sight): string {
    const status = this.#bus.status()
    if (sight === 'some') return bodyOf(directory(status))
    const counters = this.#counts(status)
    const rates = this.#rates.until({ atMs: performance.now(), counts: counters })
    return bodyOf(JSON.stringify({ ...status, counters, rates }))
  }

  async #channels(query: string): Promise<Shown> {
    const list = await this.#surveys.list(wishOf(query, this.#options))
    return { headers: json, body: bodyOf(JSON.stringify(list)) }
  }

  async #told(): Promise<Shown> {
    const text = await this.#metrics.text()
    return { headers: ['Content-Type', this.#metrics.contentType, 'Cache-Control', 'no-store'], body: bodyOf(text) }
  }

  #counts({ counters }: Status): Numbers {
    return { ...counters, ...this.#counters() }
  }
}
