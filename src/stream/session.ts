import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Effect, From } from '../effect.js'
import { EngineError } from '../errors.js'
import { publishedBody } from '../http/answer.js'
import type { Connection } from '../http/connection.js'
import type { Kind, Visitor } from '../http/guard.js'
import { anyone } from '../http/guard.js'
import type { House } from '../http/house.js'
import { Scan } from '../http/json.js'
import { inputOf } from '../http/operation.js'
import { atLeastOne } from '../http/poll.js'
import { readPublish } from '../http/publish.js'
import { type Refusal, refusalFor, refusalOf } from '../http/refusal.js'
import { within } from '../http/within.js'
import { closeCodeOf, closeCodes } from './close-codes.js'
import { type Frames, frameOf, told } from './frame-format.js'
import { Intake } from './intake.js'
import { Publication } from './publication.js'
import { ChannelFields, RequestFields, type RequestId, readRequest, together } from './requests.js'
import { type End, type Owner, Stream } from './stream.js'
import type { Streams } from './streams.js'

/** What all sessions of a server share. */
export interface Hall {
  readonly house: House
  readonly streams: Streams
  readonly frames: Frames
}

interface Parts {
  readonly hall: Hall
  readonly ws: WebSocket
  readonly connection: Connection
  readonly request: IncomingMessage
  readonly database: string
  readonly visitor: Visitor
}

const publish = within(readPublish)

/** A body of JSON, with these members before its own. */
const withHead = (head: string, body: string): string => frameOf(`{${head},${body.slice(1)}`)

const idText = (id: RequestId | undefined): string => (id === undefined ? '' : `,"id":${asLatin1(JSON.stringify(id))}`)

const asLatin1 = (text: string): string => Buffer.from(text).toString('latin1')

/** `GET /{database}/bus/socket`: one WebSocket, and what is asked on it. Requests are answered by their ids. */
export class Session implements Owner {
  readonly transport = 'ws'
  readonly socket: Socket
  readonly #parts: Parts
  readonly #stream: Stream
  #publishing = 0
  /** The subscribe or unsubscribe whose channels are not in place yet. */
  #placing: RequestId | undefined
  #isQuiet = false
  /** It publishes too fast, and is not read meanwhile: what it is told. */
  #resting: Refusal | undefined
  #impatient = 0
  heard = true

