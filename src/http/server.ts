import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { EngineError } from '../errors.js'
import type { Keys } from '../keys.js'
import type { Traffic } from '../metrics/families.js'
import type { Address } from '../option-kinds.js'
import type { Bus } from '../ports.js'
import { EventStream, EventStreams } from '../stream/event-stream.js'
import { Sockets } from '../stream/sockets.js'
import { Streams } from '../stream/streams.js'
import type { Tls } from '../tls.js'
import { AdminServer } from './admin.js'
import { Answers } from './answer.js'
import { takeInTurns } from './arrivals.js'
import { Inbound } from './body.js'
import { Connections } from './connections.js'
import { Cors } from './cors.js'
import { Desk } from './desk.js'
import { Exchange } from './exchange.js'
import type { Guard } from './guard.js'
import type { House } from './house.js'
import { Intake, inletOf } from './intake.js'
import type { HttpOptions } from './limits.js'
import { Lines } from './lines.js'
import { misread } from './misread.js'
import { Pace } from './pace.js'
import { PublishRate } from './publish-rate.js'
import { rawRefusal } from './raw.js'
import { type Refusal, refusalOf } from './refusal.js'
import { Repeats } from './repeats.js'
import { Replies } from './reply.js'
import { onData, onEnd, onFinish, Request } from './request.js'
import { renewTls, serverFor } from './secure.js'
import { Shapes } from './shape.js'
import { Tally } from './tally.js'
import { Turns } from './turns.js'
import { Views } from './views.js'
import { Volley } from './volley.js'

const ignore = (): void => {}

export interface HttpParts {
  readonly bus: Bus
  readonly options: HttpOptions
  readonly guard?: Guard | undefined
  /** Where else the node can be looked at. */
  readonly adminListen?: Address | undefined
  readonly tls?: Tls | undefined
}

/** The client port: takes connections and requests in, and hands each request to an exchange. */
export class HttpServer {
  readonly #server: Server<typeof Request>
  readonly #connections: Connections
  readonly #lines: Lines
  readonly #tally: Tally
  readonly #house: House
  readonly #streams: Streams
  readonly #events: EventStreams
  readonly #sockets: Sockets
  readonly #admin: AdminServer
  readonly #adminListen: Address | undefined
  readonly #isQuick: boolean
  #closing = false
  #timer: NodeJS.Timeout | undefined

