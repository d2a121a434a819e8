import { Asker } from './ask.js'
import type { BackoffOptions } from './core/backoff.js'
import { Pool } from './core/pool.js'
import { ClosedError } from './errors.js'
import { Http, type Reply, type Request, type Token } from './http.js'
import { Lookout } from './lookout.js'
import { poll } from './poll.js'
import type { Ports } from './ports.js'
import { type Published, Publisher, type PublishOptions } from './publisher.js'
import { socket } from './socket.js'
import { sse } from './sse.js'
import { type Handler, type SubscribeOptions, Subscription } from './subscription.js'
import type { Transport, TransportName } from './transport.js'

/** What a client is made with. Times are in milliseconds. */
export interface ConnectOptions {
  /** URLs of nodes, or of a proxy before them; one that is up suffices. */
  readonly servers: readonly string[]
  /** The tenant; `main` by default. */
  readonly database?: string
  /** `poll` by default. */
  readonly transport?: TransportName
  /** Sent as a bearer token; with the sockets of browsers, as a ticket that is asked for. A function is asked each time; with `true` if the last one was refused. */
  readonly token?: Token
  /** Learn the other nodes from the first one, and spread over them; true by default. To stay behind a proxy: false. */
  readonly discover?: boolean
  /** How long one node may take to answer before another one is asked: 5 s. */
  readonly attemptMs?: number
  /** How long to try to publish: 30 s. */
  readonly publishMs?: number
  /** How long a poll waits at a node: 25 s. */
  readonly waitMs?: number
  /** Silence after which a stream is taken for dead: 40 s. */
  readonly silenceMs?: number
  /** How often to look how the cluster is, about: 10 s. */
  readonly lookMs?: number
  /** The window of the first wait after a failure, and of the longest: 250 ms and 10 s. */
  readonly backoff?: BackoffOptions
  /** Messages in one answer to a poll: 500. */
  readonly pageCount?: number
  /** Called when all nodes have been asked in vain to take a message and there is time left. */
  readonly onPublishTrouble?: (why: string) => void
}

export interface RequestTerms {
  /** How long to go on asking; 0 asks every node once. 30 s by default. */
  readonly timeoutMs?: number
  /** How long one node may take. */
  readonly attemptMs?: number
  /** It changes something, so that no answer is `UnknownOutcomeError`. */
  readonly changes?: boolean
}

const defaults = {
  database: 'main',
  transport: 'poll',
  discover: true,
  attemptMs: 5000,
  publishMs: 30_000,
  waitMs: 25_000,
  silenceMs: 40_000,
  lookMs: 10_000,
  lookTimeoutMs: 3000,
  backoff: { firstMs: 250, maxMs: 10_000 },
  pageCount: 500,
  messageSize: 32 * 2 ** 20,
} as const

const transports: { readonly [Name in TransportName]: Transport } = { poll, sse, ws: socket }

/** What is given, over the defaults; `undefined` is as good as not given. */
const withDefaults = (
  options: ConnectOptions,
): Required<Omit<ConnectOptions, 'token' | 'onPublishTrouble'>> & typeof defaults => {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(given) } as never
}

/** One cluster, for publishing and subscribing, through whichever of its nodes. */
export class Client {
  readonly #ports: Ports
  readonly #options: ReturnType<typeof withDefaults>
  readonly #pool: Pool
  readonly #http: Http
  readonly #asker: Asker
  readonly #publisher: Publisher
  readonly #lookout: Lookout
  readonly #subscriptions = new Set<Subscription>()
  readonly #abort = new AbortController()

