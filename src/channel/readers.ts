import type { Answer, Effect, GapReason, Poll, Reader } from '../effect.js'
import type { CoreOptions } from '../limits.js'
import type { Entry } from '../log/entry.js'
import type { Ledger } from '../log/ledger.js'
import type { Position } from '../log/record.js'
import type { Rules } from '../log/rules.js'
import type { Channel } from './channel.js'
import type { Channels } from './channels.js'
import { type Cursor, parseCursor } from './cursor.js'
import { Deadlines } from './deadlines.js'
import { answer, gapOf, recent, unread } from './read.js'
import { Reading } from './reading.js'
import type { Strangers } from './strangers.js'
import { Waiter } from './waiter.js'

interface Parts {
  readonly ledger: Ledger
  readonly channels: Channels
  readonly options: CoreOptions
  readonly rules: Rules
  readonly emit: (effect: Effect) => void
  readonly strangers: Strangers
}

/**
 * Answers polls. Looking and starting to wait are one synchronous step, so no message can pass in between: whoever
 * is parked stands at the end of the order, and everything shown after that is offered to it.
 */
export class Readers {
  readonly #deadlines = new Deadlines()
  readonly #parts: Parts
  /** Many come back with the cursor that they were all just given. */
  #parsed: { readonly text: string; readonly cursor: Cursor } | undefined
  delivered = 0
  gaps = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get waiting(): number {
    return this.#deadlines.size
  }

  get nextMs(): number {
    return this.#deadlines.nextMs
  }

  poll(poll: Poll, nowMs: number): void {
    const { ledger, options, emit } = this.#parts
    const reading = this.#reading(poll)
    if (reading === 'bad') {
      emit({
        type: 'refuse',
        reader: poll.reader,
        code: 'bad_cursor',
        reason: 'the cursor is not one that this bus issues',
      })
      return
    }
    const channels = this.#open(poll)
    const found =
      reading.recentMs !== undefined
        ? recent(channels, nowMs - reading.recentMs, poll.limit)
        : unread(ledger, channels, reading.at, poll.limit)
    const gap = reading.fresh ? undefined : gapOf(ledger, channels, reading.at)
    const lenient = poll.lenientMs !== undefined
    if (found.length > 0 || (gap && !lenient) || poll.waitMs <= 0)
      this.#answer([poll.reader], this.#make(channels, reading.at, found, poll.limit, gap))
    else if (this.waiting >= options.waitersMax || this.#noRoom(poll))
      emit({ type: 'refuse', reader: poll.reader, code: 'overloaded', reason: 'too many are waiting here' })
    else this.#park(poll, channels, reading.fresh ? undefined : reading.at, gap, nowMs)
  }

  cancel(reader: Reader): void {
    if (reader.waiter instanceof Waiter) this.#unpark(reader.waiter)
  }

  /** Offers what was shown since `before` to those who wait for it. */
  wake(before: Position): void {
    for (const channel of this.#parts.channels.takeDirty()) this.#wakeChannel(channel, before)
  }

  /** Answers those whose time has come, empty but with a fresh cursor. */
  expire(nowMs: number): void {
    this.#end(this.#deadlines.due(nowMs))
  }

  endAll(): void {
    this.#end(this.#deadlines.all())
  }

  #end(waiters: readonly Waiter[]): void {
    const plain: Reader[] = []
    for (const waiter of waiters) {
      this.#unpark(waiter)
      if (!waiter.ahead && !waiter.gap) plain.push(waiter.reader)
      else this.#answer([waiter.reader], this.#make(waiter.channels, this.#at(waiter, undefined), [], 1, waiter.gap))
    }
    if (plain.length > 0) this.#answer(plain, this.#make([], this.#tip(), [], 1, undefined))
  }

  #wakeChannel(channel: Channel, before: Position): void {
    const shared = new Map<number, { answer: Answer | undefined; readers: Reader[] }>()
    for (const waiter of [...channel.waiters]) {
      if (waiter.ahead || waiter.gap || waiter.channels.length > 1) {
        this.#wakeAlone(waiter, before)
        continue
      }
      let group = shared.get(waiter.limit)
      if (group === undefined) {
        group = { answer: this.#offer(waiter, before), readers: [] }
        shared.set(waiter.limit, group)
      }
      if (group.answer === undefined) continue
      if (waiter.lenient && group.answer.messages.length === 0) {
        waiter.gap = group.answer.gap?.reason
        continue
      }
      this.#unpark(waiter)
      group.readers.push(waiter.reader)
    }
    for (const { answer, readers } of shared.values()) if (answer && readers.length > 0) this.#answer(readers, answer)
  }

  #wakeAlone(waiter: Waiter, before: Position): void {
    const answer = this.#offer(waiter, before)
    if (answer === undefined) return
    if (waiter.lenient && answer.messages.length === 0) waiter.gap = answer.gap?.reason
    else {
      this.#unpark(waiter)
      this.#answer([waiter.reader], answer)
    }
  }

