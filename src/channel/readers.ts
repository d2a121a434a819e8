import type { Answer, Effect, GapReason, Poll, Reader } from '../effect.js'
import type { CoreOptions } from '../limits.js'
import type { Entry } from '../log/entry.js'
import type { Ledger } from '../log/ledger.js'
import type { Position } from '../log/record.js'
import type { Rules } from '../log/rules.js'
import type { Channel } from './channel.js'
import type { Channels } from './channels.js'
import type { Cursor } from './cursor.js'
import { Deadlines } from './deadlines.js'
import { answer, gapOf, recent, unread } from './read.js'
import { Reading } from './reading.js'
import { Starts } from './starts.js'
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

/** Those who are told the same. */
interface Group {
  readonly limit: number
  readonly answer: Answer | undefined
  readonly readers: Reader[]
}

/** Asked in the very same words, but for who asks: texts that were read once and are asked again. */
const isSame = (a: Poll, b: Poll): boolean =>
  a.channels === b.channels &&
  a.from === b.from &&
  a.database === b.database &&
  a.limit === b.limit &&
  a.lenientMs === b.lenientMs &&
  b.waitMs > 0

/**
 * Answers polls. Looking and starting to wait are one synchronous step, so no message can pass in between: whoever
 * is parked stands at the end of the order, and everything shown after that is offered to it.
 */
export class Readers {
  readonly #deadlines = new Deadlines()
  readonly #starts: Starts
  readonly #parts: Parts
  /** The last who waits, and at the end of the order: whoever asks in the same words joins him, until something changes. */
  #like: { readonly poll: Poll; readonly channels: readonly Channel[] } | undefined
  delivered = 0
  gaps = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#starts = new Starts(parts)
  }

  get waiting(): number {
    return this.#deadlines.size
  }

  get nextMs(): number {
    return this.#deadlines.nextMs
  }

  poll(poll: Poll, nowMs: number): void {
    const { ledger, options, emit } = this.#parts
    const like = this.#like
    if (like && isSame(like.poll, poll) && this.waiting < options.waitersMax) {
      this.#join(poll, like.channels, undefined, undefined, nowMs)
      return
    }
    const reading = this.#starts.of(poll)
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

  /** Something has happened that may make a difference to who asks next. */
  changed(): void {
    this.#like = undefined
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
    if (plain.length > 0) this.#answer(plain, this.#make([], Reading.tip(this.#parts.ledger), [], 1, undefined))
  }

  #wakeChannel(channel: Channel, before: Position): void {
    const shared: Group[] = []
    for (const waiter of channel.waiters.slice()) {
      if (waiter.ahead || waiter.gap || waiter.channels.length > 1) {
        this.#wakeAlone(waiter, before)
        continue
      }
      let group = shared.find(({ limit }) => limit === waiter.limit)
      if (group === undefined) {
        group = { limit: waiter.limit, answer: this.#offer(waiter, before), readers: [] }
        shared.push(group)
      }
      if (group.answer === undefined) continue
      if (waiter.lenient && group.answer.messages.length === 0) {
        waiter.gap = group.answer.gap?.reason
        continue
      }
      this.#unpark(waiter)
      group.readers.push(waiter.reader)
    }
    for (const { answer, readers } of shared) if (answer && readers.length > 0) this.#answer(readers, answer)
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
    const reading = before ? Reading.at(ledger, before, strangers) : Reading.tip(ledger)
    if (waiter.ahead) {
      const ahead = Reading.at(ledger, waiter.ahead, strangers)
      ahead.seqs.forEach((seq, slot) => {
        reading.seqs[slot] = Math.max(reading.seqs[slot] ?? 0, seq)
      })
      reading.strange.push(...ahead.strange)
      reading.time = Math.max(reading.time, ahead.time)
    }
    return reading
  }

  #park(
    poll: Poll,
    found: readonly Channel[],
    reading: Reading | undefined,
    gap: GapReason | undefined,
    nowMs: number,
  ): void {
    const { channels } = this.#parts
    const isComplete = found.length === poll.channels.length
    if (gap === 'unknown_origin') reading?.tellStrange()
    const ahead = reading && this.#isAhead(reading) ? reading.cursor() : undefined
    const all = isComplete ? found : poll.channels.map((name) => channels.open(poll.database, name))
    this.#join(poll, all, ahead, gap, nowMs)
    if (!ahead && !gap) this.#like = { poll, channels: all }
  }

  #join(
    poll: Poll,
    channels: readonly Channel[],
    ahead: Cursor | undefined,
    gap: GapReason | undefined,
    nowMs: number,
  ): void {
    const { reader, limit, waitMs, lenientMs } = poll
    // A whole number takes no memory of its own.
    const waiter = new Waiter(reader, channels, limit, Math.ceil(nowMs + waitMs), lenientMs !== undefined, ahead)
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
}