  constructor({ bus, options, guard, adminListen, tls }: HttpParts) {
    const isClosing = (): boolean => this.#closing || bus.draining
    this.#tally = new Tally(options.reportMs, (report) => bus.report(report))
    const turns = new Turns(options)
    this.#connections = new Connections(options, this.#tally, turns)
    const answers = new Answers()
    const views = new Views(
      bus,
      options,
      () => this.counters(),
      () => this.#traffic(),
    )
    this.#adminListen = adminListen
    this.#admin = new AdminServer({
      views,
      options,
      refused: (refusal, address) => this.#tally.refuse(refusal, address),
    })
    const cors = new Cors(options.corsOrigins, bus)
    this.#house = {
      bus,
      guard,
      options,
      answers,
      replies: new Replies(answers, options.keepAliveMs),
      shapes: new Shapes(options),
      repeats: new Repeats(guard === undefined),
      cors,
      inbound: new Inbound(options.inboundBytes),
      pace: new Pace(this.#connections),
      volley: new Volley((error) => this.#tally.mistake(error)),
      turns,
      rate: new PublishRate(options),
      tally: this.#tally,
      views,
      desk: new Desk(views, guard, cors),
      isClosing,
      openEvents: (ask) => new EventStream({ ...ask, events: this.#events }),
    }
    const { validMs } = guard ?? {}
    this.#streams = new Streams({ bus, options, keeper: this.#connections, tally: this.#tally, turns, validMs })
    this.#events = new EventStreams(this.#house, this.#streams)
    this.#sockets = new Sockets({
      house: this.#house,
      streams: this.#streams,
      refuse: (socket, refusal, headers) => this.#lastWords(socket, refusal, headers),
    })
    this.#isQuick = options.quick && !tls
    this.#server = this.#create(options, tls)
    const comes = tls ? 'secureConnection' : 'connection'
    const [accept] = this.#server.listeners(comes)
    this.#lines = new Lines({
      house: this.#house,
      connections: this.#connections,
      takeOver: (stream) => accept?.call(this.#server, stream),
      lastWords: (socket, refusal, headers) => this.#lastWords(socket, refusal, headers),
    })
    this.#server.removeAllListeners(comes)
    this.#server.on(comes, (socket: Socket) => {
      const connection = this.#connections.admit(socket)
      if (connection && this.#isQuick) this.#lines.open(connection, new Intake(socket))
      else if (connection) accept?.call(this.#server, socket)
    })
  }

  async listen(host: string, port: number): Promise<{ readonly port: number }> {
    const bound = await this.#listen(host, port)
    if (this.#adminListen) await this.#admin.listen(this.#adminListen.host, this.#adminListen.port)
    return bound
  }

  #listen(host: string, port: number): Promise<{ readonly port: number }> {
    const { turns, options } = this.#house
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port, backlog: 4096 }, () => {
        this.#server.removeListener('error', reject)
        takeInTurns(this.#server, turns, this.#isQuick ? (arrival) => inletOf(arrival, turns, options) : undefined)
        // A connection that can't be taken, for want of descriptors, is no reason to let down the others.
        this.#server.on('error', (error) => this.#tally.mistake(error))
        this.#timer = setInterval(() => this.#check(performance.now()), options.checkMs).unref()
        resolve({ port: (this.#server.address() as AddressInfo).port })
      })
    })
  }

  /** Takes no more connections, and closes each as soon as it has its answers; after `graceMs`, all. */
  close(graceMs: number): Promise<void> {
    this.#closing = true
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#connections.closeAll(), graceMs)
      // It says so, too, when it never listened.
      this.#server.close(() =>
        this.#connections.whenEmpty(() => {
          clearTimeout(timer)
          clearInterval(this.#timer)
          this.#connections.closeAll()
          resolve()
        }),
      )
      this.#admin.close()
      this.#streams.drain()
      this.#connections.closeUnused()
      this.#house.guard?.close()
    })
  }

  /** All parts hold the same limits, which they look at when they need one. */
  renew(options: HttpOptions, keys: Keys): void {
    const { cors, guard, rate } = this.#house
    Object.assign(this.#house.options, options)
    cors.renew(options.corsOrigins)
    rate.renew()
    this.#house.repeats.forget()
    guard?.renew?.(keys)
    renewTls(this.#server, keys.tls)
  }

  counters(): { readonly [name: string]: number } {
    const { guard } = this.#house
    const connections = { http_connections: this.#connections.size }
    return { ...this.#tally.counters(), ...connections, ...this.#streams.counters(), ...guard?.counters() }
  }

  #traffic(): Traffic {
    const { requests, refusals, cuts, limits } = this.#tally
    const { open, delivered } = this.#streams
    return { requests, refusals, cuts, limits, connections: this.#connections.size, streams: open, delivered }
  }

  #create(options: HttpOptions, tls: Tls | undefined): Server<typeof Request> {
    const server = serverFor(tls, {
      IncomingMessage: Request,
      maxHeaderSize: options.headerBytes,
      headersTimeout: options.headerTimeoutMs,
      requestTimeout: options.bodyTimeoutMs,
      connectionsCheckingInterval: options.checkMs,
      keepAliveTimeout: options.keepAliveMs,
      keepAlive: true,
      keepAliveInitialDelay: options.keepAliveMs,
      // Said by us, in JSON.
      requireHostHeader: false,
    })
    server.maxHeadersCount = options.headersMax + 1
    server.on('request', (request: Request, response) => this.#open(request, response, false))
    server.on('checkContinue', (request: Request, response) => this.#open(request, response, true))
    server.on('checkExpectation', (request: Request, response) => this.#expected(request, response))
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    server.on('connect', (request, socket) => this.#refuseTunnel(request, socket))
    server.on('clientError', (error, socket) => this.#broken(error, socket))
    server.on('tlsClientError', (_error: Error, socket: Socket) =>
      this.#tally.cutOff('tls', socket.remoteAddress ?? ''),
    )
    return server
  }

  #check(nowMs: number): void {
    this.#connections.check(nowMs)
    this.#lines.check(nowMs)
    this.#tally.expire(nowMs)
    this.#house.rate.expire()
    try {
      this.#house.views.sample(nowMs)
    } catch (error) {
      // A node that is starting has no status to give yet.
      if (!(error instanceof EngineError)) this.#tally.mistake(error)
    }
  }

  #exchange(request: Request, response: ServerResponse<Request>): Exchange | undefined {
    const connection = this.#connections.of(request.socket)
    // Behind the last words there may still come requests: nobody would get their answers, so they are not done.
    if (!connection || connection.deaf) return undefined
    const exchange = new Exchange(this.#house, connection, request, response)
    connection.add(exchange)
    this.#tally.requests++
    request.exchange = exchange
    response.on('finish', onFinish)
    return exchange
  }

  #open(request: Request, response: ServerResponse<Request>, expects: boolean): void {
    if (this.#exchange(request, response)?.begin(expects)) request.on('data', onData).on('end', onEnd)
    else this.#drop(request)
  }

  #expected(request: Request, response: ServerResponse<Request>): void {
    this.#exchange(request, response)?.refuse(refusalOf('expectation_failed', 'only 100-continue can be expected'))
    this.#drop(request)
  }

  /** Passes over a body that nobody wants. To do that where reading was stopped would start it again. */
  #drop(request: Request): void {
    const connection = this.#connections.of(request.socket)
    if (connection && (!connection.deaf || connection.ended)) request.resume()
  }

  /** Node gives the socket away here, and with it the care for its errors. */
  #upgrade(request: IncomingMessage, duplex: Duplex, head: Buffer): void {
    duplex.on('error', ignore)
    const connection = this.#connections.of(duplex)
    if (connection) this.#sockets.upgrade({ request, socket: duplex as Socket, head, connection })
    else duplex.destroy()
  }

  #refuseTunnel({ headers }: IncomingMessage, socket: Duplex): void {
    socket.on('error', ignore)
    socket.resume()
    this.#lastWords(socket as Socket, refusalOf('not_found', 'nothing at this path can be upgraded'), headers)
  }

  #broken(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      if (!this.#connections.of(socket as Socket)?.ended) socket.destroy()
      return
    }
    // Node:http finds many that are late at the same moment.
    this.#house.turns.later(() => this.#lastWords(socket as Socket, misread(error), {}))
  }

  /** Refuses without an exchange. Where answers are due before it, it would be taken for one of them. */
  #lastWords(socket: Socket, refusal: Refusal, headers: IncomingMessage['headers']): void {
    const connection = this.#connections.of(socket)
    if (!connection) return void socket.destroy()
    if (connection.ended) return
    this.#tally.refuse(refusal, connection.address)
    if (connection.isSpeakable) {
      connection.end(rawRefusal(refusal, this.#house.cors.headers(headers)))
    } else socket.destroy()
  }
}
