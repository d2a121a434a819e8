import { Agent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http'
import { Agent as AgentTls, request as requestHttps } from 'node:https'
import { Failure } from './failure.js'

export interface Ask {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
  readonly headers?: { readonly [name: string]: string }
  /** How long one server may take before another one is asked. */
  readonly attemptMs: number
  /** How long to go on asking in all; 0 asks every server once. */
  readonly totalMs: number
  /** Something is changed by it: whether it was done matters when no answer comes. */
  readonly changes?: true
  /** Called once, when all servers have been asked in vain and there is time left. */
  readonly onTrouble?: (why: string) => void
}

export interface Reply {
  readonly server: string
  readonly status: number
  readonly text: string
  readonly retryAfterMs: number
}

/** One server did not do it, but another one, or the same one later, may. */
interface Refusal {
  readonly server: string
  readonly why: string
  /** What it is called in the error of an answer. */
  readonly code: string
  /** It had less time than an attempt should have, so it says little. */
  readonly hasty: boolean
  /** The request may have been carried out all the same. */
  readonly inDoubt: boolean
  readonly retryAfterMs: number
}

const bodyMax = 64 * 2 ** 20
const backoffMs = { first: 100, max: 3000 }
/** The code of our own error for a server that did not even take the connection in time. */
const notConnected = 'NOT_CONNECTED'
const neverSent = new Set([notConnected, 'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

const again = new Set([408, 425, 429, 500, 502, 503, 504])

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Fisher and Yates; so that many clients with the same list do not all go to the first server. */
const shuffled = (items: readonly string[]): string[] => {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    const [a = '', b = ''] = [result[i], result[j]]
    result[i] = b
    result[j] = a
  }
  return result
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')

const reasonOf = (error: unknown): string => {
  if (codeOf(error) === 'ECONNREFUSED') return 'nobody listens there'
  // An address with several meanings fails with one error that holds the others.
  if (error instanceof AggregateError) return reasonOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

interface Told {
  readonly error?: { readonly code?: string; readonly message?: string }
  readonly outcome?: string
}

/** What an error answer says, whoever wrote it: ours in JSON, or a proxy's page. */
const toldBy = ({ text, status }: Reply): { readonly message: string; code: string; readonly outcome: string } => {
  try {
    const { error = {}, outcome }: Told = JSON.parse(text)
    const { message = `status ${status}`, code = '' } = error
    return { message, code, outcome: outcome ?? (error as Told).outcome ?? '' }
  } catch {
    return { message: `status ${status}`, code: '', outcome: '' }
  }
}

/** Where not everyone may publish (--auth), a token lets in; a variable, since all can see the arguments of a process. */
const ownHeaders = (): { readonly [name: string]: string } => {
  const token = process.env['CARILLON_TOKEN'] ?? ''
  return token === '' ? {} : { authorization: `Bearer ${token}` }
}

const readBody = (response: IncomingMessage): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    response.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > bodyMax) response.destroy(new Error('the answer is too long'))
      else chunks.push(chunk)
    })
    response.on('end', () => resolve(Buffer.concat(chunks).toString()))
    response.on('error', reject)
  })

/**
 * Asks any of several servers: goes on to the next one when one is gone, silent or not ready, and after each round
 * pauses, ever longer and by chance, so that clients that lost the same server do not come back in step.
 * The server that answered last is asked first the next time. What must not happen twice needs a key of its own.
 */
export class Client {
  #order: string[]
  readonly #given: readonly string[]
  readonly #agents = { http: new Agent({ keepAlive: true }), https: new AgentTls({ keepAlive: true }) }

  constructor(servers: readonly string[]) {
    this.#given = servers
    this.#order = shuffled(servers)
  }

  get servers(): readonly string[] {
    return this.#order
  }

  async ask(ask: Ask): Promise<Reply> {
    const end = performance.now() + ask.totalMs
    const roundEnd = ask.totalMs === 0 ? Number.POSITIVE_INFINITY : end
    const reasons = new Map<string, Refusal>()
    let inDoubt = false
    for (let round = 0; ; round++) {
      const result = await this.#round(ask, roundEnd)
      if ('status' in result) return result
      inDoubt ||= ask.changes === true && result.some((refusal) => refusal.inDoubt)
      for (const refusal of result) {
        if (!refusal.hasty || !reasons.has(refusal.server)) reasons.set(refusal.server, refusal)
      }
      const why = [...reasons.values()].map((refusal) => `${refusal.server}: ${refusal.why}`).join('; ')
      const pause = pauseAfter(round, result)
      if (performance.now() + pause >= end) throw failureFor([...reasons.values()], why, inDoubt)
      if (round === 0) ask.onTrouble?.(why)
      await sleep(pause)
    }
  }

