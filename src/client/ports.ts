/** The answer of `fetch`, as far as it is looked at. */
export interface FetchReply {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: ByteStream | null
  text(): Promise<string>
}

export interface ByteStream {
  getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>; cancel(): Promise<void> }
}

export interface FetchRequest {
  readonly method: string
  readonly headers: { readonly [name: string]: string }
  readonly body?: string
  readonly signal: AbortSignal
  readonly cache?: 'no-store'
}

/** A WebSocket of a browser, or of `ws`. */
export interface Socket {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(text: string): void
  close(code?: number): void
  /** Only that of `ws` can stop reading. */
  pause?(): void
  resume?(): void
}

/** The world, as the client sees it. Tests hand in one of their own. */
export interface Ports {
  fetch(url: string, request: FetchRequest): Promise<FetchReply>
  /** Whether sockets send `headers`: those of browsers don't. */
  readonly socketHeaders: boolean
  openSocket(url: string, protocol: string, headers: { readonly [name: string]: string }): Socket
  /** Milliseconds that never go back. */
  now(): number
  /** Dice in [0, 1). */
  random(): number
  /** Calls back after so many milliseconds; returns how to take it back. */
  after(ms: number, ring: () => void): () => void
  /** A key that nobody else makes. */
  makeKey(): string
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')

/** `crypto.randomUUID` is missing on pages that came by plain HTTP. */
const makeKey = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map(hex).join('')

export const commonPorts: Omit<Ports, 'openSocket' | 'socketHeaders'> = {
  // Called as a method of anything but the window, a browser's fetch throws.
  fetch: (url, request) => fetch(url, request) as Promise<FetchReply>,
  now: () => performance.now(),
  random: () => Math.random(),
  after: (ms, ring) => {
    const timer = setTimeout(ring, ms)
    return () => clearTimeout(timer)
  },
  makeKey,
}

/** Waits; sooner over, and without an error, if `signal` says so. */
export const pause = (ports: Pick<Ports, 'after'>, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = ports.after(ms, end)
    signal.addEventListener('abort', end, { once: true })
  })

/** Aborts with `why` after so many milliseconds, or with `signal`. To be ended by `clear`. */
export class Limit {
  readonly #abort = new AbortController()
  readonly #parent: AbortSignal
  readonly #ports: Ports
  readonly #follow = (): void => this.#abort.abort(this.#parent.reason)
  #cancel = (): void => {}

  constructor(ports: Ports, parent: AbortSignal) {
    this.#ports = ports
    this.#parent = parent
    if (parent.aborted) this.#follow()
    else parent.addEventListener('abort', this.#follow, { once: true })
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** From now on; what was set before no longer counts. */
  set(ms: number, why: string): void {
    this.#cancel()
    this.#cancel = this.#ports.after(ms, () => this.#abort.abort(new Error(why)))
  }

  pause(): void {
    this.#cancel()
  }

  /** Whatever is under way with its signal is over. */
  abort(): void {
    this.clear()
    this.#abort.abort()
  }

  clear(): void {
    this.#cancel()
    this.#parent.removeEventListener('abort', this.#follow)
  }
}
