import { performance } from 'node:perf_hooks'
import { Body } from './body.js'
import type { Connection } from './connection.js'
import type { House } from './house.js'
import type { Intake } from './intake.js'
import { isEmpty, isFull, put } from './outlet.js'
import type { Part } from './part.js'
import { QuickExchange } from './quick.js'
import { blank, headMost, type Shape } from './shape.js'
import { stretchMax } from './turns.js'

/** What comes at once is made a string of up to so many bytes: the words of a poll, say, to see whether they are the last one's. */
export const textMost = 4096

/** What a line tells the server. */
export interface Switchboard {
  /** From here on node:http reads this connection, beginning with these bytes. */
  stepAside(line: Line, bytes: Buffer): void
  /** The client has closed its side in the middle of a request. */
  brokenOff(line: Line): void
}

/**
 * Reads a connection for as long as each request on it is one that is recognised; at the first byte of one that is not,
 * it steps aside for good.
 *
 * 1. Nothing is done for a request before all of it is here: until then its bytes can still be given away.
 * 2. Answers go out in the order of the requests; those to the requests before it also after it has stepped aside.
 */
export class Line {
  readonly connection: Connection
  readonly intake: Intake
  /** When it last came to rest; see `idleSinceMs`. A whole number takes no memory of its own. */
  #restMs = Math.ceil(performance.now())
  #heard = false
  #part: Part | undefined
  /** The last head that was recognised. */
  #shape: Shape | undefined
  /** Has come, and is not read before the answers so far are taken. */
  #held: Buffer | undefined
  #gone = false
  /** Reasons to read no more for now. */
  #pauses = 0
  readonly #house: House
  readonly #board: Switchboard
  /** Called when nothing recognised waits for its answer any more. */
  onIdle: (() => void) | undefined

  constructor(house: House, connection: Connection, board: Switchboard, intake: Intake) {
    this.#house = house
    this.connection = connection
    this.#board = board
    this.intake = intake
  }

  /** Not a byte has come, or more of a request is due: since when. */
  get dueSinceMs(): number | undefined {
    if (this.#gone) return undefined
    return this.#part ? this.#part.sinceMs : this.#heard ? undefined : this.#restMs
  }

  /** Whether more of a request is due than its head. */
  get isReceiving(): boolean {
    return this.#part !== undefined
  }

  /** It has had all its answers: since when. */
  get idleSinceMs(): number | undefined {
    return this.#gone || this.#part || this.#held || this.connection.first ? undefined : this.#restMs
  }

  /** The first `size` of these bytes have come. They are somebody else's: what is kept of them is copied. */
  received(bytes: Buffer, size: number): void {
    this.#heard = true
    if (this.connection.deaf || this.#gone) return
    if (this.#held) this.#held = Buffer.concat([this.#held, bytes.subarray(0, size)])
    else if (this.#part) this.#receive(this.#part, bytes.subarray(0, size))
    else this.#read(bytes, size, true)
  }

  ended(): void {
    const { socket } = this.connection
    this.#house.volley.flush()
    if (this.#part) this.#board.brokenOff(this)
    // With nothing left to send that comes to the same, and costs less.
    else if (socket.writableLength === 0) socket.destroy()
    else socket.end()
  }

  /** One of its polls waits for its turn: until then no more is read, or there would be no end of what is due. */
  pause(): void {
    this.#pauses++
  }

  resume(): void {
    this.#pauses--
    if (!this.#isFull()) this.drained()
  }

  /** Reads no more for so long, and until others have had their turn: many that rest at once come back at once. */
  rest(ms = 0): void {
    this.pause()
    const resume = (): void => this.#house.turns.later(() => this.resume())
    if (ms > 0) setTimeout(resume, ms).unref()
    else resume()
  }

  #isFull(): boolean {
    return this.#pauses > 0 || isFull(this.connection.socket)
  }

  /** Its socket takes answers again. */
  drained(): void {
    if (this.connection.deaf) return
    const held = this.#held
    this.#held = undefined
    if (held) this.#read(held, held.length, false)
    if (!this.#held) this.connection.socket.resume()
  }

  /** Nobody will ask for the part that has come. */
  drop(): void {
    this.#part?.bytes.release()
    this.#part = undefined
  }

  answered(exchange: QuickExchange, size: number, nowMs: number): void {
    const { connection } = this
    if (connection.ended || exchange.written) return
    if (connection.first === exchange) this.#write(exchange)
    if (isEmpty(connection.socket) && connection.waiting === 1 && exchange.written) {
      // Nearly always: there was nothing before it, and the system has taken all of it.
      connection.remove(exchange)
      // One that has waited is old by now: with each collection, what it holds would be copied until it is gone itself.
      exchange.reply = undefined
      this.#restMs = Math.ceil(nowMs)
      this.onIdle?.()
      return
    }
    this.#account(exchange, size)
  }

  /** The long way, where answers lie here. */
  #account(exchange: QuickExchange, size: number): void {
    this.connection.sent(exchange, size)
    this.#flush()
    if (!this.#waits) this.onIdle?.()
  }

  get #waits(): boolean {
    return this.connection.pending.some((each) => each instanceof QuickExchange && !each.written)
  }

  /** Writes those answers whose turn has come. */
  #flush(): void {
    for (const each of this.connection.pending) {
      if (!(each instanceof QuickExchange) || each.reply === undefined) return
      if (!each.written) this.#write(each)
      this.#watch(each, each.reply.length)
    }
  }

  /** Finds out when the system has taken what was written. */
  #watch(exchange: QuickExchange, size: number): void {
    if (exchange.watched) return
    exchange.watched = true
    const { connection } = this
    const taken = (): void => {
      connection.taken(exchange, size)
      this.#restMs = Math.ceil(performance.now())
    }
    if (isEmpty(connection.socket)) taken()
    else connection.socket.write('', taken)
  }

  #write(exchange: QuickExchange): void {
    const { socket } = this.connection
    exchange.written = true
    if (exchange.reply !== undefined && !put(socket, exchange.reply)) socket.pause()
    if (this.#house.isClosing()) {
      this.connection.deaf = true
      socket.destroySoon()
    }
  }

  /** The first `size` of these bytes. `isFresh`: they have not had to wait for their turn, and are somebody else's. */
  #read(bytes: Buffer, size: number, isFresh: boolean): void {
    const { connection } = this
    const { repeats, inbound, turns } = this.#house
    const text = size > textMost ? '' : bytes.toString('latin1', 0, size)
    const repeat = repeats.of(text)
    if (repeat && this.#isOpen() && !this.#isFull()) {
      this.#exchange(repeat.shape).repeat(repeat.order)
      return
    }
    for (let at = 0, left = isFresh && turns.isBusy ? 1 : stretchMax; at < size && !connection.deaf; left--) {
      if (left === 0 || (at > 0 && turns.isOver(turns.untilMs()))) this.rest()
      if (this.#isFull()) {
        this.#hold(bytes.subarray(at, size), isFresh)
        return
      }
      const shape = text === '' ? this.#recogniseIn(bytes, at, size) : this.#recognise(text, at)
      if (!shape || !this.#isOpen() || !inbound.hasRoom(shape.length)) {
        // To set up node:http takes as long as some requests: hundreds may come at the same moment.
        if (isFresh && turns.isOver(turns.untilMs())) {
          this.pause()
          this.#hold(bytes.subarray(at, size), true)
          turns.begin(() => this.resume())
        } else this.#leave(bytes.subarray(at, size))
        return
      }
      const end = at + shape.size + shape.length
      if (end > size) {
        this.#gather(shape, bytes.subarray(at, size))
        return
      }
      const order = this.#exchange(shape).begin(bytes, at + shape.size, end, text)
      // Nothing else has come with it: the next may be the same.
      if (order && text !== '' && at === 0 && end === size) repeats.note(text, shape, order)
      at = end
    }
  }

  /** The same, of what is not made a string of as a whole: no head is longer than what is. */
  #recogniseIn(bytes: Buffer, at: number, size: number): Shape | undefined {
    const last = this.#shape
    if (last && bytes.toString('latin1', at, at + last.size) === last.text) return last
    return this.#recognise(bytes.toString('latin1', at, Math.min(size, at + headMost)), 0)
  }

