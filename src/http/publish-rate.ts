import { EngineError } from '../errors.js'
import { Networks } from '../networks.js'
import { type Asker, clientNameOf } from './client-name.js'
import { trusted } from './guard.js'
import type { HttpOptions } from './limits.js'
import type { Order } from './operation.js'
import type { Refusal } from './refusal.js'

/** Messages that a client may publish at once, as of a time. */
interface Bucket {
  left: number
  atMs: number
}

type RateOptions = Pick<
  HttpOptions,
  'publishRate' | 'publishBurst' | 'publishClients' | 'publishPauseMs' | 'trustedProxies'
>

/** Of rounding: what is missing by less is there. */
const crumb = 1e-6

/**
 * How much each client may publish: a bucket that fills by so many messages a second, up to the burst. A batch that is
 * larger than any bucket is taken from a full one, and what is missing has to flow in before the next.
 */
export class PublishRate {
  readonly #options: RateOptions
  readonly #now: () => number
  readonly #buckets = new Map<string, Bucket>()
  #proxies: Networks

  constructor(options: RateOptions, now: () => number = () => performance.now()) {
    this.#options = options
    this.#now = now
    this.#proxies = new Networks(options.trustedProxies)
  }

  /** To be asked first: who is not limited pays nothing. */
  get isOn(): boolean {
    return this.#options.publishRate > 0
  }

  /** Clients that are kept account of. */
  get clients(): number {
    return this.#buckets.size
  }

  /** The options have changed. */
  renew(): void {
    this.#proxies = new Networks(this.#options.trustedProxies)
    if (!this.isOn) this.#buckets.clear()
  }

  /** Throws EngineError `too_many_requests` if the client has to wait; then nothing is taken from its bucket. */
  charge({ terms }: Order, asker: Asker): void {
    if (terms.type !== 'publish' || asker.visitor === trusted) return
    const messages = terms.drafts.length
    const bucket = this.#bucketOf(clientNameOf(asker, this.#proxies))
    const missing = Math.min(messages, this.#options.publishBurst) - bucket.left
    if (missing > crumb) throw this.#tooFast(missing)
    bucket.left -= messages
  }

  /**
   * How long to read nothing more from an address after this refusal: who does not wait is waited for. Not where many
   * clients share connections.
   */
  pauseMs({ limit }: Pick<Refusal, 'limit'>, address: string): number {
    return limit === 'publish_rate' && !this.#proxies.has(address) ? this.#options.publishPauseMs : 0
  }

  /** Forgets those who could publish as much as somebody new. */
  expire(): void {
    const nowMs = this.#now()
    for (const [name, bucket] of this.#buckets) {
      if (this.#leftIn(bucket, nowMs) >= this.#options.publishBurst) this.#buckets.delete(name)
    }
  }

  #leftIn({ left, atMs }: Bucket, nowMs: number): number {
    const { publishRate, publishBurst } = this.#options
    return Math.min(publishBurst, left + ((nowMs - atMs) / 1000) * publishRate)
  }

  #bucketOf(name: string): Bucket {
    const nowMs = this.#now()
    const known = this.#buckets.get(name)
    if (known) {
      known.left = this.#leftIn(known, nowMs)
      known.atMs = nowMs
      return known
    }
    if (this.#buckets.size >= this.#options.publishClients) this.#forgetOldest()
    const bucket = { left: this.#options.publishBurst, atMs: nowMs }
    this.#buckets.set(name, bucket)
    return bucket
  }

  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys()
    if (oldest !== undefined) this.#buckets.delete(oldest)
  }

  #tooFast(missing: number): EngineError {
    const { publishRate } = this.#options
    const retryAfterSeconds = Math.max(1, Math.ceil(missing / publishRate - crumb))
    const words = `at most ${publishRate} messages a second are taken from one client`
    return new EngineError('too_many_requests', words, { limit: 'publish_rate', retryAfterSeconds })
  }
}