  /** What this waiter gets now, if anything. */
  #offer(waiter: Waiter, before: Position): Answer | undefined {
    const { ledger } = this.#parts
    const reading = this.#at(waiter, before)
    const found = unread(ledger, waiter.channels, reading, waiter.limit)
    const gap = waiter.gap ?? gapOf(ledger, waiter.channels, reading)
    if (found.length === 0 && (gap === undefined || gap === waiter.gap)) return undefined
    return this.#make(waiter.channels, reading, found, waiter.limit, gap)
  }

  #make(
    channels: readonly Channel[],
    at: Reading,
    found: readonly Entry[],
    limit: number,
    gap: GapReason | undefined,
  ): Answer {
    const { ledger, options, rules } = this.#parts
    if (gap) this.gaps++
    const made = answer(ledger, channels, at, found, { bytes: options.answerBytes, limit, gap })
    if (!rules.keepUnknownOrigins) at.strange.length = 0
    return made
  }

  #answer(readers: readonly Reader[], made: Answer): void {
    this.delivered += made.messages.length * readers.length
    this.#parts.emit({ type: 'answer', readers, answer: made })
  }

  /** Where a waiter stood at `before`: there, and wherever it was ahead of that. */
  #at(waiter: Waiter, before: Position | undefined): Reading {
    const { ledger, strangers } = this.#parts
    const reading = before ? Reading.at(ledger, before, strangers) : this.#tip()
    if (waiter.ahead) {
      const ahead = Reading.at(ledger, waiter.ahead, strangers)
      ahead.seqs.forEach((seq, slot) => {
        reading.seqs[slot] = Math.max(reading.seqs[slot] ?? 0, seq)
      })
      reading.strange.push(...ahead.strange)
    }
    reading.time = Math.max(reading.time, waiter.time)
    return reading
  }

  #tip(): Reading {
    const { ledger } = this.#parts
    return new Reading(ledger, ledger.lastTime, ledger.shown.slice())
  }

  #park(
    poll: Poll,
    found: readonly Channel[],
    reading: Reading | undefined,
    gap: GapReason | undefined,
    nowMs: number,
  ): void {
    const { ledger, channels } = this.#parts
    const isComplete = found.length === poll.channels.length
    if (gap === 'unknown_origin') reading?.tellStrange()
    const ahead = reading && this.#isAhead(reading) ? reading.cursor() : undefined
    const waiter = new Waiter(
      poll.reader,
      isComplete ? found : poll.channels.map((name) => channels.open(poll.database, name)),
      poll.limit,
      nowMs + poll.waitMs,
      poll.lenientMs !== undefined,
      ahead,
      reading ? reading.time : ledger.lastTime,
    )
    waiter.gap = gap
    waiter.park()
    this.#deadlines.add(waiter)
  }

  #isAhead(reading: Reading): boolean {
    const { ledger } = this.#parts
    return (
      reading.strange.length > 0 ||
      reading.time > ledger.lastTime ||
      reading.seqs.some((seq, slot) => seq > (ledger.shown[slot] ?? 0))
    )
  }

  #unpark(waiter: Waiter): void {
    waiter.leave()
    this.#deadlines.remove(waiter)
  }

  /** Waiting on a channel makes it. */
  #noRoom({ database, channels: names }: Poll): boolean {
    const { channels } = this.#parts
    return channels.full && names.some((name) => !channels.find(database, name))
  }

  #open(poll: Poll): Channel[] {
    const { channels } = this.#parts
    const found: Channel[] = []
    for (const name of poll.channels) {
      const channel = channels.find(poll.database, name)
      if (channel) found.push(channel)
    }
    return found
  }

  /** `fresh`: it has no past, so nothing can be missing from it. */
  #reading(poll: Poll): { at: Reading; fresh: boolean; recentMs?: number } | 'bad' {
    const { ledger } = this.#parts
    const { from } = poll
    if (from === 'now') return { at: this.#tip(), fresh: true }
    if (from === 'earliest') return { at: new Reading(ledger), fresh: true }
    if ('recentMs' in from) return { at: new Reading(ledger), fresh: true, recentMs: from.recentMs }
    const cursor = this.#parse(from.cursor)
    if (cursor) return this.#resumed(cursor)
    return poll.lenientMs === undefined ? 'bad' : { at: new Reading(ledger), fresh: true, recentMs: poll.lenientMs }
  }

  #parse(text: string): Cursor | undefined {
    if (this.#parsed?.text === text) return this.#parsed.cursor
    const cursor = parseCursor(text, this.#parts.options.cursorOriginsMax)
    if (cursor) this.#parsed = { text, cursor }
    return cursor
  }

  #resumed(cursor: Cursor): { at: Reading; fresh: boolean } {
    const { ledger, rules, strangers } = this.#parts
    const at = Reading.at(ledger, cursor, strangers)
    if (!rules.keepUnknownOrigins) at.strange.length = 0
    if (!rules.vectorCursor) {
      ledger.origins.forEach((origin, slot) => {
        at.seqs[slot] = Math.min(origin.shown, origin.upTo(cursor.time))
      })
    }
    return { at, fresh: false }
  }
}
