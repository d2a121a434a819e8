import type { FeedStatus, Report } from '../effect.js'
import type { HttpOptions } from '../http/limits.js'
import type { Bus } from '../ports.js'
import { Feed, type FeedOptions, feedDefaults } from './feed.js'

export interface FeedsParts {
  readonly urls: readonly string[]
  readonly bus: Pick<Bus, 'step' | 'draining'>
  readonly report: (report: Report) => void
  readonly http: HttpOptions
  readonly random: () => number
  /** How long keys are remembered. */
  readonly retentionMs: number
}

/** Half of the time for which keys are remembered is left for what else may delay a message. */
const optionsFor = (retentionMs: number): FeedOptions => {
  const staleMs = retentionMs / 2
  const ear = { ...feedDefaults.ear, staleMs: Math.max(staleMs, 3 * feedDefaults.ear.beatMs) }
  return { ...feedDefaults, ear, pump: { ...feedDefaults.pump, staleMs } }
}

/** All databases of trytond that this node listens to. */
export class Feeds {
  readonly #feeds: readonly Feed[]

  constructor({ urls, retentionMs, ...parts }: FeedsParts) {
    const options = optionsFor(retentionMs)
    this.#feeds = urls.map((url) => new Feed(url, { ...parts, options }))
  }

  start(): void {
    for (const feed of this.#feeds) feed.start()
  }

  get status(): readonly FeedStatus[] {
    return this.#feeds.map((feed) => feed.status)
  }

  close(): void {
    for (const feed of this.#feeds) feed.close()
  }
}
