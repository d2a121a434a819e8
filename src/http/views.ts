import { EngineError } from '../errors.js'
import type { Bus } from '../ports.js'
import { type Body, bodyOf } from './answer.js'
import { page } from './page.js'
import type { View } from './route.js'

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
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'",
]

type Numbers = { readonly [name: string]: number }

/** What there is to see of the node itself; whether it is up, it says even when it can do nothing else yet. */
export class Views {
  readonly #bus: Bus
  readonly #counters: () => Numbers

  constructor(bus: Bus, counters: () => Numbers) {
    this.#bus = bus
    this.#counters = counters
  }

  show(view: View): Shown {
    switch (view) {
      case 'livez':
        return { headers: json, body: '{"status":"ok"}' }
      case 'readyz':
        return { headers: json, body: this.#readiness() }
      case 'cluster':
        return { headers: json, body: this.#cluster() }
      case 'page':
        return { headers: html, body: bodyOf(page) }
    }
  }

  #readiness(): Body {
    const { ready, draining } = this.#bus
    if (draining) throw new EngineError('draining', 'the node is stopping')
    if (!ready) throw new EngineError('not_ready', 'the node is joining')
    return '{"status":"ready"}'
  }

  #cluster(): Body {
    const status = this.#bus.status()
    return bodyOf(JSON.stringify({ ...status, counters: { ...status.counters, ...this.#counters() } }))
  }
}
