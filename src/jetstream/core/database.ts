import type { Effect, Now, Outcome, Poll, Publish, Publisher, Reader, StreamStatus } from '../../effect.js'
import type { Limit } from '../../errors.js'
import type { CoreOptions } from '../../limits.js'
import type { Histogram } from '../../log/histogram.js'
import type { NodeId } from '../../log/node-id.js'
import { Early } from './early.js'
import { Follow } from './follow.js'
import { History } from './history.js'
import { Order } from './order.js'
import type { DatabaseEvent, LogRequest, Packet } from './port.js'
import { copiesOf, Publishes } from './publishes.js'

/** How often old messages and idle channels are looked for. */
const sweepMs = 250

export interface DatabaseParts {
  readonly name: string
  readonly self: NodeId
  readonly options: CoreOptions
  readonly delivery: Histogram
  emit(effect: Effect): void
  ask(request: LogRequest): void
  settled(publisher: Publisher, outcome: Outcome, sinceMs: number): void
  report(event: string, detail: { readonly [field: string]: string | number }): void
}

/** Who comes with a cursor of a newer stream is told a gap only if it was certain so lately that there is none. */
const freshMs = 500

/** One database: its stream, what this node keeps of it, who reads it, and what is being published there. */
export class Database {
  readonly follow: Follow
  readonly publishes: Publishes
  readonly history: History
  /** Counted in orders that are no more. */
  readonly past = { shown: 0, delivered: 0, told: 0, evicted: 0, gaps: 0, strangeGaps: 0, foreignGaps: 0 }
  readonly #parts: DatabaseParts
  #order: Order
  readonly #early = new Early()
  #now: Now
  #sweepMs = Number.NEGATIVE_INFINITY

