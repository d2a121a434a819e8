import type { CoreOptions } from '../limits.js'
import type { NodeId } from '../log/node-id.js'
import type { Origin } from '../log/origin.js'
import type { Record } from '../log/record.js'
import type { Batch } from './message.js'
import type { View } from './view-change.js'

interface Line {
  readonly peer: NodeId
  /** The last of our records that was put on its way. */
  sent: number
  /** The last that it has confirmed, and since when it has not moved. */
  confirmed: number
  stillMs: number
  retryMs: number
  resentMs: number
}

const retryMostMs = 1000
/** Records in one frame. */
const recordsMax = 2000

/**
 * Brings this node's own records and its row to the members of one view: together, at most once in `coalesceMs` (a row
 * alone twice), at once if the line was quiet. What is not confirmed is sent again, a frame at a time.
 */
export class Outbox {
  readonly #lines: Line[]
  #dirty = true
  #flushedMs = Number.NEGATIVE_INFINITY

  constructor(
    readonly view: View,
    readonly origin: Origin,
    /** Up to which of our records all members hold them. */
    held: number,
    readonly options: CoreOptions,
    nowMs: number,
  ) {
    const start = { sent: held, confirmed: held, stillMs: nowMs, retryMs: options.retransmitMs, resentMs: nowMs }
    this.#lines = view.members.filter((id) => id !== origin.id).map((peer) => ({ peer, ...start }))
  }

  get alone(): boolean {
    return this.#lines.length === 0
  }

  touch(): void {
    this.#dirty = true
  }

  /** When `flush` has something to do. */
  get nextMs(): number {
    if (!this.#dirty || this.alone) return Number.POSITIVE_INFINITY
    return this.#flushedMs + this.#pauseMs
  }

  /**
   * A row without records says what was got of others, and these wait for it. Their frames come no faster than ours go;
   * but if a row had to keep the same pause, each that comes a little early would wait for a timer, and be late for good.
   */
  get #pauseMs(): number {
    const { coalesceMs } = this.options
    const owes = this.#lines.some(({ sent }) => sent < this.origin.have)
    return owes ? coalesceMs : coalesceMs / 2
  }

  /** What is new since the last time, as frames with their addressees. */
  flush(row: readonly number[], nowMs: number, send: (to: readonly NodeId[], batch: Batch) => void): void {
    if (!this.#dirty || nowMs < this.#flushedMs + this.#pauseMs) return
    this.#dirty = false
    this.#flushedMs = nowMs
    for (const [sent, lines] of this.#groups()) {
      let from = sent
      const to = lines.map(({ peer }) => peer)
      do {
        const records = this.#records(from + 1)
        send(to, { type: 'batch', view: this.view.id, row, first: from + 1, records })
        from += records.length
        if (records.length === 0) break
      } while (from < this.origin.have)
      for (const line of lines) line.sent = from
    }
  }

  #groups(): Map<number, Line[]> {
    const groups = new Map<number, Line[]>()
    for (const line of this.#lines) {
      const group = groups.get(line.sent)
      if (group) group.push(line)
      else groups.set(line.sent, [line])
    }
    return groups
  }

  #records(first: number): Record[] {
    const records: Record[] = []
    let bytes = 0
    for (let seq = first; seq <= this.origin.have && records.length < recordsMax; seq++) {
      const entry = this.origin.at(seq)
      if (entry === undefined) break
      bytes += entry.size
      if (records.length > 0 && bytes > this.options.frameBytes) break
      records.push(entry.record())
    }
    return records
  }

  confirm(peer: NodeId, seq: number, nowMs: number): void {
    const line = this.#line(peer)
    if (!line || seq <= line.confirmed) return
    line.confirmed = seq
    line.sent = Math.max(line.sent, seq)
    line.stillMs = nowMs
    line.retryMs = this.options.retransmitMs
    line.resentMs = nowMs
  }

  /** A new link: whatever was under way on the old one is gone. */
  relinked(peer: NodeId): void {
    const line = this.#line(peer)
    if (!line) return
    line.sent = line.confirmed
    this.#dirty = true
  }

  /** Sends again what has not been confirmed for a while. */
  retransmit(row: readonly number[], nowMs: number, send: (to: readonly NodeId[], batch: Batch) => void): void {
    for (const line of this.#lines) {
      if (line.confirmed >= line.sent) {
        line.stillMs = nowMs
        line.resentMs = nowMs
      } else if (nowMs - line.resentMs >= line.retryMs) {
        line.resentMs = nowMs
        line.retryMs = Math.min(retryMostMs, line.retryMs * 2)
        const records = this.#records(line.confirmed + 1)
        send([line.peer], { type: 'batch', view: this.view.id, row, first: line.confirmed + 1, records })
      }
    }
  }

  /** Members that have confirmed nothing for this long although there is something to confirm. */
  stalled(nowMs: number, longMs: number): NodeId[] {
    return this.#lines
      .filter(({ confirmed, sent, stillMs }) => confirmed < sent && nowMs - stillMs >= longMs)
      .map(({ peer }) => peer)
  }

  /** Time has been lost: nobody is late by the silence of it. */
  forgive(nowMs: number): void {
    for (const line of this.#lines) line.stillMs = nowMs
  }

  lag(peer: NodeId): number {
    const line = this.#line(peer)
    return line ? this.origin.have - line.confirmed : 0
  }

  #line(peer: NodeId): Line | undefined {
    return this.#lines.find((line) => line.peer === peer)
  }
}
