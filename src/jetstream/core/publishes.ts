import type { Channels } from '../../channel/channels.js'
import { formatPosition, idOf } from '../../channel/message-id.js'
import type { Now, Outcome, Publish, Publisher } from '../../effect.js'
import type { Code } from '../../errors.js'
import type { CoreOptions } from '../../limits.js'
import { draftApart } from '../../log/apart.js'
import { sizeOfAll } from '../../log/entry.js'
import type { NodeId } from '../../log/node-id.js'
import type { Draft } from '../../log/record.js'
import type { Taken } from './order.js'
import type { Batch, DatabaseEvent, LogRequest } from './port.js'

/** Until what is certain not to be stored is sent again. */
const retryMs = 200

/** One publish that the log is to store. */
interface Ticket {
  readonly publisher: Publisher
  readonly number: number
  readonly request: Extract<LogRequest, { is: 'store' }>
  readonly sinceMs: number
  readonly bytes: number
  /** By draft of the publish: its id as far as known, and whether it repeats a key. */
  readonly ids: (string | undefined)[]
  readonly duplicates: boolean[]
  /** By draft of the batch: which one it is of the publish. */
  readonly places: readonly number[]
  /** Sent, and not answered yet. */
  flies: boolean
  /** Of what was sent and answered, something may have been stored all the same. */
  unsure: boolean
  /** To be sent again then. */
  againMs: number
  reason: string
}

interface Parts {
  readonly self: NodeId
  readonly database: string
  readonly options: CoreOptions
  ask(request: LogRequest): void
  settled(publisher: Publisher, outcome: Outcome, sinceMs: number): void
  /** The message of the stream that was taken last. */
  seen(): number
  channels(): Channels
  stream(): { readonly id: NodeId; readonly copies: number; readonly duplicateMs: number }
  /** Something was stored in a stream that this node does not know. */
  strange(): void
}

/**
 * Publishes on their way into the log. One is settled when the message comes back in the order, which says what its keys
 * have become; the log's own answer says so sooner only of what it refuses, and of what was stored before.
 */
