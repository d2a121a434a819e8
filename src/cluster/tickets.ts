import { idOf } from '../channel/message-id.js'
import type { Outcome, Publisher } from '../effect.js'
import type { Entry } from '../log/entry.js'

/** One accepted publish on its way: which of its drafts have an id, and which repeat a key that was there before. */
export interface Ticket {
  readonly publisher: Publisher
  /** Sequence number of its last record; 0 if all its drafts repeat known keys. */
  readonly lastSeq: number
  readonly minCopies: number
  readonly untilMs: number
  /** By draft: its id, as far as known. */
  readonly ids: (string | undefined)[]
  readonly duplicates: boolean[]
  /** By draft: its sequence number, or 0 if it repeats a known key. */
  readonly seqs: readonly number[]
  /** The drafts before this one are behind us. */
  next: number
  conflict: boolean
  done: boolean
}

/** The accepted publishes of this node, in the order of their records, which is the order in which they are settled. */
export class Tickets {
  #queue: (Ticket | undefined)[] = []
  #head = 0
  #untimed = 0

  constructor(readonly settled: (ticket: Ticket, outcome: Outcome) => void) {}

  get waiting(): number {
    return this.#queue.length - this.#head
  }

  add(ticket: Ticket): void {
    this.#queue.push(ticket)
  }

  /** One of this node's own records is shown; `first` is the entry whose key it repeats. */
  shown(entry: Entry, first: Entry | undefined, copies: number): void {
    this.pass(entry.seq - 1)
    const ticket = this.#queue[this.#head]
    if (!ticket) return
    const draft = draftOf(ticket, entry.seq)
    if (draft === undefined) return
    if (!ticket.done) ticket.ids[draft] = idOf(first ?? entry)
    ticket.duplicates[draft] = first !== undefined
    if (first && first.digest !== entry.digest) ticket.conflict = true
    if (entry.seq < ticket.lastSeq) return
    this.#shift()
    if (!ticket.done) this.settled(ticket, outcomeOf(ticket, copies))
  }

  /** Own records up to `seq` are behind us; what was not shown here was shown, and has gone, elsewhere. */
  pass(seq: number): void {
    for (let ticket = this.#queue[this.#head]; ticket && ticket.lastSeq <= seq; ticket = this.#queue[this.#head]) {
      this.#shift()
      if (!ticket.done) this.settled(ticket, outcomeOf(ticket, 1))
    }
  }

  /** When the oldest of them runs out of time. */
  get nextMs(): number {
    return this.#queue[Math.max(this.#untimed, this.#head)]?.untilMs ?? Number.POSITIVE_INFINITY
  }

  expire(nowMs: number): void {
    this.#untimed = Math.max(this.#untimed, this.#head)
    for (
      let ticket = this.#queue[this.#untimed];
      ticket && ticket.untilMs <= nowMs;
      ticket = this.#queue[this.#untimed]
    ) {
      this.#untimed++
      if (ticket.done) continue
      ticket.done = true
      const reason = 'not confirmed by every member in time; it may yet be delivered: retry with the same key'
      this.settled(ticket, { ok: false, code: 'outcome_unknown', reason, unknown: true })
    }
  }

  #shift(): void {
    if (this.#head === this.#queue.length - 1) {
      // The only one, as nearly always.
      if (this.#head === 0) this.#queue.pop()
      else this.#queue = []
      this.#untimed = 0
      this.#head = 0
      return
    }
    // Not kept until the queue is cut: by then the collector would have carried it along.
    this.#queue[this.#head++] = undefined
    if (this.#head < 1024 || this.#head * 2 < this.#queue.length) return
    this.#queue = this.#queue.slice(this.#head)
    this.#untimed = Math.max(0, this.#untimed - this.#head)
    this.#head = 0
  }
}

/** Records are shown in their order, so the drafts are only ever looked through forwards. */
const draftOf = (ticket: Ticket, seq: number): number | undefined => {
  const { seqs } = ticket
  while (ticket.next < seqs.length && (seqs[ticket.next] ?? 0) < seq) ticket.next++
  return seqs[ticket.next] === seq ? ticket.next : undefined
}

const isComplete = (ids: readonly (string | undefined)[]): ids is readonly string[] => !ids.includes(undefined)

export const outcomeOf = (ticket: Ticket, copies: number): Outcome => {
  if (ticket.conflict)
    return { ok: false, code: 'key_conflict', reason: 'the key was used before for another message', unknown: false }
  if (copies < ticket.minCopies) {
    const reason = `held by ${copies} node${copies === 1 ? '' : 's'}, not ${ticket.minCopies}: the view has shrunk meanwhile`
    return { ok: false, code: 'too_few_copies', reason, unknown: true }
  }
  if (!isComplete(ticket.ids)) {
    const reason = 'other nodes went on with it while this one was away, and keep it no longer'
    return { ok: false, code: 'outcome_unknown', reason, unknown: true }
  }
  return { ok: true, ids: ticket.ids, copies, duplicates: ticket.duplicates }
}
