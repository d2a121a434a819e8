import type { Now } from '../../effect.js'
import type { NodeId } from '../../log/node-id.js'
import type { DatabaseEvent, LogRequest, Packet, Stream } from './port.js'

/** Of one reading: it is asked for again when nothing has come for so long; the log says something every second. */
const silentMs = 3500
/** How often the stream is looked at: whether it is still the same one, what is its first message. */
const lookMs = 5000
/** Until a stream that could not be opened is asked for again, at first and at the most. */
const pauseMs = { first: 250, most: 4000 }
/** Older than what is kept, so that whoever repeats a key of that is known as such. */
const marginMs = 60_000

export type State = 'opening' | 'loading' | 'following' | 'lost'

interface Parts {
  readonly database: string
  readonly retentionMs: number
  ask(request: LogRequest): void
  /** Another stream than before, or the first: all begins anew. */
  begin(stream: NodeId): void
  /** The last message of the stream that is not there any more, before anything is taken. */
  start(seq: number): void
  take(packet: Packet): void
  /** Up to there messages are gone that never came here. */
  missed(seq: number): void
  /** All is here that was in the stream when the reading began. */
  loaded(): void
  report(event: string, detail: { readonly [field: string]: string | number }): void
}

/**
 * Follows a stream, message after message, through whatever ends a reading: it is then begun anew after the last message
 * that was taken. A hole is either what the log has delivered and nobody got (then it is read again), or what the stream
 * does not have any more (then it is told as a gap); never is it passed over.
 */
export class Follow {
  state: State = 'opening'
  stream: Stream | undefined
  /** The first message that was not taken yet. */
  next = 0
  restarts = 0
  holes = 0
  /** When the stream was last known to be this one. */
  lookedMs = Number.NEGATIVE_INFINITY
  /** Why it is not followed. */
  reason = 'it has not been opened yet'
  readonly #parts: Parts
  #epoch = 0
  #delivery = 0
  #heardMs = 0
  #lookAtMs = Number.NEGATIVE_INFINITY
  #pauseMs = pauseMs.first
  /** An `open` is under way since then. */
  #openingMs: number | undefined
  /** Deliveries until all is here that was there when the reading began. */
  #pending = Number.POSITIVE_INFINITY
  /** The last message of the stream before that. */
  #lastBefore = 0
  /** The first message that was not taken at the last look, if there should have been one. */
  #stuckAt = 0
  #loaded = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** It was loaded once, and from this stream. */
  get isLoaded(): boolean {
    return this.#loaded
  }

  get nextMs(): number {
    const silence = this.#isReading ? this.#heardMs + silentMs : Number.POSITIVE_INFINITY
    return Math.min(this.#openingMs === undefined ? this.#lookAtMs : this.#openingMs + silentMs, silence)
  }

  get #isReading(): boolean {
    return this.state === 'loading' || this.state === 'following'
  }

  /** Asks for the stream now, whatever was asked before. */
  open(now: Now): void {
    this.#openingMs = now.ms
    this.#parts.ask({ is: 'open', database: this.#parts.database })
  }

  lose(reason: string, now: Now): void {
    if (this.state !== 'lost') this.#parts.report('stream_lost', { database: this.#parts.database, why: reason })
    this.state = 'lost'
    this.reason = reason
    this.#openingMs = undefined
    this.#epoch++
    this.#lookAtMs = now.ms + this.#pauseMs
    this.#pauseMs = Math.min(pauseMs.most, 2 * this.#pauseMs)
  }

  tick(now: Now): void {
    const { ms } = now
    if (this.#openingMs !== undefined) {
      if (ms >= this.#openingMs + silentMs) this.lose('the log does not answer', now)
    } else if (this.#isReading && ms >= this.#heardMs + silentMs) this.lose('the log is silent', now)
    else if (ms >= this.#lookAtMs) this.open(now)
  }

  heard(event: DatabaseEvent, now: Now): void {
    switch (event.is) {
      case 'opened':
        this.#opened(event.stream, now)
        break
      case 'unopened':
        this.lose(event.reason, now)
        break
      case 'reading':
        if (event.epoch === this.#epoch) this.#began(event, now)
        break
      case 'arrived':
        if (event.epoch === this.#epoch) this.#arrived(event.packets, now)
        break
      case 'idle':
        if (event.epoch !== this.#epoch) break
        this.#heardMs = now.ms
        if (event.delivery > this.#delivery) this.#again(now)
        break
      case 'broken':
        if (event.epoch === this.#epoch) this.lose(event.reason, now)
        break
      default:
    }
  }

  #opened(stream: Stream, now: Now): void {
    if (this.#openingMs === undefined) return
    this.#openingMs = undefined
    this.lookedMs = now.ms
    this.#lookAtMs = now.ms + lookMs
    const isOther = this.stream?.id !== stream.id
    if (isOther && this.stream)
      this.#parts.report('stream_replaced', { database: this.#parts.database, stream: stream.name })
    this.stream = stream
    if (isOther) {
      this.#loaded = false
      this.next = 0
      this.#parts.begin(stream.id)
    } else if (this.#isReading) {
      // What did not come yet is gone already: where it goes on, another reading will say.
      const isStuck = stream.last >= this.next && this.#stuckAt === this.next
      this.#stuckAt = stream.last >= this.next ? this.next : 0
      if (this.state === 'following' && (isStuck || stream.first > this.next)) this.#again(now)
      return
    }
    this.#read(now)
  }

  #read(now: Now): void {
    this.state = 'loading'
    this.#delivery = 0
    this.#heardMs = now.ms
    this.#epoch++
    this.#pending = Number.POSITIVE_INFINITY
    this.#lastBefore = this.stream?.last ?? 0
    const sinceMs = now.wall - this.#parts.retentionMs - marginMs
    const { database } = this.#parts
    this.#parts.ask({ is: 'read', database, epoch: this.#epoch, from: this.next > 0 ? this.next : { sinceMs } })
  }

  /** Something was lost on the way. */
  #again(now: Now): void {
    this.restarts++
    this.#read(now)
  }

  #began({ stream, from, pending }: Extract<DatabaseEvent, { is: 'reading' }>, now: Now): void {
    this.#pending = pending
    if (stream !== this.stream?.id) {
      this.#epoch++
      this.state = 'lost'
      this.open(now)
      return
    }
    this.#heardMs = now.ms
    if (this.next === 0) {
      this.next = from
      this.#parts.start(from - 1)
    } else this.#pass(from)
    this.#settle()
  }

  #arrived(packets: readonly Packet[], now: Now): void {
    this.#heardMs = now.ms
    for (const packet of packets) {
      if (packet.delivery <= this.#delivery) continue
      if (packet.delivery > this.#delivery + 1 || this.next === 0) {
        this.#again(now)
        return
      }
      this.#delivery = packet.delivery
      if (packet.seq < this.next) continue
      this.#pass(packet.seq)
      this.next = packet.seq + 1
      this.#parts.take(packet)
    }
    this.#settle()
  }

  /** All before `seq` that was not taken is not there any more. */
  #pass(seq: number): void {
    if (seq <= this.next) return
    this.holes += seq - this.next
    this.next = seq
    this.#parts.missed(seq - 1)
  }

  #settle(): void {
    if (this.state !== 'loading' || this.#delivery < this.#pending) return
    // What was in the stream before the reading began and did not come by now has been deleted.
    this.#pass(this.#lastBefore + 1)
    this.state = 'following'
    this.#pauseMs = pauseMs.first
    const isFirst = !this.#loaded
    this.#loaded = true
    if (isFirst) this.#parts.loaded()
  }
}