export class Publishes {
  bytes = 0
  readonly #parts: Parts
  readonly #tickets = new Map<number, Ticket>()
  readonly #tokens = new Map<string, Ticket>()
  /** By the message of the stream that it repeats, which has not come yet. */
  readonly #repeats = new Map<number, Ticket[]>()
  readonly #again = new Set<Ticket>()
  #number = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get waiting(): number {
    return this.#tickets.size
  }

  get nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY
    const [first] = this.#tickets.values()
    if (first) nextMs = first.sinceMs + this.#parts.options.publishTimeoutMs
    for (const { againMs } of this.#again) nextMs = Math.min(nextMs, againMs)
    return nextMs
  }

  append(publish: Publish, now: Now): void {
    const { drafts, publisher } = publish
    const keyed = drafts.map((draft) => this.#holder(draft))
    const ids = keyed.map((holder) => holder && idOf(holder))
    const duplicates = keyed.map((holder) => holder !== undefined)
    if (keyed.some((holder, i) => holder && holder.digest !== drafts[i]?.digest)) {
      this.#refuse(publisher, 'key_conflict', 'the key was used before for another message', now.ms)
      return
    }
    const places = drafts.flatMap((_, i) => (ids[i] === undefined ? [i] : []))
    if (places.length === 0) {
      this.#parts.settled(publisher, this.#done(ids, duplicates), now.ms)
      return
    }
    const fresh = places.flatMap((i) => drafts[i] ?? []).map(draftApart)
    const number = ++this.#number
    const token = `${this.#parts.self}${number}`
    const { database } = this.#parts
    const batch = { token, seen: this.#parts.seen(), drafts: fresh }
    const request = { is: 'store', database, ticket: number, id: idFor(batch), batch } as const
    const bytes = sizeOfAll(fresh)
    const begun = { sinceMs: now.ms, flies: true, unsure: false, againMs: Number.POSITIVE_INFINITY, reason: '' }
    const ticket: Ticket = { publisher, number, request, bytes, ids, duplicates, places, ...begun }
    this.#tickets.set(number, ticket)
    this.#tokens.set(token, ticket)
    this.bytes += bytes
    this.#parts.ask(request)
  }

  #holder({ database, key }: Draft) {
    return key === undefined ? undefined : this.#parts.channels().keys.get(database, key)
  }

  /** A message of the stream has been taken. */
  took(seq: number, batch: Batch, taken: readonly Taken[]): void {
    const own = this.#tokens.get(batch.token)
    if (own) this.#settle(own, taken, false)
    for (const ticket of this.#repeats.get(seq) ?? []) this.#settle(ticket, taken, true)
    this.#repeats.delete(seq)
  }

  #settle(ticket: Ticket, taken: readonly Taken[], repeats: boolean): void {
    if (!this.#end(ticket)) return
    const { publisher, ids, duplicates, places, sinceMs } = ticket
    if (taken.some(({ entry, first }) => first && first.digest !== entry.digest)) {
      this.#refuse(publisher, 'key_conflict', 'the key was used before for another message', sinceMs)
      return
    }
    taken.forEach(({ entry, first }, i) => {
      const place = places[i] ?? 0
      ids[place] = idOf(first ?? entry)
      duplicates[place] = repeats || first !== undefined
    })
    this.#parts.settled(publisher, this.#done(ids, duplicates), sinceMs)
  }

  heard(event: DatabaseEvent, now: Now): void {
    if (event.is !== 'stored' && event.is !== 'unstored') return
    const ticket = this.#tickets.get(event.ticket)
    if (!ticket) return
    if (event.is === 'stored') this.#stored(ticket, event.seq, event.duplicate)
    else this.#unstored(ticket, event, now.ms)
  }

  #stored(ticket: Ticket, seq: number, isDuplicate: boolean): void {
    this.#again.delete(ticket)
    ticket.unsure = true
    if (seq > this.#parts.seen()) {
      if (isDuplicate) this.#repeats.set(seq, [...(this.#repeats.get(seq) ?? []), ticket])
    } else if (!isDuplicate || !this.#settleOld(ticket))
      // What is stored comes after all that was taken, or was taken: so this was stored in another stream.
      this.#parts.strange()
  }

  /** Its keys are known from what was stored before. False if they are not. */
  #settleOld(ticket: Ticket): boolean {
    const { publisher, request, ids, duplicates, places, sinceMs } = ticket
    const holders = request.batch.drafts.map((draft) => this.#holder(draft))
    if (holders.includes(undefined)) return false
    this.#end(ticket)
    holders.forEach((holder, i) => {
      const place = places[i] ?? 0
      if (holder) ids[place] = idOf(holder)
      duplicates[place] = true
    })
    this.#parts.settled(publisher, this.#done(ids, duplicates), sinceMs)
    return true
  }

  #unstored(ticket: Ticket, { reason, sure, code }: Extract<DatabaseEvent, { is: 'unstored' }>, nowMs: number): void {
    ticket.reason = reason
    ticket.flies = false
    ticket.unsure ||= !sure
    if (code !== undefined && !ticket.unsure) {
      if (this.#end(ticket)) this.#refuse(ticket.publisher, code, reason, ticket.sinceMs)
      return
    }
    ticket.againMs = nowMs + retryMs
    this.#again.add(ticket)
  }

  tick(nowMs: number): void {
    for (const ticket of this.#again) if (ticket.againMs <= nowMs) this.#sendAgain(ticket, nowMs)
    const { publishTimeoutMs } = this.#parts.options
    for (const ticket of this.#tickets.values()) {
      if (ticket.sinceMs + publishTimeoutMs > nowMs) break
      this.#giveUp(ticket)
    }
  }

  /** The log stores it once, however often it is sent, for as long as it remembers it. */
  #sendAgain(ticket: Ticket, nowMs: number): void {
    this.#again.delete(ticket)
    ticket.againMs = Number.POSITIVE_INFINITY
    if (ticket.unsure && nowMs - ticket.sinceMs > this.#parts.stream().duplicateMs / 2) return
    ticket.flies = true
    this.#parts.ask(ticket.request)
  }

  #giveUp(ticket: Ticket): void {
    if (!this.#end(ticket)) return
    const { publisher, flies, unsure, reason, sinceMs } = ticket
    const why = reason === '' ? '' : ` (${reason})`
    const outcome: Outcome =
      flies || unsure
        ? {
            ok: false,
            code: 'outcome_unknown',
            reason: `the log has not confirmed it in time${why}; it may yet be delivered: retry with the same key`,
            unknown: true,
          }
        : {
            ok: false,
            code: 'not_ready',
            reason: `the log does not take it${why}; nothing was published`,
            unknown: false,
          }
    this.#parts.settled(publisher, outcome, sinceMs)
  }

  /** The stream is another one now: of what was under way nothing more will come. */
  giveUpAll(): void {
    for (const ticket of this.#tickets.values()) {
      ticket.unsure = true
      this.#giveUp(ticket)
    }
  }

  #end(ticket: Ticket): boolean {
    if (!this.#tickets.delete(ticket.number)) return false
    this.#tokens.delete(ticket.request.batch.token)
    this.#again.delete(ticket)
    this.bytes -= ticket.bytes
    return true
  }

  #done(ids: readonly (string | undefined)[], duplicates: readonly boolean[]): Outcome {
    return { ok: true, ids: ids.map((id) => id ?? ''), copies: this.#parts.stream().copies, duplicates }
  }

  #refuse(publisher: Publisher, code: Code, reason: string, sinceMs: number): void {
    this.#parts.settled(publisher, { ok: false, code, reason, unknown: false }, sinceMs)
  }
}

/** The id of what has this place in the stream. */
export const idAt = (stream: NodeId, place: number): string =>
  formatPosition({ time: place, origins: [stream], seqs: [place] })

/**
 * What the log knows a publish by: its keys with what they stand for, if all of its drafts have one, so that whoever
 * publishes the same again is known as well; else the one publish that it is.
 */
const idFor = ({ token, drafts }: Batch): string => {
  if (drafts.some(({ key }) => key === undefined)) return token
  return JSON.stringify(drafts.map(({ key, digest }) => [key, digest]))
}

/** What is acknowledged is stored by the greater half of the servers that keep the stream. */
export const copiesOf = (replicas: number): number => Math.floor(replicas / 2) + 1
