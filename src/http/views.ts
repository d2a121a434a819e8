import { asyncapi } from '../api/asyncapi.js'
import { openapi } from '../api/openapi.js'
import type { Status } from '../effect.js'
import { EngineError } from '../errors.js'
import type { Traffic } from '../metrics/families.js'
import { Metrics } from '../metrics/metrics.js'
import type { Bus } from '../ports.js'
import { version } from '../version.js'
import { type Body, bodyOf } from './answer.js'
import { example } from './example.js'
import type { HttpOptions } from './limits.js'
import { page } from './page.js'
import { type Numbers, Rates } from './rates.js'
import type { View } from './route.js'

/** What the client library goes by. */
const directory = ({ ready, members }: Status): string =>
  JSON.stringify({
    ready,
    members: members.map(({ url, state, ready, inView, waiters }) => ({ url, state, ready, inView, waiters })),
  })

/** How much of the node somebody may see. */
export type Sight = 'all' | 'some'

const forAdminsOnly = 'only an admin may see this: from the machine itself, with a token, or at --admin-listen'

export interface Shown {
  readonly headers: readonly string[]
  readonly body: Body
}

const json = ['Content-Type', 'application/json', 'Cache-Control', 'no-store']

const html = [
  'Content-Type',
  'text/html; charset=utf-8',
  'Cache-Control',
  'no-cache',
  'X-Content-Type-Options',
  'nosniff',
  'Content-Security-Policy',
  [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    "script-src 'unsafe-inline'",
    "connect-src 'self'",
    'img-src data:',
    "frame-ancestors 'none'",
  ].join('; '),
]

/** What there is to see of the node itself; whether it is up, it says even when it can do nothing else yet. */
export class Views {
  readonly #bus: Bus
  readonly #options: HttpOptions
  readonly #counters: () => Numbers
  readonly #rates = new Rates()
  readonly #metrics: Metrics

  constructor(bus: Bus, options: HttpOptions, counters: () => Numbers, traffic: () => Traffic) {
    this.#bus = bus
    this.#options = options
    this.#counters = counters
    this.#metrics = new Metrics(() => ({ version, status: bus.status(), traffic: traffic() }))
  }

  show(view: View, sight: Sight): Shown | Promise<Shown> {
    if (sight === 'some' && (view === 'page' || view === 'metrics')) throw new EngineError('forbidden', forAdminsOnly)
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
        return { headers: html, body: bodyOf(page) }
      case 'example':
        return { headers: html, body: bodyOf(example) }
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

  #readiness(): Body {
    const { ready, draining } = this.#bus
    if (draining) throw new EngineError('draining', 'the node is stopping')
    if (!ready) throw new EngineError('not_ready', 'the node is joining')
    return '{"status":"ready"}'
  }

  #cluster(sight: Sight): Body {
    const status = this.#bus.status()
    if (sight === 'some') return bodyOf(directory(status))
    const counters = this.#counts(status)
    const rates = this.#rates.until({ atMs: performance.now(), counts: counters })
    return bodyOf(JSON.stringify({ ...status, counters, rates }))
  }

  async #told(): Promise<Shown> {
    const text = await this.#metrics.text()
    return { headers: ['Content-Type', this.#metrics.contentType, 'Cache-Control', 'no-store'], body: bodyOf(text) }
  }

  #counts({ counters }: Status): Numbers {
    return { ...counters, ...this.#counters() }
  }
}
