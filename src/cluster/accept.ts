import { formatPosition, idOf } from '../channel/message-id.js'
import type { Now, Outcome, Publish } from '../effect.js'
import type { Limit } from '../errors.js'
import type { CoreOptions } from '../limits.js'
import { draftApart } from '../log/apart.js'
import { entryOf, sizeOfAll } from '../log/entry.js'
import type { Lamport } from '../log/lamport.js'
import type { Ledger } from '../log/ledger.js'
import type { Audience } from '../log/log.js'
import type { Origin } from '../log/origin.js'
import type { Rules } from '../log/rules.js'
import { outcomeOf, type Ticket, Tickets } from './tickets.js'

interface Waiting {
  readonly publish: Publish
  readonly untilMs: number
  readonly bytes: number
}

interface Parts {
  readonly origin: Origin
  readonly ledger: Ledger
  readonly lamport: Lamport
  readonly audience: Audience
  readonly options: CoreOptions
  readonly rules: Rules
  /** Members of the view; none while this node takes no publishes (`refusal` says why). */
  copies(): number
  refusal(): 'not_ready' | 'draining' | undefined
  frozen(): boolean
}

/**
 * Takes publishes: refuses, lets them wait for a view, or stamps them. A stamped one is settled when it is shown,
 * which is when every member holds it (R2).
 */
export class Accept {
  readonly tickets: Tickets
  readonly #parts: Parts
  #queue: Waiting[] = []
  #queuedBytes = 0
  /** Bytes held and not yet shown, of all origins. */
  unstableBytes = 0
  accepted = 0

