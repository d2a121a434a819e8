import type { Answer, Effect, GapReason, Poll, Reader } from '../effect.js'
import type { Entry } from '../log/entry.js'
import type { Position } from '../log/record.js'
import { Alike } from './alike.js'
import type { Channel } from './channel.js'
import type { Channels } from './channels.js'
import { type Circle, Circles } from './circles.js'
import type { Cursor } from './cursor.js'
import { Deadlines } from './deadlines.js'
import { Places, type PlacesParts } from './places.js'
import { answer, type Extent, gapOf, recent, unread } from './read.js'
import type { Reading } from './reading.js'
import { Waiter } from './waiter.js'

interface Parts extends PlacesParts {
  readonly channels: Channels
  readonly emit: (effect: Effect) => void
}

/** For an answer without messages. */
const one: Extent = { limit: 1, bytes: 0 }

/** Those who are told the same. */
interface Group {
  readonly limit: number
  readonly answer: Answer | undefined
  readonly readers: Reader[]
}

/**
 * Answers polls. Looking and starting to wait are one synchronous step, so no message can pass in between: whoever
 * is parked stands at the end of the order, and everything shown after that is offered to it.
 */
export class Readers {
  readonly #deadlines = new Deadlines()
  readonly #parts: Parts
  readonly #places: Places
  readonly #circles: Circles
  readonly #alike = new Alike()
  delivered = 0
  gaps = 0
  /** Of the gaps, those of cursors from nodes that nobody here knows. */
  strangeGaps = 0
  /** And those of cursors of another log. */
  foreignGaps = 0
  /** Of what was delivered, that to readers who stay. */
  told = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#places = new Places(parts)
    this.#circles = new Circles(parts.channels)
  }

  /** Those who stay are among them. */
  get waiting(): number {
    return this.#deadlines.size + this.#circles.size
  }

  get staying(): number {
    return this.#circles.size
  }

  get nextMs(): number {
    return this.#deadlines.nextMs
  }

  poll(poll: Poll, nowMs: number): void {
    const like = this.waiting < this.#parts.options.waitersMax ? this.#alike.channelsOf(poll) : undefined
    if (like) {
      this.#join(poll, like, undefined, undefined, nowMs)
      return
    }
    const told = this.#alike.answerTo(poll)
    if (told) this.#answer([poll.reader], told)
    else this.#look(poll, nowMs)
  }

  #look(poll: Poll, nowMs: number): void {
    const { ledger, options, emit } = this.#parts
    this.cancel(poll.reader)
    const reading = this.#places.of(poll)
    if (reading === 'bad') {
      const reason = 'the cursor is not one that this bus issues'
      emit({ type: 'refuse', reader: poll.reader, code: 'bad_cursor', reason })
      return
    }
    const channels = this.#parts.channels.those(poll)
    const extent = { limit: poll.limit, bytes: poll.bytes ?? options.answerBytes }
    const found =
      reading.recentMs !== undefined
        ? recent(channels, nowMs - reading.recentMs, poll.limit)
        : unread(ledger, channels, reading.at, extent)
    const gap = reading.fresh ? undefined : gapOf(ledger, channels, reading.at)
    const lenient = poll.lenientMs !== undefined
    if (found.length > 0 || (gap && !lenient) || poll.waitMs <= 0) {
      const made = this.#make(channels, reading.at, found, extent, gap)
      // A gap is counted each time, and what is recent depends on the time.
      if (found.length > 0 && !gap && !poll.stays && reading.recentMs === undefined) this.#alike.told(poll, made)
      this.#answerNow(poll, made)
    } else if (this.waiting >= options.waitersMax) this.#refuse(poll, 'waiters')
    else if (this.#parts.channels.noRoom(poll)) this.#refuse(poll, 'channels')
    else this.#park(poll, channels, reading.fresh ? undefined : reading.at, gap, nowMs)
  }

  #refuse({ reader }: Poll, limit: 'waiters' | 'channels'): void {
    this.#parts.emit({ type: 'refuse', reader, code: 'overloaded', reason: 'too many are waiting here', limit })
  }

  /** Something has happened that may make a difference to who asks next. */
  changed(): void {
    this.#alike.forget()
  }

  cancel(reader: Reader): void {
    if (reader.waiter instanceof Waiter) this.#unpark(reader.waiter)
    else this.#circles.leave(reader)
  }

  /** Offers what was shown since `before` to those who wait for it. */
  wake(before: Position): void {
    const channels = this.#parts.channels.takeDirty()
    for (const channel of channels) this.#wakeChannel(channel, before)
    for (const circle of this.#circles.on(channels)) this.#wakeCircle(circle, before)
  }

  /** Tells those of the readers who stay where they are by now, though nothing came for them. */
  beat(readers: readonly Reader[]): void {
    const staying = readers.filter((reader) => this.#circles.has(reader))
    if (staying.length > 0) this.#tell(staying, this.#make([], this.#places.tip, [], one, undefined))
  }

  /** Answers those whose time has come, empty but with a fresh cursor. */
  expire(nowMs: number): void {
    this.#end(this.#deadlines.due(nowMs))
  }

  endAll(): void {
    this.#end(this.#deadlines.all())
    const staying = this.#circles.takeAll()
    if (staying.length > 0) this.#answer(staying, this.#make([], this.#places.tip, [], one, undefined))
  }

  #end(waiters: readonly Waiter[]): void {
    const plain: Reader[] = []
    for (const waiter of waiters) {
      this.#unpark(waiter)
      if (!waiter.ahead && !waiter.gap) plain.push(waiter.reader)
      else
        this.#answer([waiter.reader], this.#make(waiter.channels, this.#places.ofWaiter(waiter), [], one, waiter.gap))
    }
    if (plain.length > 0) this.#answer(plain, this.#make([], this.#places.tip, [], one, undefined))
  }

  #wakeChannel({ waiters }: Channel, before: Position): void {
    const [first] = waiters
    if (first && waiters.length === 1) this.#wakeAlone(first, before)
    else this.#wakeAll(waiters.slice(), before)
  }

  #wakeAll(waiters: readonly Waiter[], before: Position): void {
    const shared: Group[] = []
    for (const waiter of waiters) {
      if (waiter.ahead || waiter.gap || waiter.channels.length > 1) {
        this.#wakeAlone(waiter, before)
        continue
      }
      let group = shared.find(({ limit }) => limit === waiter.limit)
      if (group === undefined) {
        group = { limit: waiter.limit, answer: this.#offer(waiter, before), readers: [] }
        shared.push(group)
      }
      if (group.answer && this.#takes(waiter, group.answer)) group.readers.push(waiter.reader)
    }
    for (const { answer, readers } of shared) if (answer && readers.length > 0) this.#answer(readers, answer)
  }

  #wakeAlone(waiter: Waiter, before: Position): void {
    const answer = this.#offer(waiter, before)
    if (answer && this.#takes(waiter, answer)) this.#answer([waiter.reader], answer)
  }

  /** Whether it is answered now: who is lenient waits on, and is told of a gap with the next message. */
  #takes(waiter: Waiter, { messages, gap }: Answer): boolean {
    if (waiter.lenient && messages.length === 0) {
      waiter.gap = gap?.reason
      return false
    }
    this.#unpark(waiter)
    return true
  }

  /** What this waiter gets now, if anything. */
  #offer(waiter: Waiter, before: Position): Answer | undefined {
    const { ledger, options } = this.#parts
    const reading = this.#places.ofWaiter(waiter, before)
    const extent = { limit: waiter.limit, bytes: options.answerBytes }
    const found = unread(ledger, waiter.channels, reading, extent)
    const gap = waiter.gap ?? gapOf(ledger, waiter.channels, reading)
    if (found.length === 0 && (gap === undefined || gap === waiter.gap)) return undefined
    return this.#make(waiter.channels, reading, found, extent, gap)
  }

  /** They stay, so what is too much for one answer comes in several. */
  #wakeCircle({ channels, readers }: Circle, before: Position): void {
    const { ledger, options } = this.#parts
    const at = this.#places.at(before)
    const extent = { limit: options.stayLimit, bytes: options.answerBytes }
    for (let isFirst = true; ; isFirst = false) {
      const found = unread(ledger, channels, at, extent)
      const gap = gapOf(ledger, channels, at)
      if (found.length === 0 && !(isFirst && gap)) return
      this.#tell(readers.slice(), this.#make(channels, at, found, extent, gap))
    }
  }

  #make(
    channels: readonly Channel[],
    at: Reading,
    found: readonly Entry[],
    extent: Extent,
    gap: GapReason | undefined,
  ): Answer {
    const { ledger, rules } = this.#parts
    if (gap) this.gaps++
    if (gap === 'unknown_origin') this.strangeGaps++
    if (gap === 'other_log') this.foreignGaps++
    const made = answer(ledger, channels, at, found, extent, gap)
    if (!rules.keepUnknownOrigins) at.strange.length = 0
    return made
  }

  #answer(readers: readonly Reader[], made: Answer): void {
    this.delivered += made.messages.length * readers.length
    this.#parts.emit({ type: 'answer', readers, answer: made })
  }

  #answerNow({ reader, stays }: Poll, made: Answer): void {
    if (stays) this.told += made.messages.length
    this.#answer([reader], made)
  }

  #tell(readers: readonly Reader[], told: Answer): void {
    this.delivered += told.messages.length * readers.length
    this.told += told.messages.length * readers.length
    this.#parts.emit({ type: 'tell', readers, answer: told })
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
    const ahead = reading && this.#places.isAhead(reading) ? reading.cursor() : undefined
    if (poll.stays) this.#stay(poll, ahead && reading)
    if (poll.stays && !ahead) return
    const all = isComplete ? found : poll.channels.map((name) => channels.open(poll.database, name))
    this.#join(poll, all, ahead, gap, nowMs)
    if (!ahead && !gap) this.#alike.parked(poll, all)
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

  /** `ahead`: where it is, if that is beyond the end here; then it waits alone, for one answer. */
  #stay({ reader, database, channels }: Poll, ahead: Reading | undefined): void {
    if (!ahead) this.#circles.join(reader, database, channels)
    this.#parts.emit({ type: 'stays', reader, cursor: (ahead ?? this.#places.tip).text() })
  }

  #unpark(waiter: Waiter): void {
    waiter.leave()
    this.#deadlines.remove(waiter)
  }
}
