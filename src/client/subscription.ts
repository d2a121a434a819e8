import { Backlog } from './core/backlog.js'
import type { Entry, Event } from './core/event.js'
import { ClosedError } from './errors.js'
import { Flow, type FlowParts, type Status } from './flow.js'
import type { Trouble } from './trouble.js'

/** A place to keep a cursor, so that whoever comes after a restart goes on where this one was. */
export interface Store {
  /** Nothing, if nothing has been kept yet. */
  load(): string | undefined | null | Promise<string | undefined | null>
  /** Called with the newest one, and not again before it is done. */
  save(cursor: string): void | Promise<void>
}

export interface SubscribeOptions {
  /** Where to begin: `now` (default), `earliest` (the oldest that is kept), or a cursor. A cursor in `store` wins. */
  readonly from?: string
  readonly store?: Store
  /** Closes the subscription. */
  readonly signal?: AbortSignal
  /** Messages that have come and were not taken; with more nothing is read, and nothing is dropped. */
  readonly backlog?: number
  /** Every message has its `text`, byte for byte as it was published: numbers beyond 2^53, double keys. */
  readonly text?: boolean
  /** Milliseconds after which to give up if no node has been reached at first. By default it goes on trying. */
  readonly connectMs?: number
  /** What the subscription is about, for people to see. */
  readonly onStatus?: (status: Status) => void
}

/** Called for one event after the other; the next waits until it is done. */
export type Handler = (event: Event) => void | Promise<void>

export type SubscriptionParts = Omit<FlowParts, 'from' | 'give' | 'tell' | 'connectMs' | 'withText'>

const backlogDefault = 1000

/**
 * Messages of some channels, in order: `for await (const event of subscription)`. Goes on at another node when one
 * fails; ends when it is closed, or with an error that no other node would change.
 */
export class Subscription implements AsyncIterable<Event> {
  /** Fulfilled when it has ended; rejected with what it ended of. */
  readonly done: Promise<void>
  readonly #flow: Flow
  readonly #abort = new AbortController()
  readonly #options: SubscribeOptions
  #backlog: Backlog
  #error: unknown
  #isRead = false
  #wake = (): void => {}
  #room = (): void => {}
  #saved: string | undefined
  #saving: Promise<void> | undefined
  #isConnected = (): void => {}
  /** Fulfilled when it reads: from now on nothing is missed. */
  readonly ready: Promise<void>

  /** Fulfilled when nothing is read any more. */
  readonly #ended: Promise<void>

  constructor(parts: SubscriptionParts, options: SubscribeOptions, handler?: Handler) {
    this.#options = options
    this.#backlog = new Backlog(options.from ?? 'now', options.backlog ?? backlogDefault)
    const isReady = new Promise<void>((resolve) => {
      this.#isConnected = resolve
    })
    for (const signal of [parts.signal, options.signal]) this.#follow(signal)
    this.#flow = new Flow({
      ...parts,
      withText: options.text === true,
      connectMs: options.connectMs,
      signal: this.#abort.signal,
      from: () => this.#backlog.end,
      give: (entries) => this.#give(entries),
      tell: (status) => options.onStatus?.(status),
    })
    this.#ended = this.#run()
    this.ready = Promise.race([isReady, this.#ended])
    this.done = handler ? this.#handle(handler) : this.#ended
    // Whoever does not look at these hears of it where the events are taken.
    for (const promise of [this.#ended, this.ready]) promise.catch(() => {})
  }

  /** How far its reader is: going on from here gives what has not been taken, and nothing else. `now` until it is ready. */
  get cursor(): string {
    return this.#backlog.cursor
  }

  /** Reads no more; what waits is dropped, and comes again from `cursor`. */
  close(): Promise<void> {
    this.#abort.abort()
    this.#room()
    this.#wake()
    return this.#ended.catch(() => {})
  }

  /** The node that it reads at, or is going to. */
  get server(): string | undefined {
    return this.#flow.server
  }

  /** For whoever balances: leaves this node, if it is there. */
  leave(server: string, trouble?: Trouble): void {
    this.#flow.leave(server, trouble)
  }

  /** To be read by one only. Leaving the loop closes it; the event in hand does not count as taken then. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, void> {
    if (this.#isRead) throw new ClosedError('this subscription is being read already')
    this.#isRead = true
    try {
      for (;;) {
        const event = this.#abort.signal.aborted && !this.#error ? undefined : this.#backlog.take()
        this.#keep()
        if (!this.#backlog.isFull) this.#room()
        if (event) yield event
        else if (this.#error) throw this.#error
        else if (this.#abort.signal.aborted) return
        else await this.#something()
      }
    } finally {
      await this.close()
    }
  }

  async #handle(handler: Handler): Promise<void> {
    for await (const event of this) await handler(event)
  }

  #follow(signal: AbortSignal | undefined): void {
    if (signal?.aborted) this.#abort.abort()
    const follow = (): void => void this.close()
    signal?.addEventListener('abort', follow, { once: true, signal: this.#abort.signal })
  }

  async #run(): Promise<void> {
    const { store, from = 'now' } = this.#options
    try {
      const stored = await store?.load()
      if (stored) this.#backlog = new Backlog(stored, this.#options.backlog ?? backlogDefault)
      this.#saved = stored ?? from
      await this.#flow.run()
      await this.#saving
    } catch (error) {
      this.#error = error
      throw error
    } finally {
      this.#abort.abort()
      this.#wake()
    }
  }

  /** Something has come, or it is over. */
  #something(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  async #give(entries: readonly Entry[]): Promise<void> {
    this.#backlog.add(entries)
    this.#isConnected()
    this.#wake()
    if (this.#backlog.isFull && !this.#abort.signal.aborted)
      await new Promise<void>((resolve) => {
        this.#room = resolve
      })
  }

  /** Saves the cursor if it has moved; what moves meanwhile is saved after that. */
  #keep(): void {
    const { store } = this.#options
    const { cursor } = this.#backlog
    if (!store || this.#saving || cursor === this.#saved || this.#saved === undefined) return
    this.#saved = cursor
    this.#saving = Promise.resolve(store.save(cursor)).then(
      () => {
        this.#saving = undefined
        this.#keep()
      },
      (error) => {
        this.#error = error
        this.#abort.abort()
        this.#wake()
      },
    )
  }
}