  constructor(parts: Parts) {
    this.#parts = parts
    const { audience, options } = parts
    this.tickets = new Tickets(({ publisher, untilMs }, outcome) =>
      audience.settled(publisher, outcome, untilMs - options.publishTimeoutMs),
    )
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  get waiting(): number {
    return this.#queue.length + this.tickets.waiting
  }

  get nextMs(): number {
    return Math.min(this.tickets.nextMs, this.#queue[0]?.untilMs ?? Number.POSITIVE_INFINITY)
  }

  append(publish: Publish, now: Now): void {
    const bytes = sizeOfAll(publish.drafts)
    const refused = this.#refuse(publish, bytes)
    if (refused) this.#parts.audience.settled(publish.publisher, refused)
    else if (this.#parts.frozen() && this.#parts.rules.queueWhileFrozen) this.#wait(publish, bytes, now.ms)
    else this.#stamp(publish, now, now.ms + this.#parts.options.publishTimeoutMs)
  }

  #refuse(publish: Publish, bytes: number): Outcome | undefined {
    const { audience, options, copies, refusal } = this.#parts
    const no = refusal()
    if (no) return refuse(no, no === 'draining' ? 'this node is stopping' : 'this node is joining its cluster')
    if (copies() < publish.minCopies)
      return refuse('too_few_copies', `the view has ${copies()} of ${publish.minCopies} nodes`)
    if (this.unstableBytes + this.#queuedBytes + bytes > options.unstableBytes)
      return full('unstable_bytes', 'too much waits for confirmation by the other nodes')
    if (this.#tooManyOrigins())
      return full('origins', 'cursors are full of nodes that are gone: publish to a node that is older')
    for (const draft of publish.drafts)
      if (!audience.admits(draft)) return full('channels', 'there are too many channels')
    return this.#clash(publish)
  }

  /**
   * A cursor names each origin that ever said something, until it is forgotten. A node that starts over and over would
   * make cursors grow beyond what nodes take; so one that has said nothing yet has to wait, and others go on.
   */
  #tooManyOrigins(): boolean {
    const { origin, ledger, options, copies } = this.#parts
    if (origin.have > 0 || ledger.origins.length + copies() <= options.cursorOriginsMax) return false
    return ledger.origins.filter(({ have }) => have > 0).length + copies() > options.cursorOriginsMax
  }

  #clash({ drafts }: Publish): Outcome | undefined {
    for (const { database, key, digest } of drafts) {
      const first = key === undefined ? undefined : this.#parts.audience.keyed(database, key)
      if (first && first.digest !== digest) return refuse('key_conflict', 'the key was used before for another message')
    }
    return undefined
  }

  #wait(publish: Publish, bytes: number, nowMs: number): void {
    const { audience, options } = this.#parts
    if (this.#queue.length >= options.queueMax) {
      audience.settled(publish.publisher, full('publish_queue', 'too many publishes wait for a view to form'))
      return
    }
    const kept = { ...publish, drafts: publish.drafts.map(draftApart) }
    this.#queue.push({ publish: kept, untilMs: nowMs + options.publishTimeoutMs, bytes })
    this.#queuedBytes += bytes
  }

  /** A view has begun: what waited is stamped now, above everything shown. */
  release(now: Now): void {
    const queue = this.#queue
    this.#queue = []
    this.#queuedBytes = 0
    for (const { publish, untilMs, bytes } of queue) {
      const refused = this.#refuse(publish, bytes)
      if (refused) this.#parts.audience.settled(publish.publisher, refused)
      else this.#stamp(publish, now, untilMs)
    }
  }

  #stamp(publish: Publish, now: Now, untilMs: number): void {
    const { origin, audience, lamport, rules } = this.#parts
    // As long as they will be: an empty one that is pushed to has room for seventeen.
    const { length } = publish.drafts
    const ids = new Array<string | undefined>(length)
    const duplicates = new Array<boolean>(length)
    const seqs = new Array<number>(length)
    const before = origin.have
    let i = 0
    for (const draft of publish.drafts) {
      const first = draft.key === undefined ? undefined : audience.keyed(draft.database, draft.key)
      ids[i] = first && idOf(first)
      duplicates[i] = first !== undefined
      seqs[i] = first ? 0 : origin.have + 1
      i++
      if (first) continue
      const entry = entryOf(origin, origin.have + 1, lamport.stamp(now.wall), draft, now.ms, audience.homeOf(draft))
      origin.append(entry)
      this.unstableBytes += entry.size
      this.accepted++
    }
    const { publisher, minCopies } = publish
    const ticket = {
      publisher,
      lastSeq: origin.have > before ? origin.have : 0,
      minCopies,
      untilMs,
      ids,
      duplicates,
      seqs,
      next: 0,
      conflict: false,
      done: false,
    }
    if (origin.have === before) audience.settled(publisher, outcomeOf(ticket, this.#parts.copies()))
    else this.#track(ticket, publish.ack === 'local' || !rules.ackAll)
  }

  #track(ticket: Ticket, local: boolean): void {
    this.tickets.add(ticket)
    if (!local) return
    ticket.done = true
    const { publisher, duplicates } = ticket
    this.#parts.audience.settled(publisher, { ok: true, ids: this.#provisional(ticket), copies: 1, duplicates })
  }

  /** Answered before its place in the order is known: names the message, but other nodes' messages may yet precede it. */
  #provisional(ticket: Ticket): string[] {
    const { ledger, origin } = this.#parts
    const { origins, seqs, time } = ledger.position()
    const id = (seq: number) =>
      formatPosition({ time, origins, seqs: seqs.map((own, slot) => (slot === origin.slot ? seq : own)) })
    return ticket.ids.map((known, i) => known ?? id(ticket.seqs[i] ?? 0))
  }

  expire(nowMs: number): void {
    this.tickets.expire(nowMs)
    for (let first = this.#queue[0]; first && first.untilMs <= nowMs; first = this.#queue[0]) {
      this.#queue.shift()
      this.#queuedBytes -= first.bytes
      this.#parts.audience.settled(
        first.publish.publisher,
        refuse('overloaded', 'no view formed in time; nothing was published'),
      )
    }
  }
}

const refuse = (
  code: 'not_ready' | 'draining' | 'overloaded' | 'too_few_copies' | 'key_conflict',
  reason: string,
): Outcome => ({
  ok: false,
  code,
  reason,
  unknown: false,
})

const full = (limit: Limit, reason: string): Outcome => ({
  ok: false,
  code: 'overloaded',
  reason,
  unknown: false,
  limit,
})