  /** Of the head that starts here, and where it ends. Clients write theirs in the same way again and again. */
  #recognise(text: string, at: number): Shape | undefined {
    const last = this.#shape
    if (last && text.slice(at, at + last.size) === last.text) return last
    const end = text.indexOf(blank, at)
    const shape = end < 0 ? undefined : this.#house.shapes.of(text.slice(at, end + blank.length))
    this.#shape = shape?.text === '' ? undefined : shape
    return shape
  }

  /** Whether requests are taken at all: why not, is for node:http's side to say. */
  #isOpen(): boolean {
    const { bus, options } = this.#house
    return bus.serves && !this.#house.isClosing() && this.connection.waiting < options.pipelineMax
  }

  #exchange(shape: Shape): QuickExchange {
    const exchange = new QuickExchange(this.#house, this, shape)
    this.#house.tally.requests++
    this.#house.tally.quick++
    this.connection.add(exchange)
    return exchange
  }

  #gather(shape: Shape, start: Buffer): void {
    const size = shape.size + shape.length
    const bytes = new Body(size, this.#house.inbound)
    this.#part = { shape, size, bytes, sinceMs: performance.now() }
    // Copied: a body begins with the chunk it is given, as it is.
    this.#receive(this.#part, Buffer.from(start))
  }

  #receive(part: Part, chunk: Buffer): void {
    const { bytes, size, shape } = part
    const missing = size - bytes.size
    const own = chunk.length > missing ? chunk.subarray(0, missing) : chunk
    if (!this.#isOpen() || !bytes.tryAdd(own)) {
      this.#leave(Buffer.concat([bytes.take(), chunk]))
      return
    }
    if (bytes.size < size) return
    const whole = bytes.take()
    this.#part = undefined
    try {
      this.#exchange(shape).begin(whole, shape.size, whole.length)
    } finally {
      bytes.release()
    }
    const rest = chunk.subarray(own.length)
    if (rest.length > 0) this.#read(rest, rest.length, true)
  }

  /** Reads no more until the socket has drained. */
  #hold(bytes: Buffer, isFresh: boolean): void {
    this.#held = isFresh ? Buffer.from(bytes) : bytes
    this.connection.socket.pause()
  }

  #leave(bytes: Buffer): void {
    this.drop()
    this.#gone = true
    this.#house.volley.flush()
    this.#board.stepAside(this, bytes)
  }
}
