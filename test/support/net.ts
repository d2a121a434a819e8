import type { Message } from '../../src/cluster/message.js'
import type { Answer, Effect, From, Input, Now, Outcome, Poll, Publish, Reader, Report } from '../../src/effect.js'
import { Engine } from '../../src/engine.js'
import { type CoreOptions, coreDefaults } from '../../src/limits.js'
import type { NodeId } from '../../src/log/node-id.js'
import type { Draft } from '../../src/log/record.js'
import { textsOf } from './core.js'

const delayMs = 1

interface Parcel {
  readonly atMs: number
  readonly to: Box
  readonly input: Input
}

/** One node of a `Net`. */
export class Box {
  readonly engine: Engine
  readonly outcomes = new Map<object, Outcome>()
  readonly answers = new Map<object, Answer>()
  readonly refusals = new Map<object, string>()
  readonly reports: Report[] = []
  readonly hangups: { readonly peer: NodeId; readonly code: number }[] = []
  up = true

  constructor(
    readonly net: Net,
    readonly name: string,
    options: Partial<CoreOptions>,
  ) {
    const own = { name, address: `${name}:1`, url: `http://${name}` }
    const random = net.random
    this.engine = new Engine({ options: { ...coreDefaults, ...own, ...options }, random, now: net.now })
  }

  get id(): NodeId {
    return this.engine.id
  }

  get view(): string {
    return [...this.engine.status(this.net.now).view.members].sort().join('')
  }

  get state(): string {
    return this.engine.status(this.net.now).state
  }

  publish(drafts: Draft | readonly Draft[], more: Partial<Publish> = {}): object {
    const publisher = {}
    const list = Array.isArray(drafts) ? drafts : [drafts]
    this.net.step(this, { type: 'publish', publisher, drafts: list, ack: 'all', minCopies: 1, ...more })
    return publisher
  }

  poll(from: From, channels: readonly string[], more: Partial<Poll> = {}): Reader {
    const reader: Reader = {}
    const asked = { reader, database: 'main', channels, from, limit: 1000, waitMs: 0, ...more }
    this.net.step(this, { type: 'poll', ...asked })
    return reader
  }

  /** What is kept on a channel, in order. */
  texts(channel = 'a'): unknown[] {
    const answer = this.answers.get(this.poll('earliest', [channel]))
    return answer ? textsOf(answer) : []
  }

  gauge(name: string): number {
    return this.engine.status(this.net.now).gauges[name] ?? Number.NaN
  }
}

/** A few nodes joined by lines that deliver in order after a millisecond, until a line is cut or a node is killed. */
export class Net {
  ms = 1000
  /** The calendar at time 0. */
  wallMs = Date.UTC(2026, 0, 1)
  readonly boxes: Box[] = []
  /** Says which messages get lost. */
  lose: (from: Box, to: Box, message: Message) => boolean = () => false
  readonly #lines = new Set<string>()
  readonly #cuts = new Set<string>()
  #parcels: Parcel[] = []
  #dice = 1
  readonly random = (): number => {
    this.#dice = (this.#dice * 48271) % 2147483647
    return this.#dice / 2147483647
  }

  get now(): Now {
    return { ms: this.ms, wall: this.wallMs + this.ms }
  }

  add(name: string, options: Partial<CoreOptions> = {}): Box {
    const box = new Box(this, name, options)
    this.boxes.push(box)
    return box
  }

  /** Nodes in one view, the first of them the founder. */
  start(names: readonly string[], options: Partial<CoreOptions> = {}): Box[] {
    const boxes = names.map((name, i) => this.add(name, { founder: i === 0, ...options }))
    const [first] = boxes
    if (first) for (const box of boxes.slice(1)) this.link(first, box)
    this.until(() => boxes.every((box) => box.engine.ready && box.view === [...names].sort().join('')))
    return boxes
  }

  link(a: Box, b: Box): void {
    if (a === b || !a.up || !b.up || this.#lines.has(a.id + b.id) || this.#cuts.has(a.id + b.id)) return
    this.#lines.add(a.id + b.id).add(b.id + a.id)
    this.#send(a, { type: 'linked', peer: b.id })
    this.#send(b, { type: 'linked', peer: a.id })
  }

  /** Cuts the line; both ends find out by silence alone. */
  cut(a: Box, b: Box): void {
    for (const pair of [a.id + b.id, b.id + a.id]) {
      this.#lines.delete(pair)
      this.#cuts.add(pair)
    }
  }

  mend(a: Box, b: Box): void {
    for (const pair of [a.id + b.id, b.id + a.id]) this.#cuts.delete(pair)
    this.link(a, b)
  }

  /** The process ends: its sockets close, its port refuses. */
  kill(box: Box): void {
    box.up = false
    for (const other of this.boxes) {
      if (!this.#lines.delete(box.id + other.id)) continue
      this.#lines.delete(other.id + box.id)
      this.#send(other, { type: 'unlinked', peer: box.id })
      this.#send(other, { type: 'refused', peer: box.id })
      this.#send(other, { type: 'refused', peer: box.id })
    }
  }

  #send(to: Box, input: Input): void {
    this.#parcels.push({ atMs: this.ms + delayMs, to, input })
  }

  step(box: Box, input: Input): void {
    for (const effect of box.engine.step(input, this.now)) this.#carryOut(box, effect)
  }

  #carryOut(box: Box, effect: Effect): void {
    if (effect.type === 'send') for (const to of effect.to) this.#post(box, to, effect.message)
    else if (effect.type === 'dial') this.#dial(box, effect.peer)
    else if (effect.type === 'published') box.outcomes.set(effect.publisher, effect.outcome)
    else if (effect.type === 'answer') for (const reader of effect.readers) box.answers.set(reader, effect.answer)
    else if (effect.type === 'refuse') box.refusals.set(effect.reader, effect.code)
    else if (effect.type === 'report') box.reports.push(effect.report)
    else if (effect.type === 'hangup') box.hangups.push(effect)
  }

  #post(from: Box, id: NodeId, message: Message): void {
    const to = this.boxes.find((box) => box.id === id)
    if (to && this.#lines.has(from.id + id) && !this.lose(from, to, message))
      this.#send(to, { type: 'received', from: from.id, message })
  }

  #dial(box: Box, id: NodeId): void {
    const other = this.boxes.find((each) => each.id === id)
    if (other) this.link(box, other)
  }

  pass(ms: number): void {
    for (const end = this.ms + ms; this.ms < end; ) this.#move()
  }

  /** Lets time pass until it is so; a minute is for ever. */
  until(done: () => boolean): void {
    for (const end = this.ms + 60_000; !done(); this.#move())
      if (this.ms > end) throw new Error('it did not come to that within a minute')
  }

  #move(): void {
    this.ms++
    const due = this.#parcels.filter(({ atMs }) => atMs <= this.ms)
    this.#parcels = this.#parcels.filter(({ atMs }) => atMs > this.ms)
    for (const { to, input } of due) if (to.up) this.step(to, input)
    for (const box of this.boxes) if (box.up && box.engine.wakeAt <= this.ms) this.step(box, { type: 'tick' })
  }
}
