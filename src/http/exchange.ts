import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Effect, Outcome } from '../effect.js'
import { EngineError } from '../errors.js'
import type { Patron } from '../ports.js'
import { publishedBody } from './answer.js'
import { Body } from './body.js'
import type { Connection, Pending } from './connection.js'
import { anyone, type Caller, type Kind, type Visitor } from './guard.js'
import { bodyMax, checkHeaders, checkPayload, checkPlace, restOf } from './headers.js'
import type { House } from './house.js'
import { Scan } from './json.js'
import { type Form, inputOf, type Operation, type Order } from './operation.js'
import { rawRefusal } from './raw.js'
import { MethodNotAllowed, type Refusal, refusalFor, refusalOf } from './refusal.js'
import { eventHeaders, json } from './reply.js'
import { plain, type Rope } from './rope.js'
import { type BusRoute, routeOf, type StreamRoute } from './route.js'
import type { Shown } from './views.js'

/** What an answer needs beside its body, in bytes: about. */
const headBytes = 256

/** Where a connection is lost that way, it takes so much longer: else those would come who make new ones. */
const patience = 20

/**
 * One request and its answer; for as long as it waits, the reader or publisher that the core knows. It is all that a
 * waiting client costs here: no promise, no timer.
 *
 * 1. It is answered once at most. What the core says later, or when the connection is gone, is dropped.
 * 2. While the core may hold it as a reader, `#waits` is true; whoever gives up on it tells the core so.
 */
export class Exchange implements Patron, Pending {
  waiter?: object | undefined
  readonly #house: House
  readonly #connection: Connection
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  #body: Body | undefined
  #operation: Operation | undefined
  #database = ''
  /** None until it is known who asks. */
  #visitor: Visitor | undefined = anyone
  /** All of the body is here. */
  #whole = false
  #form: Form = 'one'
  #waits = false
  #answered = false
  #size = 0
  /** What it has become, or tries to. */
  #stream: Pending | undefined

  constructor(house: House, connection: Connection, request: IncomingMessage, response: ServerResponse) {
    this.#house = house
    this.#connection = connection
    this.#request = request
    this.#response = response
  }

  get receiving(): boolean {
    return this.#body !== undefined && !this.#whole
  }

  get answered(): boolean {
    return this.#answered
  }