  /** Takes in the servers that the cluster says it has, after those that were given. Of no consequence if it fails. */
  async learn(attemptMs: number): Promise<void> {
    try {
      const reply = await this.ask({ method: 'GET', path: '/cluster', attemptMs, totalMs: 0 })
      const told: { members?: readonly { url?: string; state?: string }[] } = JSON.parse(reply.text)
      const urls = (told.members ?? []).filter(({ state }) => state !== 'down').map(({ url }) => url ?? '')
      const known = new Set([...this.#given, ...urls.filter((url) => URL.canParse(url))])
      this.#order = this.#order.filter((url) => known.delete(url)).concat(shuffled([...known]))
    } catch {
      // The next time, then: those known so far are as good as before.
    }
  }

  close(): void {
    this.#agents.http.destroy()
    this.#agents.https.destroy()
  }

  /** Asks every server once, or until one does it or the time is up; at least one is asked. */
  async #round(ask: Ask, end: number): Promise<Reply | readonly Refusal[]> {
    const refusals: Refusal[] = []
    for (const server of [...this.#order]) {
      const leftMs = end - performance.now()
      if (leftMs <= 0 && refusals.length > 0) break
      const result = await this.#attempt(server, ask, Math.max(leftMs, 1))
      if ('status' in result) return result
      refusals.push(result)
      this.#putLast(server)
    }
    return refusals
  }

  #putLast(server: string): void {
    this.#order = this.#order.filter((other) => other !== server)
    this.#order.push(server)
  }

  async #attempt(server: string, ask: Ask, leftMs: number): Promise<Reply | Refusal> {
    const hasty = leftMs < ask.attemptMs
    let reply: Reply
    try {
      reply = await this.#send(server, ask, Math.min(ask.attemptMs, leftMs))
    } catch (error) {
      const inDoubt = !neverSent.has(codeOf(error))
      return { server, why: reasonOf(error), code: '', hasty, inDoubt, retryAfterMs: 0 }
    }
    if (reply.status >= 200 && reply.status < 300) return reply
    const { message, code, outcome } = toldBy(reply)
    if (!again.has(reply.status)) throw new Failure(1, `${server} refused: ${message}`)
    const inDoubt = outcome === 'unknown' || (reply.status >= 500 && reply.status !== 503)
    return { server, why: message, code, hasty: false, inDoubt, retryAfterMs: reply.retryAfterMs }
  }

  #send(server: string, { method, path, body, headers }: Ask, timeoutMs: number): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const url = new URL(server.replace(/\/+$/, '') + path)
      const tls = url.protocol === 'https:'
      const options: RequestOptions = {
        method,
        agent: tls ? this.#agents.https : this.#agents.http,
        headers: { ...ownHeaders(), ...headers },
      }
      if (body !== undefined) {
        options.headers = {
          ...options.headers,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        }
      }
      const request = (tls ? requestHttps : requestHttp)(url, options, (response) => {
        const status = response.statusCode ?? 0
        const retryAfterMs = (Number(response.headers['retry-after']) || 0) * 1000
        readBody(response).then((text) => resolve({ server, status, text, retryAfterMs }), reject)
      })
      const giveUp = (): void => {
        const error = new Error(`no answer within ${Math.ceil(timeoutMs) / 1000} s`)
        const connected = request.socket && !request.socket.connecting
        request.destroy(connected ? error : Object.assign(error, { code: notConnected }))
      }
      const timer = setTimeout(giveUp, timeoutMs)
      request.on('error', reject)
      request.on('close', () => clearTimeout(timer))
      request.end(body)
    })
  }
}

const pauseAfter = (round: number, refusals: readonly Refusal[]): number => {
  const asked = Math.min(...refusals.map((refusal) => refusal.retryAfterMs), backoffMs.max)
  return asked + Math.random() * Math.min(backoffMs.max, backoffMs.first * 2 ** round)
}

const failureFor = (refusals: readonly Refusal[], why: string, inDoubt: boolean): Failure => {
  if (inDoubt) return new Unresolved(why)
  // Some were there, and would have done it.
  if (refusals.some(({ code }) => code === 'too_few_copies')) return new Failure(1, `there are too few nodes: ${why}`)
  return new Unreachable(why)
}

/** Time ran out, and nothing was done. */
export class Unreachable extends Failure {
  constructor(why: string) {
    super(3, `no server could be reached and was ready: ${why}`)
  }
}

/** Time ran out, and it may or may not have been done. */
export class Unresolved extends Failure {
  constructor(why: string) {
    super(1, `no server said whether it was done: ${why}`)
  }
}
