import { EngineError } from '../errors.js'
import type { Keeper } from '../http/connection.js'
import type { HttpOptions } from '../http/limits.js'
import { refusalFor, refusalOf } from '../http/refusal.js'
import type { Tally } from '../http/tally.js'
import type { Turns } from '../http/turns.js'
import type { Bus } from '../ports.js'
import type { Stream } from './stream.js'

interface Parts {
  readonly bus: Bus
  readonly options: HttpOptions
  /** Bytes that are owed to all connections. */
  readonly keeper: Pick<Keeper, 'owed' | 'outboundTotalBytes'>
  readonly tally: Tally
  readonly turns: Turns
  /** How long a visitor stays admitted; undefined if nobody asks. */
  readonly validMs: number | undefined
}

const expired = refusalOf('unauthorized', 'the token has expired')

/** Streams that are let read on in one turn of the event loop. */
const turn = 32

/** All streams of a node: how many, which of them are too slow, and when each is due to be told something. */
export class Streams {
  readonly bus: Bus
  readonly options: HttpOptions
  /** The time as of the last look at the clock, which is precise enough for what is due in seconds. */
  nowMs = Math.floor(performance.now())
  opened = 0
  /** Open ones, and the messages that were written to them, by transport. */
  readonly open = { sse: 0, ws: 0 }
  readonly delivered = { sse: 0, ws: 0 }
  slow = 0
  readonly #parts: Parts
  readonly #all = new Set<Stream>()
  #waiting = new Set<Stream>()
  #soon: NodeJS.Immediate | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.bus = parts.bus
    this.options = parts.options
  }

  get size(): number {
    return this.#all.size
  }

  get isFull(): boolean {
    return this.#all.size >= this.options.streamsMax
  }

  /** Refuses another one if there are too many. */
  add(stream: Stream): void {
    if (this.isFull) throw new EngineError('overloaded', 'too many streams are open here', { limit: 'streams' })
    this.#all.add(stream)
    this.opened++
    this.open[stream.owner.transport]++
    // Not all at once after a message that all of them were given.
    stream.saidMs = this.nowMs - Math.floor(Math.random() * this.options.heartbeatMs * 0.2)
    this.#timer ??= setInterval(() => this.check(performance.now()), this.options.streamCheckMs).unref()
  }

  remove(stream: Stream): void {
    this.settle(stream, 0)
    this.#waiting.delete(stream)
    if (!this.#all.delete(stream)) return
    this.open[stream.owner.transport]--
    if (this.#all.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** So many bytes lie here for the stream. */
  settle(stream: Stream, bytes: number): void {
    this.#parts.keeper.owed += bytes - stream.owed
    stream.owed = bytes
  }

  /** Lets it read on, soon: others are given their turn between two pages. */
  goOn(stream: Stream): void {
    this.#waiting.add(stream)
    this.#soon ??= setImmediate(() => this.#turn())
  }

  check(ms: number): void {
    const nowMs = Math.floor(ms)
    this.nowMs = nowMs
    const due = nowMs - this.options.heartbeatMs + this.options.streamCheckMs
    const staying: Stream[] = []
    for (const stream of this.#all) {
      if (!this.#isInTime(stream)) this.#parts.turns.later(() => this.#cut(stream))
      else if (nowMs >= (stream.untilMs ?? Number.POSITIVE_INFINITY)) stream.owner.end(expired)
      else if (this.#isStale(stream)) this.#recheck(stream)
      else if (stream.saidMs <= due) {
        stream.owner.probe()
        if (stream.isCurrent) staying.push(stream)
        else stream.beat()
      }
    }
    if (staying.length > 0) this.bus.step({ type: 'beat', readers: staying })
    if (this.#waiting.size > 0) this.#soon ??= setImmediate(() => this.#turn())
  }

  /** Ends those, too, that ask the core for nothing at the moment. */
  drain(): void {
    for (const { owner } of this.#all) owner.end(refusalOf('draining', 'the node is stopping'))
  }

  counters(): { readonly [name: string]: number } {
    return { streams_opened: this.opened, streams_slow: this.slow }
  }

  /** A page is read for those who have room for it only, and only while there is room for it here. */
  #turn(): void {
    this.#soon = undefined
    const { owed, outboundTotalBytes } = this.#parts.keeper
    if (owed > outboundTotalBytes) return
    const { turns } = this.#parts
    const untilMs = turns.untilMs()
    let left = turn
    for (const stream of this.#waiting) {
      this.#waiting.delete(stream)
      stream.resume()
      if (--left === 0 || turns.isPast(untilMs)) break
    }
    if (this.#waiting.size > 0) this.#soon ??= setImmediate(() => this.#turn())
  }

  #isInTime(stream: Stream): boolean {
    const { writableLength } = stream.socket
    if (writableLength === 0) {
      stream.lateMs = Number.POSITIVE_INFINITY
      return true
    }
    stream.lateMs = Math.min(stream.lateMs, this.nowMs)
    const lateMs = this.nowMs - stream.lateMs
    const { slowMs, slowBytes, writeBytesPerSecond } = this.options
    if (lateMs > 0 && stream.missed > slowBytes) return false
    return lateMs < slowMs + (writableLength / writeBytesPerSecond) * 1000
  }

  /** It may be gone by now. */
  #cut(stream: Stream): void {
    if (!stream.isOver) stream.owner.end('slow')
  }

  #isStale({ checkedMs }: Stream): boolean {
    const { validMs } = this.#parts
    return validMs !== undefined && this.nowMs - checkedMs >= validMs
  }

  #recheck(stream: Stream): void {
    stream.checkedMs = this.nowMs
    const fail = (error: unknown): void => {
      if (!stream.isOver) stream.owner.end(refusalFor(error))
    }
    try {
      const admitted = stream.owner.admit()
      if (admitted instanceof Promise) admitted.then(undefined, fail)
    } catch (error) {
      fail(error)
    }
  }
}