  constructor(parts: Parts) {
    this.#parts = parts
    this.socket = parts.connection.socket
    const { hall, ws, database } = parts
    this.#stream = new Stream(hall.streams, database, this)
    this.#stream.untilMs = parts.visitor.untilMs
    ws.on('message', (data, isBinary) => this.#received(data as Buffer, isBinary))
    ws.on('close', () => this.#stream.close())
    ws.on('pong', () => {
      this.heard = true
    })
    ws.on('error', () => {})
    const { socket } = parts.connection
    socket.on('drain', () => this.#drained())
    const tooMuch = (): void =>
      this.end(refusalOf('overloaded', 'too much is being received', { limit: 'inbound_bytes' }))
    // Before the library's own listener, so that a message is counted before it is whole.
    socket.prependListener('data', new Intake(hall.house.inbound, ws, tooMuch).received)
  }

  get format(): Frames {
    return this.#parts.hall.frames
  }

  get isOpen(): boolean {
    const { ws } = this.#parts
    return ws.readyState === ws.OPEN
  }

  get #options(): House['options'] {
    return this.#parts.hall.house.options
  }

  /** Begins, with the channels that the target names, if it names some. */
  begin(channels: readonly string[], from: From | undefined): void {
    try {
      this.#parts.hall.streams.add(this.#stream)
      if (channels.length > 0) this.#stream.follow(atLeastOne(this.#parts.visitor.reads(channels)), from)
    } catch (error) {
      this.end(refusalFor(error))
    }
  }

  placed(cursor: string): void {
    const id = this.#placing
    const named = id === undefined ? {} : { id }
    const { channels } = this.#stream
    this.#placing = undefined
    if (this.#isQuiet) this.#isQuiet = false
    else this.#stream.write(told({ type: 'subscribed', ...named, channels, cursor }))
  }

  end(why: End): void {
    const { ws, hall, connection } = this.#parts
    if (why === 'slow') {
      hall.streams.slow++
      hall.house.tally.cutOff('slow_reader', connection.address)
      this.#stream.close()
      ws.close(closeCodes.slow, 'too slow: go on with the last cursor')
      return
    }
    const id = this.#placing
    this.#refuse(why, id)
    // Nothing was followed before, so nothing is missed now.
    if (id !== undefined && why.code === 'bad_cursor') this.#stream.follow([])
    else this.#close(closeCodeOf(why.code), why)
  }

  admit(): Visitor | Promise<Visitor> {
    return this.#admit('socket')
  }

  /** Two beats without an answer to the first: nobody is there any more. */
  probe(): void {
    const { ws } = this.#parts
    if (!this.heard) ws.terminate()
    this.heard = false
    ws.ping()
  }

  published({ id, form }: Publication, { outcome }: Extract<Effect, { type: 'published' }>): void {
    this.#publishing--
    if (outcome.ok) this.#reply(withHead(`"type":"published"${idText(id)}`, publishedBody(form, outcome)))
    else this.#refuse(refusalOf(outcome.code, outcome.reason, outcome), id)
  }

  #received(data: Buffer, isBinary: boolean): void {
    if (!this.isOpen) return
    if (isBinary) {
      this.#parts.ws.close(closeCodes.unsupported, 'frames are JSON, as text')
      return
    }
    this.heard = true
    const fields = new RequestFields()
    try {
      readRequest(data, fields, this.#options)
    } catch (error) {
      this.#malformed(error, fields.id)
      return
    }
    const { type, id } = fields
    if (type === undefined || id === undefined) return
    try {
      if (type === 'publish') this.#publish(id, data)
      else if (type === 'subscribe') this.#subscribe(id, data)
      else this.#unsubscribe(id, data)
    } catch (error) {
      this.#refuse(this.#refusalFor(error), id)
    }
  }

  /** Who does not know how to ask would do so again and again. */
  #malformed(error: unknown, id: RequestId | undefined): void {
    const refusal = this.#refusalFor(error)
    this.#refuse(refusal, id)
    this.#close(closeCodes.malformed, refusal)
  }

  #refusalFor(error: unknown): Refusal {
    if (!(error instanceof EngineError)) this.#parts.hall.house.tally.mistake(error)
    return refusalFor(error)
  }

  #subscribe(id: RequestId, data: Buffer): void {
    const { channels, from } = ChannelFields.of(data, this.#options)
    const { visitor } = this.#parts
    if (from !== undefined && this.#stream.channels.length > 0) {
      throw new EngineError('bad_request', 'a socket has one position: from can be given with the first channels only')
    }
    const all = together(this.#stream.channels, visitor.reads(channels), this.#options.channelsPerRequest)
    atLeastOne(all)
    this.#placing = id
    this.#stream.follow(all, from)
  }

  #unsubscribe(id: RequestId, data: Buffer): void {
    const channels = atLeastOne(ChannelFields.of(data, this.#options).channels)
    const left = this.#stream.channels.filter((channel) => !channels.includes(channel))
    this.#isQuiet = left.length > 0
    this.#stream.follow(left)
    this.#reply(told({ type: 'unsubscribed', id, channels: left }))
  }

  #publish(id: RequestId, data: Buffer): void {
    if (this.#publishing >= this.#options.pipelineMax) {
      throw new EngineError('too_many_requests', 'too many publishes on this socket wait for their answers', {
        limit: 'pipeline',
      })
    }
    if (this.#resting) {
      // What has come already; who sends on and on does not listen.
      if (++this.#impatient > this.#options.pipelineMax) this.#close(closeCodes.tooMany, this.#resting)
      else this.#refuse(this.#resting, id)
      return
    }
    const admitted = this.#admit('publish')
    if (!(admitted instanceof Promise)) this.#accept(id, data, admitted)
    else {
      const accept = (visitor: Visitor): void => this.#accept(id, data, visitor)
      admitted.then(accept).catch((error) => this.#refuse(this.#refusalFor(error), id))
    }
  }

  #accept(id: RequestId, data: Buffer, visitor: Visitor): void {
    const { hall, database, request, connection } = this.#parts
    const { bus, options, rate } = hall.house
    const patron = new Publication(this, id)
    const scan = new Scan(data, options.jsonDepth)
    const order = publish({ scan, database, headers: {}, options, visitor })
    if (rate.isOn) rate.charge(order, { visitor, headers: request.headers, address: connection.address })
    patron.form = order.form
    this.#publishing++
    hall.house.tally.requests++
    bus.step(inputOf(order.terms, patron))
  }

  #admit(kind: Kind): Visitor | Promise<Visitor> {
    const { hall, request, connection, database, visitor } = this.#parts
    const { address } = connection
    return hall.house.guard?.admit({ kind, database, headers: request.headers, address, known: visitor }) ?? anyone
  }

  #refuse(refusal: Refusal, id: RequestId | undefined): void {
    const { hall, connection } = this.#parts
    const { tally, rate } = hall.house
    tally.refuse(refusal, connection.address)
    this.#rest(refusal, rate.pauseMs(refusal, connection.address))
    if (id === this.#placing) this.#placing = undefined
    this.#reply(withHead(`"type":"error"${idText(id)}`, refusal.body))
  }

  #rest(refusal: Refusal, ms: number): void {
    if (ms === 0 || this.#resting || !this.isOpen) return
    const { ws } = this.#parts
    this.#resting = refusal
    this.#impatient = 0
    ws.pause()
    setTimeout(() => {
      this.#resting = undefined
      if (this.isOpen) ws.resume()
    }, ms).unref()
  }

  /** Who does not read the answers is not asked for more. */
  #reply(frame: string): void {
    this.#stream.write(frame)
    if (this.socket.writableNeedDrain && this.isOpen) this.#parts.ws.pause()
  }

  #drained(): void {
    const { ws } = this.#parts
    if (ws.isPaused && !this.#resting) ws.resume()
    this.#stream.drained()
  }

  #close(code: number, { body }: Refusal): void {
    this.#stream.close()
    this.#parts.ws.close(code, JSON.parse(String(body) || '{}').error?.message.slice(0, 100))
  }
}
