import type { Asker } from './ask.js'
import { bodyOf, Outbox, type Parcel } from './core/outbox.js'
import { CarillonError, ClosedError, RefusedError, UnknownOutcomeError, UnreachableError } from './errors.js'
import type { Ports } from './ports.js'

export interface PublishOptions {
  /**
   * Idempotency key, 1 to 256 bytes: however often it is published within the retention time, it is delivered once.
   * One is made if none is given.
   */
  readonly key?: string
  /** The trace that the message belongs to (W3C Trace Context): handed on to its subscribers; ignored if malformed. */
  readonly traceparent?: string
  /** `all` (default): resolved once every member of the view holds it. `local`: at once, and it may be lost with its node. */
  readonly ack?: 'all' | 'local'
  /** Not to be taken by a cluster of fewer nodes. */
  readonly minCopies?: number
  /** Milliseconds after which to give up. */
  readonly timeoutMs?: number
}

export interface Published {
  readonly message_id: string
  /** Nodes that have it in memory. */
  readonly copies: number
  /** The key was there before: this is the id of the first message with it. */
  readonly duplicate?: true
}

interface Item extends Parcel {
  readonly key: string
  /** The key is the user's, so that a message with it may have been there before. */
  readonly isGiven: boolean
  inDoubt: boolean
  resolve(published: Published): void
  reject(error: Error): void
}

export interface PublisherParts {
  readonly ports: Ports
  readonly asker: Asker
  readonly path: string
  readonly attemptMs: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly onTrouble?: ((why: string) => void) | undefined
}

interface Told {
  readonly message_id?: string
  readonly message_ids?: readonly string[]
  readonly copies: number
  readonly duplicate?: boolean
  /** Places in the batch of those that were there before. */
  readonly duplicates?: readonly number[]
}

/** Refusals that may be the fault of one message among many. */
const isOfOne = new Set([400, 403, 409, 413])

/**
 * Publishes in order: one request is under way at a time, and what is published meanwhile goes together into the next.
 * So the messages of one client keep their order also where a request has to be repeated at another node.
 */
export class Publisher {
  readonly #parts: PublisherParts
  readonly #outbox = new Outbox<Item>()
  #running = false

  constructor(parts: PublisherParts) {
    this.#parts = parts
  }

  /** `json`: the message as it is to be published. */
  publish(channel: string, json: string, options: PublishOptions): Promise<Published> {
    const { ports, signal, timeoutMs } = this.#parts
    if (signal.aborted) return Promise.reject(new ClosedError())
    const { key = ports.makeKey(), ack = 'all', minCopies = 1, traceparent } = options
    const trace = traceparent === undefined ? '' : `,"traceparent":${JSON.stringify(traceparent)}`
    return new Promise((resolve, reject) => {
      const item: Item = {
        fields: `"channel":${JSON.stringify(channel)},"key":${JSON.stringify(key)}${trace},"message":${json}`,
        terms: `${ack === 'all' ? '' : `,"ack":"${ack}"`}${minCopies > 1 ? `,"min_copies":${minCopies}` : ''}`,
        deadlineMs: ports.now() + (options.timeoutMs ?? timeoutMs),
        key,
        isGiven: options.key !== undefined,
        inDoubt: false,
        resolve,
        reject,
      }
      if (!this.#outbox.add(item)) reject(new CarillonError('queue_full', 'too many messages wait to be published'))
      else if (!this.#running) this.#start()
    })
  }

  /** At the end of this tick: what else is published in it goes along. */
  #start(): void {
    this.#running = true
    queueMicrotask(() => void this.#run())
  }

  async #run(): Promise<void> {
    for (let batch = this.#outbox.take(); batch.length > 0; batch = this.#outbox.take()) {
      const live = this.#dropExpired(
        batch,
        this.#parts.ports.now(),
        new UnreachableError('it had to wait for too long'),
      )
      if (live.length > 0) await this.#send(live)
    }
    this.#running = false
  }

  async #send(batch: readonly Item[]): Promise<void> {
    const { ports, asker, path, attemptMs, signal, onTrouble } = this.#parts
    const deadlineMs = Math.min(...batch.map((item) => item.deadlineMs))
    const totalMs = deadlineMs - ports.now()
    try {
      const body = bodyOf(batch)
      const ask = { method: 'POST', path, body, attemptMs, totalMs, changes: true, signal, onTrouble } as const
      this.#settle(batch, JSON.parse((await asker.ask(ask)).text))
    } catch (error) {
      this.#failed(batch, deadlineMs, error)
    }
  }

  #settle(batch: readonly Item[], told: Told): void {
    const { message_id: id, message_ids: ids = id === undefined ? [] : [id], copies, duplicate, duplicates } = told
    if (ids.length !== batch.length) throw new CarillonError('bad_answer', 'the answer is not for what was published')
    const before = new Set(duplicate ? [0] : duplicates)
    batch.forEach(({ isGiven, resolve }, i) => {
      const published = { message_id: ids[i] ?? '', copies }
      // Under a key that was made for it, only an attempt of its own can have been there before.
      resolve(isGiven && before.has(i) ? { ...published, duplicate: true } : published)
    })
  }

  #failed(batch: readonly Item[], deadlineMs: number, error: unknown): void {
    if (this.#parts.signal.aborted) {
      for (const item of batch) item.inDoubt = true
      this.#rejectAll(batch)
      this.#rejectAll(this.#outbox.empty())
    } else if (error instanceof UnreachableError || error instanceof UnknownOutcomeError) {
      if (error instanceof UnknownOutcomeError) for (const item of batch) item.inDoubt = true
      this.#outbox.giveBack(this.#dropExpired(batch, deadlineMs, error))
    } else if (error instanceof RefusedError && batch.length > 1 && isOfOne.has(error.status)) {
      this.#outbox.halve(batch)
    } else for (const { reject } of batch) reject(error instanceof Error ? error : new Error(String(error)))
  }

  #rejectAll(items: readonly Item[]): void {
    for (const { inDoubt, key, reject } of items)
      reject(inDoubt ? new UnknownOutcomeError('the client was closed', key) : new ClosedError())
  }

  /** Those whose time is not up; the others are told of `error`. */
  #dropExpired(batch: readonly Item[], nowMs: number, error: UnreachableError | UnknownOutcomeError): readonly Item[] {
    const isLive = ({ deadlineMs }: Item): boolean => deadlineMs > nowMs
    const [live, over] = [batch.filter(isLive), batch.filter((item) => !isLive(item))]
    for (const { inDoubt, key, reject } of over) reject(inDoubt ? new UnknownOutcomeError(error.why, key) : error)
    return live
  }
}
