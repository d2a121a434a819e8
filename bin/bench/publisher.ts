import { clock, keyOf, write } from './message.js'
import type { Job, Publication } from './plan.js'
import { Wire } from './wire.js'

const againMs = 100

interface Parts {
  readonly job: Job
  readonly publication: Publication
  /** How many in this process wait for messages of this channel. */
  readonly listeners: (channel: number) => number
  readonly onPublished: (ms: number) => void
  readonly onError: () => void
}

/**
 * Publishes one message after the other. With a rate each has its time, whether the one before it is through or not:
 * it then goes out late, and its latency counts from when it should have gone (no coordinated omission).
 */
export class Publisher {
  readonly #parts: Parts
  readonly #wire: Wire
  readonly #counts: Map<number, number>
  #turn = 0
  #plannedAt = 0
  #busy = false
  #awaited = 0
  #running = false
  #timer: NodeJS.Timeout | undefined
  /** Called once nothing is under way any more. */
  #onRest: (() => void) | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.#wire = new Wire(parts.publication.url)
    this.#counts = new Map(parts.publication.channels.map((channel) => [channel, 0]))
  }

  get id(): number {
    return this.#parts.publication.id
  }

  /** The number of its last message, by publisher and channel. */
  get counts(): readonly (readonly [key: string, last: number])[] {
    const { id } = this.#parts.publication
    return [...this.#counts].map(([channel, last]) => [keyOf({ publisher: id, channel }), last])
  }

  run(): void {
    this.#running = true
    // Not all at the same moment.
    this.#plannedAt = clock() + Math.random() * this.#everyMs
    this.#next()
  }

  stop(): Promise<void> {
    this.#running = false
    clearTimeout(this.#timer)
    if (!this.#busy) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onRest = resolve
    })
  }

  close(): void {
    this.#wire.close()
  }

  /** One of those who listen here has got the message that was published last. */
  heard(channel: number, n: number): void {
    if (this.#awaited === 0 || this.#counts.get(channel) !== n) return
    this.#awaited--
    if (this.#awaited === 0) this.#next()
  }

  get #everyMs(): number {
    const { rate } = this.#parts.publication
    return rate > 0 ? 1000 / rate : 0
  }

  #next(): void {
    if (!this.#running || this.#busy || this.#awaited > 0) return
    if (this.#everyMs === 0) {
      this.#publish(clock())
      return
    }
    // Timers keep whole milliseconds. Between two of them it could not be in time, and that would count as latency.
    const dueAt = Math.ceil(this.#plannedAt)
    const waitMs = dueAt - clock()
    if (waitMs > 0) this.#timer = setTimeout(() => this.#next(), Math.ceil(waitMs))
    else {
      this.#publish(dueAt)
      this.#plannedAt += this.#everyMs
    }
  }

  #publish(at: number): void {
    const { job, publication, listeners } = this.#parts
    const { id, channels } = publication
    const channel = channels[this.#turn++ % channels.length] ?? 0
    const n = (this.#counts.get(channel) ?? 0) + 1
    this.#counts.set(channel, n)
    this.#busy = true
    this.#awaited = this.#everyMs === 0 ? listeners(channel) : 0
    const message = write({ publisher: id, channel, n, at }, job.size)
    this.#send(`{"channel":"${job.prefix}${channel}","message":${message}}`, at)
  }

  #send(body: string, at: number): void {
    const { job, onPublished, onError } = this.#parts
    this.#wire.post(`/${job.database}/bus/publish`, body, (status) => {
      if (status !== 200) onError()
      if (status !== 200 && this.#running) {
        // It may have been accepted all the same; then it comes twice, and is counted so.
        setTimeout(() => this.#send(body, at), againMs)
        return
      }
      this.#busy = false
      if (status === 200) onPublished(clock() - at)
      this.#onRest?.()
      this.#next()
    })
  }
}
