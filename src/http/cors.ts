import type { IncomingHttpHeaders } from 'node:http'
import { EngineError } from '../errors.js'
import type { Bus } from '../ports.js'

const none: readonly string[] = []
const exposed = 'Retry-After'
const asked = 'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Prefer, X-Requested-With'
const cachedSeconds = '600'

/** How old what is known of the other nodes may be. */
const freshMs = 1000

/** As browsers name it; a page on this machine may have been asked for by either name. */
const originsOf = (url: string): readonly string[] => {
  if (!URL.canParse(url)) return []
  const { origin, protocol, hostname, port } = new URL(url)
  // What is at a default port is a proxy, whose site may hold pages of others; and that site is one origin anyway.
  if (port === '') return []
  return hostname.startsWith('127.') ? [origin, `${protocol}//localhost:${port}`] : [origin]
}

/**
 * Which pages may read the answers. The headers stand on every answer, refusals included, or else a page could not
 * tell one from a network that is down. Credentials are never allowed: who asks is told by a header, not by a cookie.
 *
 * Beside those of `--cors-origin` it is the pages of the nodes themselves: the status page goes on at another node
 * when the one that it came from dies.
 */
export class Cors {
  #origins: ReadonlySet<string>
  readonly #bus: Pick<Bus, 'status'>
  #own: ReadonlySet<string> = new Set()
  #ownMs = Number.NEGATIVE_INFINITY

  constructor(origins: readonly string[], bus: Pick<Bus, 'status'>) {
    this.#origins = new Set(origins)
    this.#bus = bus
  }

  renew(origins: readonly string[]): void {
    this.#origins = new Set(origins)
  }

  /** Whether there are any headers to be set for who asks with these. */
  speaksTo({ origin }: IncomingHttpHeaders): boolean {
    return this.#origins.size > 0 || (origin !== undefined && this.#isNode(origin))
  }

  headers({ origin }: IncomingHttpHeaders): readonly string[] {
    if (this.#origins.has('*')) return ['Access-Control-Allow-Origin', '*', 'Access-Control-Expose-Headers', exposed]
    if (origin !== undefined && (this.#origins.has(origin) || this.#isNode(origin)))
      return ['Vary', 'Origin', 'Access-Control-Allow-Origin', origin, 'Access-Control-Expose-Headers', exposed]
    // Caches must know that the answer differs by origin even when this one gets no permission.
    return this.#origins.size === 0 ? none : ['Vary', 'Origin']
  }

  /** What a browser wants to know before it sends a request. */
  preflight(allow: string, asking: IncomingHttpHeaders): readonly string[] {
    if (!this.speaksTo(asking)) return ['Allow', allow]
    return [
      'Allow',
      allow,
      'Access-Control-Allow-Methods',
      allow,
      'Access-Control-Allow-Headers',
      asked,
      'Access-Control-Max-Age',
      cachedSeconds,
    ]
  }

  /** Whether clients are told to look for a node there. */
  isNodeAt(host = ''): boolean {
    return this.#isNode(`http://${host}`) || this.#isNode(`https://${host}`)
  }

  /** Those that are down count, too: the page of one is open still. */
  #isNode(origin: string): boolean {
    const nowMs = performance.now()
    if (nowMs - this.#ownMs >= freshMs) {
      this.#own = this.#nodes()
      this.#ownMs = nowMs
    }
    return this.#own.has(origin)
  }

  #nodes(): ReadonlySet<string> {
    try {
      return new Set(this.#bus.status().members.flatMap(({ url }) => originsOf(url)))
    } catch (error) {
      // A node that is starting knows nobody yet.
      if (error instanceof EngineError) return new Set()
      throw error
    }
  }
}