  /** `expects`: the client waits to be told that it may send the body. Returns whether to go on with one. */
  begin(expects: boolean): boolean {
    try {
      this.#begin()
      if (this.#body && expects) this.#response.writeContinue()
    } catch (error) {
      this.#fail(error)
    }
    return this.#body !== undefined
  }

  received(chunk: Buffer): void {
    try {
      this.#body?.add(chunk)
    } catch (error) {
      this.#fail(error)
    }
  }

  complete(): void {
    this.#whole = true
    const body = this.#body
    const operation = this.#operation
    const visitor = this.#visitor
    if (!body || !operation || !visitor || this.#answered) return
    try {
      this.#ask(operation, body.take(), visitor)
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#dropBody()
    }
  }

  settle(effect: Effect): void {
    this.#waits = false
    if (effect.type === 'answer') this.#send(200, json, this.#house.answers.write(this.#form, effect.answer))
    else if (effect.type === 'refuse') this.refuse(refusalOf(effect.code, effect.reason, effect))
    else if (effect.type === 'published') this.#published(effect.outcome)
  }

  /** Node has handed the answer over. */
  taken(): void {
    this.#connection.taken(this, this.#size)
  }

  abandon(): void {
    this.#answered = true
    this.#dropBody()
    this.#stream?.abandon()
    if (!this.#waits) return
    this.#waits = false
    this.#house.bus.step({ type: 'cancel', reader: this })
  }

  refuse(refusal: Refusal): void {
    if (this.#answered) return
    this.#house.tally.refuse(refusal, this.#connection.address)
    this.#dropBody()
    const pauseMs = this.#house.rate.pauseMs(refusal, this.#connection.address)
    const rest = restOf(this.#request, this.#whole)
    if (pauseMs > 0) this.#answerLate(refusal, pauseMs * patience)
    else if (rest === 0 || (rest <= this.#house.options.dropBytes && !this.#isLast)) {
      this.#send(refusal.status, [...json, ...refusal.headers], refusal.body)
    } else this.#breakOff(refusal)
  }

  /** Node:http can't be told to read later what has come already, so this costs the connection. */
  #answerLate({ status, headers, body }: Refusal, ms: number): void {
    this.#connection.stopReading()
    setTimeout(() => this.#send(status, [...json, ...headers], body), ms).unref()
  }

  /** The connection is closed after this answer. */
  get #isLast(): boolean {
    const connection = this.#connection
    const isBehindAll = (): boolean => connection.deaf && connection.pending.at(-1) === this
    return this.#house.isClosing() || !this.#response.shouldKeepAlive || isBehindAll()
  }

  #begin(): void {
    const { options, cors, desk } = this.#house
    checkHeaders(this.#request, options)
    checkPlace(this.#request, this.#connection, options)
    const { method = '', url = '' } = this.#request
    const route = routeOf(url, options)
    if (!route) throw new EngineError('not_found', 'there is nothing at this path')
    if (method === 'OPTIONS') this.#send(204, cors.preflight(route.allow, this.#request.headers), '')
    else if (!route.methods.includes(method)) throw new MethodNotAllowed(route.allow)
    else if ('view' in route) this.#tell(desk.answer(route, this.#caller('node', '')))
    else if ('query' in route) this.#open(route)
    else if ('operation' in route) this.#receive(route)
    else this.#tell(desk.answer(route, this.#caller(route.kind, route.database)))
  }

  #tell(shown: Shown | Promise<Shown>): void {
    const send = ({ status = 200, refusal, headers, body }: Shown): void => {
      if (refusal) this.#house.tally.refuse(refusal, this.#connection.address)
      this.#send(status, headers, body)
    }
    if (!(shown instanceof Promise)) send(shown)
    else shown.then(send).catch((error) => this.#fail(error))
  }

  #receive(route: BusRoute): void {
    const { operation, database, bodyBytes } = route
    this.#demandReady()
    this.#identify(route)
    checkPayload(this.#request, bodyBytes)
    this.#operation = operation
    this.#database = database
    this.#body = new Body(bodyMax(this.#request, bodyBytes), this.#house.inbound)
  }

  #open(route: StreamRoute): void {
    this.#demandReady()
    const admitted = this.#admit(route)
    // Whatever comes of the route: a refusal that nobody waits for would end the process.
    if (!(admitted instanceof Promise)) this.#follow(route, admitted)
    else admitted.then((visitor) => this.#follow(route, visitor)).catch((error) => this.#fail(error))
  }

  #follow(route: StreamRoute, visitor: Visitor): void {
    if (this.#answered) return
    if (route.kind === 'socket') throw new EngineError('upgrade_required', 'this path speaks WebSocket only')
    if (this.#request.method === 'HEAD') this.#send(200, eventHeaders, '')
    else
      this.#stream = this.#house.openEvents({
        connection: this.#connection,
        request: this.#request,
        response: this.#response,
        route,
        visitor,
        admit: () => this.#admit(route),
        refuse: (refusal) => this.refuse(refusal),
      })
  }

  #admit(route: BusRoute | StreamRoute): Visitor | Promise<Visitor> {
    const query = 'query' in route ? route.query : ''
    return this.#house.guard?.admit({ ...this.#caller(route.kind, route.database), query }) ?? anyone
  }

  #caller(kind: Kind, database: string): Caller {
    return { kind, database, headers: this.#request.headers, address: this.#connection.address }
  }

  /** Before anything that is said about the body: strangers learn nothing but that they are strangers. */
  #identify(route: BusRoute): void {
    const admitted = this.#admit(route)
    if (!(admitted instanceof Promise)) {
      this.#visitor = admitted
      return
    }
    this.#visitor = undefined
    const admit = (visitor: Visitor): void => {
      this.#visitor = visitor
      if (this.#whole) this.complete()
    }
    admitted.then(admit, (error) => this.#fail(error))
  }

  #demandReady(): void {
    const { bus } = this.#house
    if (bus.draining) throw new EngineError('draining', 'the node is stopping')
    if (!bus.serves) throw new EngineError('not_ready', 'the node is not ready yet')
  }

  #ask(operation: Operation, body: Buffer, visitor: Visitor): void {
    const { options, pace, rate } = this.#house
    const { headers } = this.#request
    const scan = new Scan(body, options.jsonDepth)
    const order = operation({ scan, database: this.#database, headers, options, visitor })
    if (rate.isOn) rate.charge(order, { visitor, headers, address: this.#connection.address })
    if (order.terms.type !== 'poll' || !pace.isBusy) this.#step(order)
    else pace.wait({ go: () => this.#step(order), fail: (error) => this.#fail(error) })
  }

  #step({ terms, form }: Order): void {
    if (this.#answered) return
    this.#form = form
    this.#waits = terms.type === 'poll'
    this.#house.bus.step(inputOf(terms, this))
  }

  #published(outcome: Outcome): void {
    if (outcome.ok) this.#send(200, json, publishedBody(this.#form, outcome))
    else this.refuse(refusalOf(outcome.code, outcome.reason, outcome))
  }

  #fail(error: unknown): void {
    this.#waits = false
    if (!(error instanceof EngineError)) this.#house.tally.mistake(error)
    this.refuse(refusalFor(error))
  }

  /** What is left of the body is not worth reading, so it costs the connection; but the refusal must arrive. */
  #breakOff(refusal: Refusal): void {
    const connection = this.#connection
    if (connection.first === this) {
      connection.end(rawRefusal(refusal, this.#house.cors.headers(this.#request.headers)))
      return
    }
    // Others are to be answered first, and only node:http can put answers in order. It closes without lingering.
    connection.stopReading()
    this.#send(refusal.status, [...json, ...refusal.headers], refusal.body)
  }

  #send(status: number, headers: readonly string[], body: string | Buffer | Rope): void {
    const connection = this.#connection
    if (this.#answered || connection.ended) return
    this.#answered = true
    const all = [...headers, ...this.#house.cors.headers(this.#request.headers)]
    if (status !== 204 && status !== 304) all.push('Content-Length', String(body.length))
    if (this.#isLast) all.push('Connection', 'close')
    this.#response.writeHead(status, all)
    this.#response.end(plain(body), 'latin1')
    this.#size = body.length + headBytes
    this.#house.pace.made(body.length)
    connection.sent(this, this.#size)
  }

  #dropBody(): void {
    this.#body?.release()
    this.#body = undefined
  }
}
