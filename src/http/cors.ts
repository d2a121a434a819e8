import type { IncomingHttpHeaders } from 'node:http'

const none: readonly string[] = []
const exposed = 'Retry-After'
const asked = 'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Prefer, X-Requested-With'
const cachedSeconds = '600'

/**
 * Which pages may read the answers. The headers stand on every answer, refusals included, or else a page could not
 * tell one from a network that is down. Credentials are never allowed: who asks is told by a header, not by a cookie.
 */
export class Cors {
  #origins: ReadonlySet<string>

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins)
  }

  renew(origins: readonly string[]): void {
    this.#origins = new Set(origins)
  }

  /** Whether there are any headers to be set. */
  get speaks(): boolean {
    return this.#origins.size > 0
  }

  headers({ origin }: IncomingHttpHeaders): readonly string[] {
    if (this.#origins.size === 0) return none
    if (this.#origins.has('*')) return ['Access-Control-Allow-Origin', '*', 'Access-Control-Expose-Headers', exposed]
    // Caches must know that the answer differs by origin even when this one gets no permission.
    if (origin === undefined || !this.#origins.has(origin)) return ['Vary', 'Origin']
    return ['Vary', 'Origin', 'Access-Control-Allow-Origin', origin, 'Access-Control-Expose-Headers', exposed]
  }

  /** What a browser wants to know before it sends a request. */
  preflight(allow: string): readonly string[] {
    if (this.#origins.size === 0) return ['Allow', allow]
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
}
