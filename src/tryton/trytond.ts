import { randomBytes } from 'node:crypto'
import { Agent, type ClientRequest, request as requestHttp } from 'node:http'
import { Agent as AgentTls, request as requestHttps } from 'node:https'
import { type Credentials, writeCredentials } from './credentials.js'
import type { Verdict } from './verdicts.js'

export interface Question {
  readonly database: string
  readonly credentials: Credentials
  /** Of the client: trytond may hold a session valid from one address only. */
  readonly address: string
}

/** Asks for what no trytond has: who has a session is told that, others that they have none. Nothing is changed by it. */
const body = JSON.stringify({ id: 1, method: 'model.res.user.session_check', params: [{}] })

/** Where trytond takes calls: before version 8, and since. */
const paths = ['', 'rpc/'] as const

const connectionsMax = 16
const provenMs = 300_000
const databasesMax = 1000

const isElsewhere = (status: number): boolean => status === 404 || status === 405

/** A refusal of the method, in one of the ways of the several versions, comes after the session was found good. */
const verdictOf = (status: number): Verdict => {
  if (status === 401) return 'invalid'
  if (status === 200 || status === 400 || status === 403) return 'valid'
  throw new Error(`trytond answered ${status}`)
}

/** A session that nobody has. */
const madeUp = (): Credentials => ({
  login: 'carillon',
  user: 1,
  key: randomBytes(32).toString('hex'),
  carrier: 'header',
})

/**
 * The trytond that knows the sessions.
 *
 * A good session is known by what else answers 403, too: a proxy under maintenance, or a server that is no trytond. So
 * whatever calls one good must, now and then, call a made-up one bad, or its word does not count.
 */
export class Trytond {
  readonly #base: string
  readonly #timeoutMs: number
  readonly #agent: Agent
  /** The path that it took the last time. */
  #path: (typeof paths)[number] = ''
  readonly #proofs = new Map<string, { readonly proof: Promise<void>; readonly untilMs: number }>()

  constructor(url: string, timeoutMs: number) {
    this.#base = url.replace(/\/*$/, '/')
    this.#timeoutMs = timeoutMs
    const options = { keepAlive: true, maxSockets: connectionsMax, scheduling: 'lifo' } as const
    this.#agent = url.startsWith('https:') ? new AgentTls(options) : new Agent(options)
  }

  /** Rejects if it can't tell. */
  async check(question: Question): Promise<Verdict> {
    const verdict = await this.#verdict(question)
    if (verdict === 'valid') await this.#proven(question)
    return verdict
  }

  close(): void {
    this.#agent.destroy()
  }

  async #verdict(question: Question): Promise<Verdict> {
    const first = this.#path
    const status = await this.#ask(question, first)
    if (!isElsewhere(status)) return verdictOf(status)
    const other = first === '' ? 'rpc/' : ''
    const verdict = verdictOf(await this.#ask(question, other))
    this.#path = other
    return verdict
  }

  #proven(question: Question): Promise<void> {
    const { database } = question
    const nowMs = performance.now()
    const last = this.#proofs.get(database)
    if (last && nowMs < last.untilMs) return last.proof
    if (this.#proofs.size >= databasesMax) this.#proofs.clear()
    const proof = this.#prove(question)
    this.#proofs.set(database, { proof, untilMs: nowMs + provenMs })
    proof.catch(() => this.#proofs.delete(database))
    return proof
  }

  async #prove(question: Question): Promise<void> {
    const verdict = await this.#verdict({ ...question, credentials: madeUp() })
    if (verdict === 'valid') throw new Error('what answers at this URL refuses nobody: it is no trytond')
  }

  async #ask(question: Question, path: string): Promise<number> {
    try {
      return await this.#post(question, path)
    } catch (error) {
      // It may close an idle connection at the very moment it is used again. Nothing is changed by asking twice.
      if (error instanceof Stale) return await this.#post(question, path)
      throw error
    }
  }

  /** The status is all that counts; the body is passed over, so that the connection can be used again. */
  #post(question: Question, path: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const asked = this.#request(question, path)
      const timer = setTimeout(() => asked.destroy(new Error('trytond does not answer in time')), this.#timeoutMs)
      asked.on('close', () => clearTimeout(timer))
      asked.on('error', (error: NodeJS.ErrnoException) => {
        reject(asked.reusedSocket && error.code === 'ECONNRESET' ? new Stale() : error)
      })
      asked.on('response', (response) => {
        response.on('error', reject)
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      asked.end(body)
    })
  }

  #request({ database, credentials, address }: Question, path: string): ClientRequest {
    const url = `${this.#base}${encodeURIComponent(database)}/${path}`
    const headers = {
      ...writeCredentials(credentials),
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'X-Forwarded-For': address,
    }
    const request = url.startsWith('https:') ? requestHttps : requestHttp
    return request(url, { method: 'POST', agent: this.#agent, headers })
  }
}

class Stale extends Error {}
