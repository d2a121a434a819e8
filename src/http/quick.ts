import { performance } from 'node:perf_hooks'
import type { Effect, Outcome } from '../effect.js'
import { EngineError } from '../errors.js'
import type { Patron } from '../ports.js'
import { publishedBody } from './answer.js'
import { Body } from './body.js'
import type { Pending } from './connection.js'
import { anyone, type Visitor } from './guard.js'
import type { House } from './house.js'
import { Scan } from './json.js'
import type { Line } from './line.js'
import { type Form, inputOf, type Order } from './operation.js'
import { type Refusal, refusalFor, refusalOf } from './refusal.js'
import { json } from './reply.js'
import type { Body as Bytes } from './rope.js'
import type { Shape } from './shape.js'
import type { Shot } from './volley.js'

/**
 * One request that was recognised, and its answer: what `Exchange` is for those that node:http reads. It has come as a
 * whole, so there is less to go wrong. The rules of `Exchange` hold here, too.
 */
export class QuickExchange implements Patron, Pending, Shot {
  waiter?: object | undefined
  readonly receiving = false
  /** Its answer, once there is one; nearly always it is let go of as soon as the system has taken it. */
  reply: Bytes | undefined
  /** The answer is handed to the socket. */
  written = false
  /** It will be told when the system has the answer. */
  watched = false
  readonly #house: House
  readonly #line: Line
  readonly #shape: Shape
  #form: Form = 'one'
  #waits = false
  #answered = false
  /** Only while it is not known who asks. */
  #body: Body | undefined

  constructor(house: House, line: Line, shape: Shape) {
    this.#house = house
    this.#line = line
    this.#shape = shape
  }

  get answered(): boolean {
    return this.#answered
  }

  /** Returns what was asked, if it may be asked again in the same words without being read again. */
  begin(bytes: Buffer, from: number, end: number, text = ''): Order | undefined {
    try {
      const visitor = this.#identify()
      if (visitor instanceof Promise) this.#await(visitor, bytes.subarray(from, end))
      else return this.#ask(new Scan(bytes, this.#house.options.jsonDepth, from, end, text), visitor)
    } catch (error) {
      this.#fail(error)
    }
    return undefined
  }

  /** The same words have been read before. */
  repeat(order: Order): void {
    try {
      this.#place(order)
    } catch (error) {
      this.#fail(error)
    }
  }

  settle(effect: Effect): void {
    this.#waits = false
    if (effect.type === 'answer') this.#answer(effect)
    else if (effect.type === 'refuse') this.#refuse(refusalOf(effect.code, effect.reason, effect))
    else if (effect.type === 'published') this.#published(effect.outcome)
  }

  abandon(): void {
    this.#answered = true
    this.#dropBody()
    if (!this.#waits) return
    this.#waits = false
    this.#house.bus.step({ type: 'cancel', reader: this })
  }

  #identify(): Visitor | Promise<Visitor> {
    const { guard } = this.#house
    if (!guard) return anyone
    const { route, headers } = this.#shape
    const { kind, database } = route
    return guard.admit({ kind, database, headers, address: this.#line.connection.address })
  }

  #await(visitor: Promise<Visitor>, bytes: Buffer): void {
    const body = new Body(bytes.length, this.#house.inbound)
    this.#body = body
    // Its failure is told to who asks, and so must not hide that of the body.
    visitor.then(
      (admitted) => this.#admitted(admitted),
      (error) => this.#fail(error),
    )
    body.add(Buffer.from(bytes))
  }

  #admitted(visitor: Visitor): void {
    if (!this.#body) return
    try {
      this.#ask(new Scan(this.#body.take(), this.#house.options.jsonDepth), visitor)
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#dropBody()
    }
  }

  #ask(scan: Scan, visitor: Visitor): Order {
    const { route, headers } = this.#shape
    const { database } = route
    const { options, rate } = this.#house
    const order = route.operation({ scan, database, headers, options, visitor })
    if (rate.isOn) rate.charge(order, { visitor, headers, address: this.#line.connection.address })
    this.#place(order)
    return order
  }

  #place(order: Order): void {
    const { pace } = this.#house
    if (order.terms.type !== 'poll' || !pace.isBusy) this.#step(order)
    else {
      this.#line.pause()
      pace.wait({ go: () => this.#take(order), fail: (error) => this.#miss(error) })
    }
  }

  #take(order: Order): void {
    try {
      this.#step(order)
    } finally {
      this.#line.resume()
    }
  }

  /** Its turn has come to nothing. */
  #miss(error: unknown): void {
    this.#fail(error)
    this.#line.resume()
  }

  #step({ terms, form }: Order): void {
    if (this.#answered) return
    this.#form = form
    this.#waits = terms.type === 'poll'
    this.#house.bus.step(inputOf(terms, this))
  }

  #answer({ answer, readers }: Extract<Effect, { type: 'answer' }>): void {
    const { replies, answers, pace } = this.#house
    const length = this.#isPlain()
      ? this.#send(replies.shared(this.#form, answer))
      : this.#tell(200, [], answers.write(this.#form, answer))
    // What is made once for many holds up nobody's poll.
    if (readers.length === 1) pace.made(length)
  }

  #published(outcome: Outcome): void {
    if (!outcome.ok) this.#refuse(refusalOf(outcome.code, outcome.reason, outcome))
    else if (this.#isPlain()) this.#send(this.#house.replies.ok(publishedBody(this.#form, outcome)))
    else this.#tell(200, [], publishedBody(this.#form, outcome))
  }

  /** The answer says nothing that depends on who gets it. */
  #isPlain(): boolean {
    return !this.#house.cors.speaksTo(this.#shape.headers) && !this.#house.isClosing()
  }

  #fail(error: unknown): void {
    this.#waits = false
    if (!(error instanceof EngineError)) this.#house.tally.mistake(error)
    this.#refuse(refusalFor(error))
  }

  #refuse(refusal: Refusal): void {
    if (this.#answered) return
    this.#dropBody()
    const { tally, rate } = this.#house
    const { address } = this.#line.connection
    tally.refuse(refusal, address)
    // Who is refused is not the next to be heard.
    this.#line.rest(rate.pauseMs(refusal, address))
    this.#tell(refusal.status, refusal.headers, refusal.body)
  }

  #tell(status: number, more: readonly string[], body: Bytes): number {
    const { cors, replies } = this.#house
    const headers = [...json, ...more, ...cors.headers(this.#shape.headers)]
    return this.#send(replies.of({ status, headers, body, last: this.#house.isClosing() }))
  }

  /** Returns its length. */
  #send(reply: Bytes): number {
    const { length } = reply
    if (this.#answered) return 0
    this.#answered = true
    this.reply = reply
    this.#house.volley.add(this, performance.now())
    return length
  }

  /** Its turn to be written has come. */
  fire(nowMs: number): void {
    if (this.reply !== undefined) this.#line.answered(this, this.reply.length, nowMs)
  }

  #dropBody(): void {
    this.#body?.release()
    this.#body = undefined
  }
}
