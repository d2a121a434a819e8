import { Client, type ConnectOptions } from '../../src/client/client.js'
import type { FetchReply, FetchRequest, Ports, Socket } from '../../src/client/ports.js'

export interface Asked {
  readonly server: string
  /** Without the server. */
  readonly path: string
  readonly method: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string
  readonly atMs: number
}

export interface Said {
  readonly status?: number
  readonly headers?: { readonly [name: string]: string }
  readonly body?: string | Stream
}

/** `hang`: no answer for ever; an error: what `fetch` throws. */
export type Script = (asked: Asked) => Said | 'hang' | Error

/** A body that comes piece by piece. */
export class Stream {
  readonly #chunks: Uint8Array[] = []
  #isOver = false
  #error: unknown
  #wake = (): void => {}
  /** How often it was asked for more. */
  reads = 0

  push(text: string): void {
    this.#chunks.push(new TextEncoder().encode(text))
    this.#wake()
  }

  end(error?: unknown): void {
    this.#isOver = true
    this.#error = error
    this.#wake()
  }

  getReader(): ReturnType<NonNullable<FetchReply['body']>['getReader']> {
    return { read: () => this.#read(), cancel: () => Promise.resolve() }
  }

  async #read(): Promise<{ done: boolean; value?: Uint8Array }> {
    this.reads++
    for (;;) {
      const value = this.#chunks.shift()
      if (value) return { done: false, value }
      if (this.#error) throw this.#error
      if (this.#isOver) return { done: true }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

/** A WebSocket whose other end is the test. */
export class FakeSocket implements Socket {
  onopen: Socket['onopen'] = null
  onmessage: Socket['onmessage'] = null
  onclose: Socket['onclose'] = null
  onerror: Socket['onerror'] = null
  pause?: () => void
  resume?: () => void
  readonly sent: string[] = []
  closed: number | undefined

  constructor(
    readonly url: string,
    readonly protocol: string,
    readonly headers: { readonly [name: string]: string },
  ) {}

  send(text: string): void {
    this.sent.push(text)
  }

  close(code?: number): void {
    this.closed ??= code ?? 0
  }

  open(): void {
    this.onopen?.(undefined as never)
  }

  say(told: object): void {
    this.onmessage?.({ data: JSON.stringify(told) } as never)
  }

  hangUp(code: number, reason = ''): void {
    this.onclose?.({ code, reason } as never)
  }

  fail(message: string): void {
    this.onerror?.({ message } as never)
  }
}

const flush = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Time that only the test moves, servers that say what it wants, and dice that always fall alike. */
export class World implements Ports {
  readonly asked: Asked[] = []
  readonly sockets: FakeSocket[] = []
  dice = 0.5
  /** As in Node; a browser's sockets send none. */
  socketHeaders = true
  #now = 0
  #keys = 0
  #timers: { readonly at: number; readonly ring: () => void }[] = []
  readonly #script: Script

  constructor(script: Script) {
    this.#script = script
  }

  connect(options: Partial<ConnectOptions> = {}): Client {
    return new Client({ servers: ['http://a'], discover: false, ...options }, this)
  }

  now(): number {
    return this.#now
  }

  random(): number {
    return this.dice
  }

  makeKey(): string {
    return `key-${++this.#keys}`
  }

  after(ms: number, ring: () => void): () => void {
    // As those of Node and of browsers do, they pass over fractions.
    const timer = { at: this.#now + Math.trunc(ms), ring }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  openSocket(url: string, protocol: string, headers: { readonly [name: string]: string }): Socket {
    const socket = new FakeSocket(url, protocol, headers)
    this.sockets.push(socket)
    return socket
  }

  fetch(url: string, { method, headers, body = '', signal }: FetchRequest): Promise<FetchReply> {
    const { origin } = new URL(url)
    const asked = { server: origin, path: url.slice(origin.length), method, headers, body, atMs: this.#now }
    this.asked.push(asked)
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        if (said !== 'hang' && !(said instanceof Error) && said.body instanceof Stream) said.body.end(signal.reason)
        reject(signal.reason)
      }
      const said = signal.aborted ? new Error('aborted') : this.#script(asked)
      signal.addEventListener('abort', stop)
      if (said instanceof Error) reject(said)
      else if (said !== 'hang') resolve(replyOf(said))
    })
  }

  /** Lets all that is under way go on as far as it can without time passing. */
  async settle(): Promise<void> {
    for (let i = 0; i < 10; i++) await flush()
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await this.settle()
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#timers = this.#timers.filter((other) => other !== due)
      this.#now = Math.max(this.#now, due.at)
      due.ring()
      await this.settle()
    }
    this.#now = end
  }

  /** What was asked of the bus, as JSON. */
  bodies(): readonly { readonly [name: string]: unknown }[] {
    return this.asked.filter(({ body }) => body !== '').map(({ body }) => JSON.parse(body))
  }
}

const replyOf = ({ status = 200, headers = {}, body = '{}' }: Said): FetchReply => ({
  status,
  headers: { get: (name) => headers[name] ?? null },
  body: typeof body === 'string' ? null : body,
  text: () => Promise.resolve(typeof body === 'string' ? body : ''),
})

export const json = (value: unknown, status = 200, headers: Said['headers'] = {}): Said => ({
  status,
  headers: headers ?? {},
  body: JSON.stringify(value),
})

export const refusal = (status: number, code: string, more: object = {}, headers: Said['headers'] = {}): Said =>
  json({ error: { code, message: `this is ${code}` }, ...more }, status, headers)

/** What Node's `fetch` throws where nobody listens. */
export const refused = (): Error => {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  return new TypeError('fetch failed', { cause })
}

/** The connection broke after the request was sent. */
export const broken = (): Error => new TypeError('fetch failed', { cause: new Error('socket hang up') })
