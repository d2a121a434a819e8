import type { Answer, Effect, Now, Poll, Reader } from '../../effect.js'
import type { Limit } from '../../errors.js'
import type { CoreOptions } from '../../limits.js'
import type { Order, Past } from './order.js'
import { Passage } from './page.js'
import type { DatabaseEvent, LogRequest, Packet } from './port.js'

/** How long a page may take. */
const pageMs = 5000
/** Pages that are fetched at the same time, of one database; and readers that wait for theirs. */
const pagesMax = 4
const readersMax = 1000

interface Job {
  readonly poll: Poll
  readonly passage: Passage
  readonly untilMs: number
}

/** A page that several may want. */
interface Page {
  readonly number: number
  readonly from: number
  readonly jobs: Job[]
  untilMs: number
  asked: boolean
}

interface Parts {
  readonly database: string
  readonly options: CoreOptions
  order(): Order
  ask(request: LogRequest): void
  emit(effect: Effect): void
}

/**
 * Readers who want what this node does not keep any more, and the stream still does: page by page, until there is
 * something to answer, or the place is reached from which on all is kept here.
 */
export class History {
  fetches = 0
  readonly #parts: Parts
  readonly #pages = new Map<number, Page>()
  readonly #jobs = new Map<Reader, Job>()
  #number = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get waiting(): number {
    return this.#jobs.size
  }

  get nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY
    for (const { untilMs, asked } of this.#pages.values()) if (asked) nextMs = Math.min(nextMs, untilMs)
    return nextMs
  }

  read(poll: Poll, past: Past, now: Now): void {
    const { options } = this.#parts
    if (this.#jobs.size >= readersMax) {
      this.#refuse(poll.reader, 'overloaded', 'too many read what is older than what is kept here', 'history')
      return
    }
    const order = this.#parts.order()
    const passage = new Passage(order.origin.id, poll, past, {
      limit: poll.limit,
      bytes: poll.bytes ?? options.answerBytes,
      kept: () => this.#parts.order().keptFrom(poll),
    })
    const job = { poll, passage, untilMs: now.ms + poll.waitMs }
    this.#jobs.set(poll.reader, job)
    this.#want(job, now.ms)
  }

  cancel(reader: Reader): void {
    this.#jobs.delete(reader)
  }

  #want(job: Job, nowMs: number): void {
    const from = job.passage.loadFrom
    for (const page of this.#pages.values())
      if (page.from === from) {
        page.jobs.push(job)
        return
      }
    const page = { number: ++this.#number, from, jobs: [job], untilMs: Number.POSITIVE_INFINITY, asked: false }
    this.#pages.set(page.number, page)
    this.#fetch(nowMs)
  }

  /** As many as may be under way, the first that were wanted first. */
  #fetch(nowMs: number): void {
    let count = 0
    for (const page of this.#pages.values()) {
      if (++count > pagesMax) return
      if (page.asked) continue
      page.asked = true
      page.untilMs = nowMs + pageMs
      this.fetches++
      const { database } = this.#parts
      this.#parts.ask({ is: 'fetch', database, fetch: page.number, from: page.from })
    }
  }

  heard(event: DatabaseEvent, now: Now): void {
    if (event.is !== 'fetched' && event.is !== 'unfetched') return
    const page = this.#pages.get(event.fetch)
    if (!page) return
    this.#pages.delete(page.number)
    if (event.is === 'unfetched') this.#fail(page, event.reason)
    else if (event.stream !== this.#parts.order().origin.id) this.#fail(page, 'the stream was made anew')
    else for (const job of page.jobs) this.#read(job, event.packets, event.ends, now)
    this.#fetch(now.ms)
  }

  #fail({ jobs }: Page, reason: string): void {
    for (const { poll } of jobs)
      if (this.#jobs.delete(poll.reader))
        this.#refuse(poll.reader, 'not_ready', `what is older than what is kept here can't be had now: ${reason}`)
  }

  #read(job: Job, packets: readonly Packet[], ends: boolean, now: Now): void {
    const { poll, passage } = job
    if (this.#jobs.get(poll.reader) !== job) return
    passage.read(packets, ends)
    const { found, gap } = passage
    if (found.length === 0 && !gap && !passage.isThrough) {
      this.#want(job, now.ms)
      return
    }
    this.#jobs.delete(poll.reader)
    const waitMs = Math.max(0, job.untilMs - now.ms)
    const { readers } = this.#parts.order()
    if (found.length > 0) this.#answer(job)
    // There they are told of the gap as well, with what is kept.
    else if (gap) readers.poll({ ...poll, waitMs }, now.ms)
    else readers.poll({ ...poll, from: { cursor: passage.cursor }, waitMs }, now.ms)
  }

  #answer({ poll, passage }: Job): void {
    const { found: messages, gap, cursor } = passage
    const [first] = messages
    const told = gap && { gap: { reason: gap, ...(first && { oldest: first.id }) } }
    const answer: Answer = { messages, cursor, ...told }
    const { readers } = this.#parts.order()
    readers.delivered += messages.length
    if (poll.stays) readers.told += messages.length
    if (gap) readers.gaps++
    if (gap === 'unknown_origin') readers.strangeGaps++
    if (gap === 'other_log') readers.foreignGaps++
    this.#parts.emit({ type: 'answer', readers: [poll.reader], answer })
  }

  tick(now: Now): void {
    for (const page of this.#pages.values()) {
      if (!page.asked || page.untilMs > now.ms) continue
      this.#pages.delete(page.number)
      this.#fail(page, 'the log does not answer')
      this.#fetch(now.ms)
    }
  }

  /** Nobody is given any more of what this was about. */
  endAll(code: 'draining' | 'not_ready', reason: string): void {
    for (const reader of this.#jobs.keys()) this.#refuse(reader, code, reason)
    this.#jobs.clear()
    this.#pages.clear()
  }

  #refuse(reader: Reader, code: 'draining' | 'not_ready' | 'overloaded', reason: string, limit?: Limit): void {
    this.#parts.emit({ type: 'refuse', reader, code, reason, limit })
  }
}
