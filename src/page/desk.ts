import { type Client, connect, RefusedError } from '../client/browser.js'
import type { Event, Subscription } from '../client/public.js'
import { el, place, say, tint } from './dom.js'
import { Tail } from './tail.js'

interface Parts {
  /** Nodes that answer now, the one that is listened to first. */
  readonly servers: () => readonly string[]
  /** What the node that is listened to tells clients that its URL is. */
  readonly bus: () => string
  /** What a node is called. */
  readonly nameOf: (url: string) => string
  readonly token: () => string
  /** A token is needed, or another one. */
  readonly askToken: (why: string) => void
}

/** What has become of it, in words. `bus`: where the node that is listened to has its bus. */
const wordsFor = (error: unknown, bus: string): string => {
  // At --admin-listen there is no bus.
  if (error instanceof RefusedError && error.code === 'not_found')
    return `here the state is shown, and nothing else; open the page at ${bus} for this.`
  if (error instanceof RefusedError) return `${error.status} ${error.code}: ${error.message}`
  return error instanceof Error ? error.message : String(error)
}

const publishMs = 8000

const input = (id: string): HTMLInputElement => place<HTMLInputElement>(id)

/** What is typed, as a message: an object in JSON as it stands, any other text under a name. Throws SyntaxError. */
export const messageOf = (text: string): string => {
  if (!text.trimStart().startsWith('{')) return JSON.stringify({ text })
  JSON.parse(text)
  return text
}

/** Follows one channel and publishes to it, by the client library, which goes on at another node when one fails. */
export class Desk {
  readonly #parts: Parts
  readonly #tail = new Tail(place('tail'), place('tail-count'))
  #client: Client | undefined
  #clientKey = ''
  #subscription: Subscription | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    place('follow-form').addEventListener('submit', (event) => {
      event.preventDefault()
      if (this.#subscription) void this.stop()
      else this.follow()
    })
    place('publish-form').addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#publish()
    })
    input('message').addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      void this.#publish()
    })
    for (const id of ['channel', 'database']) input(id).addEventListener('change', () => void this.stop())
  }

  choose(database: string, channel: string): void {
    input('database').value = database
    input('channel').value = channel
    input('from').value = 'earliest'
    void this.stop().then(() => this.follow())
    input('channel').focus()
  }

  follow(): void {
    const channel = input('channel').value
    if (channel === '') return
    this.#tail.clear()
    this.#state('connecting', '')
    try {
      const handler = (event: Event): void => this.#tail.add(event)
      const subscription = this.#connect().subscribe(channel, handler, {
        from: input('from').value,
        text: true,
        onStatus: (status) => {
          if (this.#subscription !== subscription) return
          if (status.type === 'connected') this.#state(`Reading at ${this.#parts.nameOf(status.server)}`, 'good')
          else this.#state(`${status.why}; going to another node`, 'warn')
        },
      })
      this.#subscription = subscription
      say(place('follow'), 'Stop')
      subscription.done.then(
        () => {},
        (error) => this.#ended(subscription, error),
      )
    } catch (error) {
      this.#state(wordsFor(error, this.#parts.bus()), 'bad')
    }
  }

  async stop(): Promise<void> {
    const subscription = this.#subscription
    this.#subscription = undefined
    say(place('follow'), 'Follow')
    if (!subscription) return
    this.#state('', '')
    await subscription.close()
  }

  /** Other rights count from now on. */
  async renew(): Promise<void> {
    const isFollowing = this.#subscription !== undefined
    await this.stop()
    await this.#client?.close()
    this.#client = undefined
    if (isFollowing) this.follow()
  }

  #ended(subscription: Subscription, error: unknown): void {
    if (this.#subscription !== subscription) return
    this.#subscription = undefined
    say(place('follow'), 'Follow')
    this.#state(`Not followed: ${wordsFor(error, this.#parts.bus())}`, 'bad')
    this.#needToken(error)
  }

  async #publish(): Promise<void> {
    const result = place('result')
    const channel = input('channel').value
    const button = place<HTMLButtonElement>('publish')
    if (channel === '') {
      say(result, 'Name a channel first.')
      tint(result, 'bad')
      input('channel').focus()
      return
    }
    button.disabled = true
    const startMs = performance.now()
    try {
      const { message_id: id, copies } = await this.#connect().publishText(channel, messageOf(input('message').value))
      const ms = Math.round(performance.now() - startMs)
      result.replaceChildren(
        `Published in ${ms} ms; ${copies} ${copies === 1 ? 'node holds' : 'nodes hold'} it. `,
        el('code', {}, id),
      )
      tint(result, 'good')
    } catch (error) {
      say(
        result,
        `Not published: ${error instanceof SyntaxError ? `this is no JSON: ${error.message}` : wordsFor(error, this.#parts.bus())}`,
      )
      tint(result, 'bad')
      this.#needToken(error)
    } finally {
      button.disabled = false
    }
  }

  #needToken(error: unknown): void {
    if (error instanceof RefusedError && (error.status === 401 || error.status === 403))
      this.#parts.askToken(wordsFor(error, this.#parts.bus()))
  }

  #state(text: string, tone: 'good' | 'warn' | 'bad' | ''): void {
    say(place('follow-news'), text)
    tint(place('follow-news'), tone)
  }

  /** One for each database and token. */
  #connect(): Client {
    const database = input('database').value || 'main'
    const token = this.#parts.token()
    const key = JSON.stringify([database, token])
    if (this.#client && key === this.#clientKey) return this.#client
    void this.#client?.close()
    const servers = this.#parts.servers()
    const terms = {
      servers,
      database,
      transport: 'sse',
      publishMs,
      lookMs: 5000,
      ...(token === '' ? {} : { token }),
    } as const
    this.#client = connect(terms)
    this.#clientKey = key
    return this.#client
  }
}
