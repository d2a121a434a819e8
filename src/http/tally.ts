import type { Report } from '../effect.js'
import type { Limit } from '../errors.js'
import type { Refusal } from './refusal.js'

/** Addresses whose last report is remembered; when more misbehave at a time, the others are only counted. */
const addressesMax = 1024

const count = <Name extends string>(counts: Map<Name, number>, name: Name): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/** Counts requests and refusals, and reports what clients do wrong: once an address in a while, however much it is. */
export class Tally {
  requests = 0
  /** Of these, those that were recognised, and so had no need of node:http. */
  quick = 0
  refused = 0
  cut = 0
  /** The same by code, or reason. */
  readonly refusals = new Map<string, number>()
  readonly cuts = new Map<string, number>()
  /** Refusals because there was too much, by what. */
  readonly limits = new Map<Limit, number>()
  readonly #everyMs: number
  readonly #report: (report: Report) => void
  readonly #reported = new Map<string, { readonly atMs: number; since: number }>()

  constructor(everyMs: number, report: (report: Report) => void) {
    this.#everyMs = everyMs
    this.#report = report
  }

  /** Not being ready is our fault, and so is a mistake of ours. */
  refuse({ code, status, limit }: Pick<Refusal, 'code' | 'status' | 'limit'>, address: string): void {
    this.refused++
    count(this.refusals, code)
    if (limit) count(this.limits, limit)
    if (status < 500 || code === 'overloaded') this.#blame(address, code)
  }

  /** The connection was closed without an answer, or in the middle of one. */
  cutOff(why: string, address: string): void {
    this.cut++
    count(this.cuts, why)
    this.#blame(address, why)
  }

  /** A bug, in here or in what a step leads to. */
  mistake(error: unknown): void {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#report({ event: 'http_mistake', detail: { error: told } })
  }

  counters(): { readonly [name: string]: number } {
    const { requests, quick, refused, cut } = this
    const limits = [...this.limits].map(([limit, count]) => [`limit_${limit}`, count] as const)
    const http = { http_requests: requests, http_quick: quick, http_refused: refused, http_cut: cut }
    return { ...http, ...Object.fromEntries(limits) }
  }

  /** Forgets the addresses that may be reported again. */
  expire(nowMs: number): void {
    for (const [address, { atMs }] of this.#reported) {
      if (nowMs - atMs >= this.#everyMs) this.#reported.delete(address)
    }
  }

  #blame(address: string, what: string): void {
    const nowMs = performance.now()
    const known = this.#reported.get(address)
    if (known && nowMs - known.atMs < this.#everyMs) {
      known.since++
      return
    }
    if (!known && this.#reported.size >= addressesMax) return
    this.#reported.set(address, { atMs: nowMs, since: 0 })
    this.#report({ event: 'http_refused', detail: { address, what, unreported: known?.since ?? 0 } })
  }
}
