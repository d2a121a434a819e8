import { Chain, type Link } from './core/chain.js'
import type { Event } from './core/event.js'
import { commonPorts, type Ports } from './ports.js'
import type { Handler, Subscription } from './subscription.js'

/** What tabs say to each other. */
export type Word =
  /** Who reads, where are we? */
  | { readonly type: 'where'; readonly who: string }
  /** Here; what comes from now on follows this. */
  | { readonly type: 'here'; readonly to: string; readonly last: string; readonly cursor: string }
  | { readonly type: 'link'; readonly link: Link }
  | { readonly type: 'since'; readonly who: string; readonly id: string }
  | { readonly type: 'links'; readonly to: string; readonly links: readonly Link[] | null }

/** A `BroadcastChannel`, as far as it is used. */
export interface Air {
  postMessage(word: Word): void
  onmessage: ((event: { readonly data: Word }) => void) | null
  close(): void
}

/** `navigator.locks`, as far as it is used. */
export interface Locks {
  request(name: string, options: { signal: AbortSignal }, held: () => Promise<void>): Promise<void>
}

/** A client, as far as it is used. */
export interface Subscriber {
  subscribe(
    channels: readonly string[],
    handler: Handler,
    options: { readonly from?: string },
  ): Pick<Subscription, 'cursor' | 'ready' | 'done' | 'close'>
}

export interface TabsOptions {
  /** Tabs with the same name share; by default that of the channels. */
  readonly name?: string
  /** Milliseconds between two questions whether the reader is still there, and for the answer: 20 s. */
  readonly checkMs?: number
  readonly ports?: Pick<Ports, 'after' | 'makeKey'>
  readonly locks?: Locks
  readonly air?: (name: string) => Air
}

declare const navigator: { readonly locks?: Locks } | undefined
declare const BroadcastChannel: new (name: string) => unknown

const browsersLocks = (): Locks | undefined => (typeof navigator === 'undefined' ? undefined : navigator.locks)

/**
 * One subscription for all tabs of an origin, from now on: one of them reads, and the others hear from it. When it is closed, or
 * does not answer, another one goes on where it was; nobody misses anything, and nobody gets anything twice.
 */
export class Shared {
  /** Fulfilled when nothing is missed from now on. */
  readonly ready: Promise<void>
  /** Fulfilled when it is closed; rejected with what it ended of. */
  readonly done: Promise<void>
  readonly #client: Subscriber
  readonly #channels: readonly string[]
  readonly #handler: Handler
  readonly #ports: Pick<Ports, 'after' | 'makeKey'>
  readonly #who: string
  readonly #chain = new Chain()
  readonly #air: Air
  readonly #checkMs: number
  readonly #abort = new AbortController()
  #subscription: ReturnType<Subscriber['subscribe']> | undefined
  #isReady = (): void => {}
  #end = (): void => {}
  #fail: (error: unknown) => void = () => {}
  #isLeader = false
  #cancel = (): void => {}
  #isAnswered = true
  /** What was heard is taken one after the other. */
  #taking: Promise<void> = Promise.resolve()

