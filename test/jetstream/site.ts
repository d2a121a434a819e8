import type { Answer, Effect, From, Input, Now, Outcome, Poll, Publish, Reader } from '../../src/effect.js'
import { StreamEngine } from '../../src/jetstream/core/engine.js'
import { type CoreOptions, coreDefaults } from '../../src/limits.js'
import type { Draft } from '../../src/log/record.js'
import { textsOf } from '../support/core.js'
import { FakeLog, Line } from './fake-log.js'

type Fate = 'done' | 'lost' | 'unanswered'

/** One node of a `Site`. */
export class Seat {
  readonly line = new Line()
  readonly engine: StreamEngine
  readonly outcomes = new Map<object, Outcome>()
  readonly answers = new Map<object, Answer>()
  readonly refusals = new Map<object, { readonly code: string; readonly reason: string }>()
  readonly told = new Map<object, Answer[]>()
  readonly stays = new Map<object, string>()
  readonly reports: string[] = []
  /** Of the publishes that it sends next. */
  readonly fates: Fate[] = []

  constructor(
    readonly site: Site,
    name: string,
    options: Partial<CoreOptions>,
  ) {
    const own = { name, url: `http://${name}` }
    this.engine = new StreamEngine({
      options: { ...coreDefaults, ...own, ...options },
      random: site.random,
      now: site.now,
    })
    this.hear({ type: 'log', event: { is: 'connected', bytesMax: site.log.bytesMax } })
  }

  hear(input: Input): void {
    for (const effect of this.engine.step(input, this.site.now)) this.#carryOut(effect)
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'log':
        this.site.log.ask(this.line, effect.request, effect.request.is === 'store' ? this.fates.shift() : 'done')
        break
      case 'answer':
        for (const reader of effect.readers) this.answers.set(reader, effect.answer)
        break
      case 'tell':
        for (const reader of effect.readers) this.told.set(reader, [...(this.told.get(reader) ?? []), effect.answer])
        break
      case 'stays':
        this.stays.set(effect.reader, effect.cursor)
        break
      case 'refuse':
        this.refusals.set(effect.reader, effect)
        break
      case 'published':
        this.outcomes.set(effect.publisher, effect.outcome)
        break
      case 'report':
        this.reports.push(effect.report.event)
        break
      default:
        throw new Error(`a node on a log says ${effect.type}`)
    }
  }

  /** Is told so many of the things that the log has to say. */
  listen(count = Number.POSITIVE_INFINITY): void {
    for (let i = 0; i < count; i++) {
      if (this.line.events.length === 0) this.site.log.flow(this.line)
      const event = this.line.events.shift()
      if (!event) return
      this.hear({ type: 'log', event })
      if (event.is === 'idle' && this.line.events.length === 0) return
    }
  }

  publish(drafts: Draft | readonly Draft[], more: Partial<Publish> = {}): object {
    const publisher = {}
    const list = Array.isArray(drafts) ? drafts : [drafts]
    this.hear({ type: 'publish', publisher, drafts: list, ack: 'all', minCopies: 1, ...more })
    return publisher
  }

  poll(from: From, channels: readonly string[], more: Partial<Poll> = {}): Reader {
    const reader: Reader = {}
    this.hear({ type: 'poll', reader, database: 'main', channels, from, limit: 1000, waitMs: 0, ...more })
    return reader
  }

  /** A poll that is answered at once, once the log has been listened to. */
  ask(from: From, channels: readonly string[], more: Partial<Poll> = {}): Answer | undefined {
    const reader = this.poll(from, channels, more)
    this.listen()
    return this.answers.get(reader)
  }

  texts(channels: readonly string[] = ['a']): unknown[] {
    const answer = this.ask('earliest', channels)
    return answer ? textsOf(answer) : ['no answer']
  }

  cut(reason = 'the line is cut'): void {
    this.line.connected = false
    this.line.events.length = 0
    this.line.readings.clear()
    this.hear({ type: 'log', event: { is: 'away', reason } })
  }

  mend(): void {
    this.line.connected = true
    this.hear({ type: 'log', event: { is: 'connected', bytesMax: this.site.log.bytesMax } })
  }
}

/** Some nodes on one log, in virtual time. */
export class Site {
  ms = 1000
  readonly log = new FakeLog(() => this.now.wall)
  readonly seats: Seat[] = []
  #dice = 1

  get now(): Now {
    return { ms: this.ms, wall: Date.UTC(2026, 0, 1) + this.ms }
  }

  readonly random = (): number => {
    this.#dice = (this.#dice * 48271) % 2147483647
    return this.#dice / 2147483647
  }

  seat(name: string, options: Partial<CoreOptions> = {}): Seat {
    const seat = new Seat(this, name, options)
    this.seats.push(seat)
    return seat
  }

  /** A node that has heard all that there is to be heard. */
  start(name: string, options: Partial<CoreOptions> = {}): Seat {
    const seat = this.seat(name, options)
    seat.poll('now', ['a'])
    seat.listen()
    return seat
  }

  /** Lets time pass, in which everybody listens. */
  pass(ms: number): void {
    const end = this.ms + ms
    while (this.ms < end) {
      this.ms = Math.min(end, this.ms + 100)
      for (const seat of this.seats) {
        seat.hear({ type: 'tick' })
        seat.listen()
      }
    }
  }
}