  constructor(parts: DatabaseParts, now: Now) {
    const { name, self, options, emit, ask, settled, report } = parts
    this.#parts = parts
    this.#now = now
    this.#order = this.#orderOf('' as NodeId)
    this.history = new History({ database: name, options, order: () => this.#order, ask, emit })
    this.publishes = new Publishes({
      self,
      database: name,
      options,
      ask,
      settled,
      seen: () => this.follow.next - 1,
      channels: () => this.#order.channels,
      stream: () => this.#stream,
      strange: () => this.follow.open(this.#now),
    })
    this.follow = new Follow({
      database: name,
      retentionMs: options.retentionMs,
      ask,
      begin: (stream) => this.#begin(stream),
      start: (seq) => this.#order.missed(seq),
      take: (packet) => this.#take(packet),
      missed: (seq) => this.#order.missed(seq),
      loaded: () => this.#loaded(),
      report,
    })
  }

  get order(): Order {
    return this.#order
  }

  get waiting(): number {
    return this.#order.readers.waiting + this.history.waiting + this.#early.size
  }

  /** Of what is to be published, and is not yet. */
  get publishingBytes(): number {
    return this.publishes.bytes + this.#early.bytes
  }

  get nextMs(): number {
    const parts = Math.min(this.follow.nextMs, this.publishes.nextMs, this.history.nextMs)
    return Math.min(this.#early.nextMs, parts, this.#order.readers.nextMs, this.#sweepMs + sweepMs)
  }

  get #stream() {
    const { id = '' as NodeId, replicas = 1, duplicateMs = 0 } = this.follow.stream ?? {}
    return { id, duplicateMs, copies: copiesOf(replicas) }
  }

  #orderOf(stream: NodeId): Order {
    const { options, delivery, emit } = this.#parts
    return new Order({ stream, options, delivery, emit })
  }

  begin(now: Now): void {
    this.#now = now
  }

  publish(publish: Publish): void {
    const { options } = this.#parts
    const { publisher, minCopies, drafts } = publish
    const refuse = (code: 'overloaded' | 'too_few_copies' | 'not_ready', reason: string, limit?: Limit): void =>
      this.#parts.settled(publisher, { ok: false, code, reason, unknown: false, limit }, this.#now.ms)
    const { state, reason, isLoaded } = this.follow
    if (!isLoaded && state !== 'lost') {
      if (this.#early.size >= options.queueMax)
        refuse('overloaded', 'too much waits for the stream to be opened', 'publish_queue')
      else this.#early.publish(publish, this.#now.ms + options.publishTimeoutMs)
    } else if (state === 'lost') refuse('not_ready', `the log does not take it: ${reason}`)
    else if (this.#stream.copies < minCopies)
      refuse('too_few_copies', `the log confirms ${this.#stream.copies} of ${minCopies} copies`)
    else if (
      this.#order.channels.full &&
      drafts.some((draft) => !this.#order.channels.find(draft.database, draft.channel))
    )
      refuse('overloaded', 'there are too many channels', 'channels')
    else this.publishes.append(publish, this.#now)
  }

  poll(poll: Poll): void {
    const { ms } = this.#now
    this.cancel(poll.reader)
    const { isLoaded, state, reason } = this.follow
    if (!isLoaded && state === 'lost') this.#refuse(poll.reader, 'not_ready', `the log can't be read: ${reason}`)
    else if (!isLoaded) this.#early.poll(poll, ms + this.#parts.options.publishTimeoutMs)
    else {
      const past = this.#order.before(poll, this.follow.stream?.first ?? 1)
      if (this.#order.takeNewer() && ms - this.follow.lookedMs > freshMs) {
        this.follow.open(this.#now)
        this.#refuse(
          poll.reader,
          'not_ready',
          'the cursor is of another stream than this node reads; it looks whether there is a new one',
        )
      } else if (!past) this.#order.readers.poll(poll, ms)
      else if (state === 'lost')
        this.#refuse(poll.reader, 'not_ready', `what is older than what is kept here can't be had now: ${reason}`)
      else this.history.read(poll, past, this.#now)
    }
  }

  cancel(reader: Reader): void {
    this.#early.leave(reader)
    this.history.cancel(reader)
    this.#order.readers.cancel(reader)
  }

  heard(event: DatabaseEvent): void {
    const before = this.#order.ledger.position()
    const order = this.#order
    this.follow.heard(event, this.#now)
    this.publishes.heard(event, this.#now)
    this.history.heard(event, this.#now)
    if (order === this.#order) order.readers.wake(before)
  }

  lose(reason: string): void {
    this.follow.lose(reason, this.#now)
    if (!this.follow.isLoaded) this.#endEarly('not_ready', reason)
  }

  tick(): void {
    const { ms } = this.#now
    this.follow.tick(this.#now)
    this.publishes.tick(ms)
    this.history.tick(this.#now)
    if (ms >= this.#sweepMs + sweepMs) {
      this.#sweepMs = ms
      this.#order.expire(ms)
    }
    this.#order.readers.expire(ms)
    if (!this.follow.isLoaded && this.follow.state === 'lost') this.#endEarly('not_ready', this.follow.reason)
    for (const input of this.#early.takeDue(ms))
      this.#turnAway(input, 'not_ready', 'the stream could not be read in time')
  }

  drain(): void {
    this.#endEarly('draining', 'this node is stopping')
    this.history.endAll('draining', 'this node is stopping')
    this.#order.readers.endAll()
  }

  #take(packet: Packet): void {
    const taken = this.#order.take(packet, this.#now)
    if (packet.batch) this.publishes.took(packet.seq, packet.batch, taken)
  }

  /** Who waits in the order that was is answered with its last cursor, and is told of the gap when he comes with that. */
  #begin(stream: NodeId): void {
    const { readers, channels, shown } = this.#order
    readers.endAll()
    this.history.endAll('not_ready', 'the stream was deleted and made anew')
    this.publishes.giveUpAll()
    this.past.shown += shown
    this.past.evicted += channels.evicted
    for (const count of ['delivered', 'told', 'gaps', 'strangeGaps', 'foreignGaps'] as const)
      this.past[count] += readers[count]
    this.#order = this.#orderOf(stream)
  }

  #loaded(): void {
    for (const input of this.#early.takeAll())
      if (input.type === 'poll') this.poll(input)
      else this.publish(input)
  }

  #endEarly(code: 'draining' | 'not_ready', reason: string): void {
    for (const input of this.#early.takeAll()) this.#turnAway(input, code, reason)
  }

  #turnAway(input: Poll | Publish, code: 'draining' | 'not_ready', reason: string): void {
    if (input.type === 'poll') this.#refuse(input.reader, code, reason)
    else this.#parts.settled(input.publisher, { ok: false, code, reason, unknown: false }, this.#now.ms)
  }

  #refuse(reader: Reader, code: 'draining' | 'not_ready', reason: string): void {
    this.#parts.emit({ type: 'refuse', reader, code, reason })
  }

  status(): StreamStatus {
    const { stream, state, next, restarts, holes } = this.follow
    const { name = '', first = 0, last = 0, messages = 0, bytes = 0, replicas = 0 } = stream ?? {}
    const shown = Math.max(0, next - 1)
    const seen = { shown, lag: Math.max(0, last - shown), fetches: this.history.fetches, restarts, holes }
    return { database: this.#parts.name, stream: name, state, first, last, messages, bytes, replicas, ...seen }
  }
}