  constructor(client: Subscriber, channels: readonly string[], handler: Handler, options: TabsOptions, locks: Locks) {
    this.#client = client
    this.#channels = channels
    this.#handler = handler
    this.#ports = options.ports ?? commonPorts
    this.#who = this.#ports.makeKey()
    this.#checkMs = options.checkMs ?? 20_000
    const name = `carillon ${options.name ?? JSON.stringify([...channels].sort())}`
    this.#air = options.air?.(name) ?? (new BroadcastChannel(name) as Air)
    this.ready = new Promise((resolve) => {
      this.#isReady = resolve
    })
    this.done = new Promise((resolve, reject) => {
      this.#end = resolve
      this.#fail = reject
    })
    this.#air.onmessage = ({ data }) => this.#heard(data)
    this.#ask()
    locks.request(name, { signal: this.#abort.signal }, () => this.#lead()).catch(() => {})
  }

  /** Whether this tab is the one that reads. */
  get reads(): boolean {
    return this.#subscription !== undefined
  }

  close(): void {
    this.#end()
    this.#abort.abort()
    this.#cancel()
    this.#air.close()
    void this.#subscription?.close()
  }

  /** For as long as this tab is there, or until it is closed. */
  async #lead(): Promise<void> {
    this.#isLeader = true
    if (!this.#subscription) this.#read()
    await new Promise<void>((resolve) => {
      if (this.#abort.signal.aborted) resolve()
      this.#abort.signal.addEventListener('abort', () => resolve())
    })
  }

  /** Reads by itself, on from where it is; for the others, too, if it leads. */
  #read(): void {
    this.#cancel()
    const from = this.#chain.cursor ?? 'now'
    const subscription = this.#client.subscribe(this.#channels, (event) => this.#take(event), { from })
    this.#subscription = subscription
    const begin = (): void => {
      if (this.#chain.last === undefined) this.#chain.begin(subscription.cursor, subscription.cursor)
      this.#isReady()
    }
    subscription.ready.then(begin, () => {})
    subscription.done.then(this.#end, this.#fail)
  }

  #take(event: Event): Promise<void> {
    const link = this.#chain.add(event)
    if (link && this.#isLeader) this.#air.postMessage({ type: 'link', link })
    if (link) this.#hand(event)
    return this.#taking
  }

  /** In order, one after the other. */
  #hand(event: Event): void {
    this.#taking = this.#taking.then(() => this.#handler(event))
    this.#taking.catch(this.#fail)
  }

  #heard(word: Word): void {
    if (this.#subscription) this.#answer(word)
    else if (word.type === 'link') this.#hear([word.link])
    else if (word.type === 'here' && word.to === this.#who) this.#here(word.last, word.cursor)
    else if (word.type === 'links' && word.to === this.#who) {
      if (word.links) this.#hear(word.links)
      // So far back nobody remembers: the nodes do.
      else this.#read()
    }
  }

  #answer(word: Word): void {
    const { last, cursor } = this.#chain
    if (word.type === 'where' && last !== undefined && cursor !== undefined)
      this.#air.postMessage({ type: 'here', to: word.who, last, cursor })
    if (word.type === 'since')
      this.#air.postMessage({ type: 'links', to: word.who, links: this.#chain.since(word.id) ?? null })
  }

  #here(last: string, cursor: string): void {
    this.#isAnswered = true
    if (this.#chain.last === undefined) this.#chain.begin(last, cursor)
    else if (this.#chain.last !== last) this.#catchUp()
    this.#isReady()
  }

  #hear(links: readonly Link[]): void {
    for (const link of links) {
      // Before it knows where it begins it has missed nothing.
      if (this.#chain.last === undefined) return
      const found = this.#chain.hear(link)
      if (found === 'hole') {
        this.#catchUp()
        return
      }
      if (found === 'next') this.#hand(link.event)
    }
  }

  #catchUp(): void {
    this.#air.postMessage({ type: 'since', who: this.#who, id: this.#chain.last ?? '' })
  }

  /** A tab may be put to sleep, and hold its lock in its sleep: who gets no answer reads by itself. */
  #ask(): void {
    if (this.#subscription) return
    if (!this.#isAnswered) {
      this.#read()
      return
    }
    this.#isAnswered = false
    this.#air.postMessage({ type: 'where', who: this.#who })
    this.#cancel = this.#ports.after(this.#checkMs, () => this.#ask())
  }
}

/**
 * Subscribes together with the other tabs of this origin; by itself where the browser has no Web Locks. The tabs have
 * to belong to one user: what one of them may read, all get.
 */
export const shareTabs = (
  client: Subscriber,
  channels: string | readonly string[],
  handler: Handler,
  options: TabsOptions = {},
): Pick<Shared, 'ready' | 'done' | 'close' | 'reads'> => {
  const all = typeof channels === 'string' ? [channels] : channels
  const locks = options.locks ?? browsersLocks()
  if (locks) return new Shared(client, all, handler, options, locks)
  const own = client.subscribe(all, handler, {})
  return { ready: own.ready, done: own.done, reads: true, close: () => void own.close() }
}
