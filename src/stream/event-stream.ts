import type { Socket } from 'node:net'
import type { Pending } from '../http/connection.js'
import { refuse } from '../http/fields.js'
import type { Visitor } from '../http/guard.js'
import type { EventAsk, House } from '../http/house.js'
import { atLeastOne, fromText } from '../http/poll.js'
import { eventHeaders } from '../http/reply.js'
import { ChunkedEvents, type EventFormat, endEvent, PlainEvents, positionEvent } from './event-format.js'
import { readQuery } from './query.js'
import { type End, type Owner, Stream } from './stream.js'
import type { Streams } from './streams.js'

/** The two ways to write events, and what else all event streams share. */
export class EventStreams {
  readonly #plain = new PlainEvents()
  readonly #chunked = new ChunkedEvents(this.#plain)

  constructor(
    readonly house: House,
    readonly streams: Streams,
  ) {}

  formatFor(httpVersion: string): EventFormat {
    return httpVersion === '1.0' ? this.#plain : this.#chunked
  }

  /** Not at once after each other, when all streams of a node end. */
  get retryMs(): number {
    const { retryMs } = this.house.options
    return Math.round(retryMs * (1 + Math.random()))
  }
}

interface Parts extends EventAsk {
  readonly events: EventStreams
}

/**
 * `GET /{database}/bus/events`: server-sent events. The head is written when it is known that the stream begins, and
 * where; from then on the connection is all its own, and what the client still sends on it is not looked at.
 */
export class EventStream implements Owner, Pending {
  readonly receiving = false
  readonly transport = 'sse'
  readonly format: EventFormat
  readonly admit: () => Visitor | Promise<Visitor>
  readonly socket: Socket
  readonly #parts: Parts
  readonly #stream: Stream
  #begun = false
  #over = false

  /** Throws EngineError for what can't be asked. */
  constructor(parts: Parts) {
    const { events, route, visitor, request } = parts
    this.#parts = parts
    this.admit = parts.admit
    this.socket = parts.connection.socket
    this.format = events.formatFor(request.httpVersion)
    const wanted = readQuery(route.query, events.house.options)
    const channels = atLeastOne(visitor.reads(wanted.channels))
    const lastId = request.headers['last-event-id']
    const from = typeof lastId === 'string' && lastId !== '' ? fromText(lastId) : wanted.from
    if (parts.connection.waiting > 1) refuse('a stream needs a connection of its own')
    this.#stream = new Stream(events.streams, route.database, this)
    this.#stream.untilMs = visitor.untilMs
    events.streams.add(this.#stream)
    this.#stream.follow(channels, from)
  }

  /** It goes on for as long as the connection does. */
  get answered(): boolean {
    return false
  }

  get isOpen(): boolean {
    return this.#begun && !this.#over && this.socket.writable
  }

  placed(cursor: string): void {
    const { connection, request, response, events } = this.#parts
    const { cors } = events.house
    const framing = this.format instanceof ChunkedEvents ? ['Transfer-Encoding', 'chunked'] : []
    response.writeHead(200, [...eventHeaders, ...framing, ...cors.headers(request.headers), 'Connection', 'close'])
    response.flushHeaders()
    this.#begun = true
    connection.deaf = true
    connection.first = this
    this.socket.on('drain', () => this.#stream.drained())
    this.#stream.write(this.format.wrap(positionEvent(cursor, events.retryMs)))
  }

  end(why: End): void {
    const { refuse, events } = this.#parts
    if (!this.#begun) {
      this.abandon()
      if (why !== 'slow') refuse(why)
      return
    }
    if (why === 'slow') {
      events.streams.slow++
      events.house.tally.cutOff('slow_reader', this.#parts.connection.address)
      this.abandon()
      this.socket.destroy()
      return
    }
    const { body } = why
    this.#stream.write(this.format.wrap(endEvent(JSON.parse(String(body)), events.retryMs)))
    this.abandon()
    this.socket.end(this.format.end)
  }

  probe(): void {}

  abandon(): void {
    if (this.#over) return
    this.#over = true
    this.#stream.close()
  }
}