  /** To be made by `connect`. */
  constructor(options: ConnectOptions, ports: Ports) {
    const all = withDefaults(options)
    if (!(all.transport in transports)) throw new TypeError('transport must be poll, sse or ws')
    this.#ports = ports
    this.#options = all
    this.#pool = new Pool(all.servers, () => ports.random())
    this.#http = new Http(ports, options.token)
    this.#asker = new Asker({ ports, http: this.#http, pool: this.#pool, backoff: all.backoff })
    this.#publisher = new Publisher({
      ports,
      asker: this.#asker,
      path: `${this.#path}/publish`,
      attemptMs: all.attemptMs,
      timeoutMs: all.publishMs,
      signal: this.#abort.signal,
      onTrouble: options.onPublishTrouble,
    })
    this.#lookout = new Lookout({
      ports,
      http: this.#http,
      pool: this.#pool,
      options: all,
      signal: this.#abort.signal,
      where: () => this.#inUse(),
      leave: (server, trouble) => {
        for (const subscription of this.#subscriptions) subscription.leave(server, trouble)
      },
    })
  }

  /** The nodes that it may go to. */
  get servers(): readonly string[] {
    return this.#pool.urls
  }

  /**
   * Publishes a message, an object, under a key, so that however often it has to be sent it is delivered once. What is
   * published in the same tick goes in one request; all of a client's messages keep their order.
   *
   * Throws `RefusedError`, `UnreachableError` (not done), `UnknownOutcomeError` (publish again with its `key`), or
   * `ClosedError`.
   */
  publish(channel: string, message: object, options: PublishOptions = {}): Promise<Published> {
    return this.publishText(channel, JSON.stringify(message), options)
  }

  /** The same, of JSON text: its bytes are passed on as they are. */
  publishText(channel: string, json: string, options: PublishOptions = {}): Promise<Published> {
    if (this.#options.discover && !this.#abort.signal.aborted) this.#lookout.glance()
    return this.#publisher.publish(channel, json, options)
  }

  /**
   * Reads channels, from now on or from where `options` say: an async iterator of messages and gaps, or, given a
   * handler, one call after the other. Of a handler that fails the subscription ends (see its `done`).
   */
  subscribe(channels: string | readonly string[], options?: SubscribeOptions): Subscription
  subscribe(channels: string | readonly string[], handler: Handler, options?: SubscribeOptions): Subscription
  subscribe(
    channels: string | readonly string[],
    first?: Handler | SubscribeOptions,
    second?: SubscribeOptions,
  ): Subscription {
    if (this.#abort.signal.aborted) throw new ClosedError()
    const [handler, options = {}] = typeof first === 'function' ? [first, second] : [undefined, first]
    const subscription = new Subscription(
      {
        ports: this.#ports,
        http: this.#http,
        pool: this.#pool,
        options: this.#options,
        backoff: this.#options.backoff,
        transport: transports[this.#options.transport],
        path: this.#path,
        channels: [...new Set(typeof channels === 'string' ? [channels] : channels)],
        signal: this.#abort.signal,
      },
      options,
      handler,
    )
    this.#subscriptions.add(subscription)
    const forget = (): void => void this.#subscriptions.delete(subscription)
    subscription.done.then(forget, forget)
    if (this.#options.discover) this.#lookout.watch()
    return subscription
  }

  /** Any other request to whichever node answers, such as `GET /cluster`. Throws as `publish` does. */
  request(request: Request, { timeoutMs, attemptMs, changes }: RequestTerms = {}): Promise<Reply> {
    const { publishMs, attemptMs: usualMs } = this.#options
    const terms = { attemptMs: attemptMs ?? usualMs, totalMs: timeoutMs ?? publishMs, changes: changes ?? false }
    return this.#asker.ask({ ...request, ...terms, signal: this.#abort.signal })
  }

  /** Ends all subscriptions. What is being published fails, mostly with `UnknownOutcomeError`. */
  async close(): Promise<void> {
    this.#abort.abort(new ClosedError())
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()))
  }

  get #path(): string {
    return `/${encodeURIComponent(this.#options.database)}/bus`
  }

  #inUse(): string {
    for (const { server } of this.#subscriptions) if (server !== undefined) return server
    return this.#pool.pick(this.#ports.now())
  }
}
