import type { Now } from '../effect.js'
import type { CoreOptions } from '../limits.js'
import { type Entry, entryOf, before as sooner } from '../log/entry.js'
import type { Lamport } from '../log/lamport.js'
import type { Ledger } from '../log/ledger.js'
import type { Audience } from '../log/log.js'
import type { NodeId } from '../log/node-id.js'
import type { Origin } from '../log/origin.js'
import type { Rules } from '../log/rules.js'
import type { Accept } from './accept.js'
import type { Batch, Direct, Reach } from './message.js'
import { Outbox } from './outbox.js'
import { Rows } from './rows.js'
import type { View } from './view-change.js'

interface Parts {
  readonly origin: Origin
  readonly ledger: Ledger
  readonly lamport: Lamport
  readonly audience: Audience
  readonly accept: Accept
  readonly options: CoreOptions
  readonly rules: Rules
  /** Whom this node can't reach now; it matters only when views are not agreed (a mutant). */
  readonly unreachable: (id: NodeId) => boolean
  send(to: readonly NodeId[], message: Direct): void
  hangup(peer: NodeId, reason: string): void
  broken(invariant: string): void
}

/**
 * What the members of one view do all day: tell each other their new records and what they hold, and show the least
 * record that all of them hold (R3, R5).
 */
export class Replication {
  readonly #parts: Parts
  #view: View
  #rows: Rows
  #outbox: Outbox
  /** The members' logs; no others have anything to show. */
  #origins: readonly Origin[] = []
  shown = 0

  constructor(parts: Parts, view: View, nowMs: number) {
    this.#parts = parts
    this.#view = view
    this.#outbox = this.#makeOutbox(0, nowMs)
    this.#rows = this.begin(view, [], nowMs)
  }

  /** A view begins: all members hold exactly `target`. */
  begin(view: View, target: readonly Reach[], nowMs: number): Rows {
    const { ledger, origin, rules } = this.#parts
    const reach = new Map(target)
    const start = view.members.map((id) => reach.get(id) ?? 0)
    this.#view = view
    this.#origins = view.members.map((id) => ledger.add(id))
    this.#rows = new Rows(view.members, origin.id, start, rules.rowsNeedLog)
    this.#outbox = this.#makeOutbox(reach.get(origin.id) ?? 0, nowMs)
    return this.#rows
  }

  #makeOutbox(held: number, nowMs: number): Outbox {
    const { origin, options } = this.#parts
    return new Outbox(this.#view, origin, held, options, nowMs)
  }

  get nextMs(): number {
    return this.#outbox.nextMs
  }

  /** This node has stamped records of its own. */
  grown(nowMs: number): void {
    this.#outbox.touch()
    this.show()
    this.flush(nowMs)
  }

  /** A whole frame is taken or, if anything in it breaks the rules, none of it. */
  receive(from: NodeId, batch: Batch, now: Now): void {
    const { ledger, lamport, accept, audience, hangup } = this.#parts
    const origin = ledger.get(from)
    if (!origin || !this.#rows.has(from)) return
    const fault = this.#fault(origin, batch, now.wall)
    if (fault) {
      hangup(from, fault)
      return
    }
    for (const record of batch.records) {
      if (record.seq !== origin.have + 1) continue
      const entry = entryOf(origin, record.seq, record.time, record, now.ms, audience.homeOf(record))
      origin.append(entry)
      accept.unstableBytes += entry.size
      lamport.witness(record.time)
    }
    // Also for records that were here before: they were sent again because our row was lost.
    if (batch.records.length > 0) this.#outbox.touch()
    this.#count(from, batch.row, now.ms)
    this.show()
  }

  #count(from: NodeId, row: readonly number[], nowMs: number): void {
    const { ledger, origin } = this.#parts
    this.#rows.note(from, row)
    if (!this.#rows.settle((id) => ledger.have(id))) return
    this.#outbox.confirm(from, this.#rows.of(from, origin.id), nowMs)
  }

  #fault(origin: Origin, { first, row, records }: Batch, wall: number): string | undefined {
    const own = this.#parts.origin
    if (row.length !== this.#view.members.length) return 'a row of another length than the view'
    if ((row[this.#rows.indexOf(own.id)] ?? 0) > own.have) return 'a row that holds more than was ever sent'
    let time = 0
    for (const [i, record] of records.entries()) {
      if (record.seq !== first + i) return 'records with a hole'
      if (record.time <= Math.max(time, record.seq > origin.have ? origin.time : 0)) return 'records out of order'
      time = record.time
    }
    return this.#parts.lamport.admits(time, wall) ? undefined : 'a clock that is hours ahead'
  }

  /** R5: shows as many records as all members are known to hold, the least first. */
  show(): void {
    const { ledger, audience } = this.#parts
    let next = this.#next()
    if (!next) return
    // Nearly all publishes have nobody waiting: where the order stood is for those only.
    const before = audience.isAwaited ? ledger.position() : undefined
    for (; next; next = this.#next()) this.#showOne(next)
    if (before) audience.shown(before)
  }

  #next(): Entry | undefined {
    let least: Entry | undefined
    for (const origin of this.#origins) {
      if (origin.shown >= origin.have) continue
      const entry = origin.at(origin.shown + 1)
      if (entry && (least === undefined || sooner(entry, least))) least = entry
    }
    return least && this.#mayShow(least) ? least : undefined
  }

  #mayShow({ origin, seq }: Entry): boolean {
    const { rules, unreachable } = this.#parts
    if (!rules.possession) return true
    return this.#rows.allHold(origin.id, seq, rules.agreedViews ? undefined : unreachable)
  }

  #showOne(entry: Entry): void {
    const { ledger, audience, accept, origin, broken } = this.#parts
    if (!ledger.inOrder(entry)) broken(`I4: ${entry.origin.id} ${entry.seq} comes after a later one was shown`)
    accept.unstableBytes -= entry.size
    ledger.advance(entry)
    entry.place = ledger.placeOf(entry)
    this.shown++
    const first = audience.show(entry)
    if (entry.origin === origin) accept.tickets.shown(entry, first, this.#view.members.length)
  }

  /** Sends what is new, if it is time. */
  flush(nowMs: number): void {
    if (this.#outbox.nextMs <= nowMs) this.#outbox.flush(this.#row(), nowMs, this.#parts.send)
  }

  /** Sends again what may have been lost, and says once more what this node holds. */
  remind(nowMs: number): void {
    this.#outbox.retransmit(this.#row(), nowMs, this.#parts.send)
  }

  #row(): number[] {
    return this.#origins.map((origin) => origin.have)
  }

  /** The row may be lost like any message: it goes out again with each heartbeat. */
  repeat(): void {
    this.#outbox.touch()
  }

  relinked(peer: NodeId): void {
    this.#outbox.relinked(peer)
  }

  /** Time has been lost: nobody is late by the silence of it. */
  forgive(nowMs: number): void {
    this.#outbox.forgive(nowMs)
  }

  stalled(nowMs: number): NodeId[] {
    return this.#outbox.stalled(nowMs, this.#parts.options.suspectMs)
  }

  lag(peer: NodeId): number {
    return this.#outbox.lag(peer)
  }
}
