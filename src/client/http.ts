import { RefusedError } from './errors.js'
import { type FetchReply, Limit, type Ports } from './ports.js'
import { Trouble, troubleFor, troubleOf } from './trouble.js'

export type Token = string | ((refused: boolean) => string | Promise<string>)

export interface Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
  readonly headers?: { readonly [name: string]: string }
}

export interface Reply {
  readonly server: string
  readonly text: string
}

/** One request to one node. Throws `Trouble`, `RefusedError`, or the reason of the signal. */
export class Http {
  readonly #ports: Ports
  readonly #token: Token | undefined
  /** The last answer was that the token is not good. */
  #refused = false

  constructor(ports: Ports, token: Token | undefined) {
    this.#ports = ports
    this.#token = token
  }

  async headers(): Promise<{ readonly [name: string]: string }> {
    const token = typeof this.#token === 'function' ? await this.#token(this.#refused) : this.#token
    return token ? { authorization: `Bearer ${token}` } : {}
  }

  /** `ms`: how long the whole answer may take. */
  async send(server: string, request: Request, ms: number, signal: AbortSignal): Promise<Reply> {
    const limit = new Limit(this.#ports, signal)
    limit.set(ms, `no answer within ${Math.ceil(ms) / 1000} s`)
    try {
      const reply = await this.open(server, request, limit.signal)
      return { server, text: await reply.text().catch((error) => this.#broken(server, error)) }
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      limit.clear()
    }
  }

  /** An answer whose body is still to be read. */
  async open(server: string, { method, path, body, headers }: Request, signal: AbortSignal): Promise<FetchReply> {
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const all = { ...(await this.headers()), ...type, ...headers }
    const request = { method, headers: all, signal, ...(body === undefined ? {} : { body }) }
    let reply: FetchReply
    try {
      reply = await this.#ports.fetch(server + path, request)
    } catch (error) {
      return this.#broken(server, error)
    }
    if (reply.status >= 200 && reply.status < 300) {
      this.#refused = false
      return reply
    }
    throw this.#judge(server, reply, await reply.text().catch(() => ''))
  }

  /** A socket said that it does not know the token; true if another one may be had. */
  expired(): boolean {
    const isFirst = typeof this.#token === 'function' && !this.#refused
    this.#refused = true
    return isFirst
  }

  #judge(server: string, reply: FetchReply, text: string): Error {
    const error = troubleFor(server, reply, text)
    if (!(error instanceof RefusedError) || error.status !== 401 || !this.expired()) return error
    return new Trouble(server, error.message, false)
  }

  #broken(server: string, error: unknown): never {
    throw troubleOf(server, error)
  }
}
