import { auditChannels, auditMemory } from '../../audit.js'
import type { Channel } from '../../channel/channel.js'
import { Survey } from '../../channel/survey.js'
import type { Effect, Input, Now, Outcome, Poll, Publish, Publisher, Reader, Status, SurveyWish } from '../../effect.js'
import type { EngineParts } from '../../engine.js'
import type { Limit } from '../../errors.js'
import type { CoreOptions } from '../../limits.js'
import { Histogram } from '../../log/histogram.js'
import { makeNodeId, type NodeId } from '../../log/node-id.js'
import { Database } from './database.js'
import type { LogEvent, LogRequest, Presence } from './port.js'
import { Presences } from './presences.js'
import { countersOf, gaugesOf } from './status.js'

/** The core of a node that runs on JetStream, with the face of the other engine: inputs and the time go in, effects come out. */
export class StreamEngine {
  readonly id: NodeId
  readonly #options: CoreOptions
  readonly #databases = new Map<string, Database>()
  /** Where each reader asked last. */
  readonly #at = new WeakMap<Reader, Database>()
  readonly #presences: Presences
  readonly #publishing = new Histogram()
  readonly #delivery = new Histogram()
  #effects: Effect[] = []
  #now: Now
  #draining = false
  #leaving = false
  #connected = false
  /** It knows which streams there are. */
  #listed = false
  #away = 'it has not been reached yet'
  /** It has been ready. */
  #begun = false
  #duplicates = 0
  #accepted = 0

  constructor({ options, random, now }: EngineParts) {
    this.id = makeNodeId(now.wall, random)
    this.#options = options
    this.#now = now
    this.#presences = new Presences({ options, own: () => this.#own(), ask: (request) => this.#ask(request) })
  }

  get ready(): boolean {
    return this.unready === undefined
  }

  /** Why it is not ready. */
  get unready(): string | undefined {
    if (this.#draining) return 'this node is stopping'
    if (!this.#connected) return `the log is away: ${this.#away}`
    if (!this.#listed) return 'the streams are not known yet'
    for (const [name, { follow }] of this.#databases) {
      if (follow.isLoaded && follow.state === 'lost') return `the stream of ${name} is lost: ${follow.reason}`
      // Once the node has been ready, another database is for those to wait for who want it.
      if (!this.#begun && !follow.isLoaded) return `the stream of ${name} is being read`
    }
    return undefined
  }

  /** Readers are answered from what is kept here, also while the log is away; and told where it is needed. */
  get serves(): boolean {
    return this.#listed && !this.#draining
  }

  get wakeAt(): number {
    let nextMs = this.#presences.nextMs
    for (const database of this.#databases.values()) nextMs = Math.min(nextMs, database.nextMs)
    return nextMs
  }

  step(input: Input, now: Now): readonly Effect[] {
    this.#effects = []
    this.#now = now
    for (const database of this.#databases.values()) database.begin(now)
    this.#take(input)
    for (const { order } of this.#databases.values()) order.ledger.slabs.forget()
    this.#begun ||= this.ready
    return this.#effects
  }

  #take(input: Input): void {
    if (input.type !== 'poll') for (const { order } of this.#databases.values()) order.readers.changed()
    switch (input.type) {
      case 'publish':
        this.#publish(input)
        break
      case 'poll':
        this.#poll(input)
        break
      case 'cancel':
        this.#at.get(input.reader)?.cancel(input.reader)
        break
      case 'beat':
        for (const { order } of this.#databases.values()) order.readers.beat(input.readers)
        break
      case 'log':
        this.#heard(input.event)
        break
      case 'tick':
        this.#presences.tick(this.#now.ms)
        for (const database of this.#databases.values()) database.tick()
        break
      case 'drain':
        this.#draining = true
        for (const database of this.#databases.values()) database.drain()
        break
      case 'leave':
        // Their fate is not known, and nobody will be here to tell it.
        for (const { publishes } of this.#databases.values()) publishes.giveUpAll()
        this.#leaving = true
        this.#presences.tell(this.#now.ms)
        break
      default:
      // What only nodes of a mesh say to each other.
    }
  }

  #publish(publish: Publish): void {
    const { publisher, drafts } = publish
    const { ms } = this.#now
    let bytes = 0
    for (const { publishingBytes } of this.#databases.values()) bytes += publishingBytes
    const refuse = (code: 'draining' | 'not_ready' | 'overloaded', reason: string, limit?: Limit): void =>
      this.#settled(publisher, { ok: false, code, reason, unknown: false, limit }, ms)
    const database = this.#of(drafts[0]?.database ?? '')
    if (this.#draining) refuse('draining', 'this node is stopping')
    else if (!this.#connected) refuse('not_ready', `the log is away: ${this.#away}`)
    else if (bytes > this.#options.unstableBytes)
      refuse('overloaded', 'too much waits to be stored by the log', 'unstable_bytes')
    else if (!database) refuse('overloaded', 'there are too many databases', 'databases')
    else {
      this.#accepted += drafts.length
      database.publish(publish)
    }
  }

  #poll(poll: Poll): void {
    const { reader } = poll
    const refuse = (code: 'draining' | 'not_ready' | 'overloaded', reason: string, limit?: Limit): void => {
      this.#effects.push({ type: 'refuse', reader, code, reason, limit })
    }
    const known = this.#databases.get(poll.database)
    if (this.#draining) refuse('draining', 'this node is stopping')
    else if (!known && !this.#connected) refuse('not_ready', `the log is away: ${this.#away}`)
    else {
      const database = known ?? this.#of(poll.database)
      if (database) this.#at.set(reader, database)
      if (database) database.poll(poll)
      else refuse('overloaded', 'there are too many databases', 'databases')
    }
  }

  /** Made when it is asked for first, while there are not too many. */
  #of(name: string): Database | undefined {
    const known = this.#databases.get(name)
    if (known || this.#databases.size >= this.#options.databasesMax || !this.#connected) return known
    const database = new Database(
      {
        name,
        self: this.id,
        options: this.#options,
        delivery: this.#delivery,
        emit: (effect) => this.#effects.push(effect),
        ask: (request) => this.#ask(request),
        settled: (publisher, outcome, sinceMs) => this.#settled(publisher, outcome, sinceMs),
        report: (event, detail) => this.#effects.push({ type: 'report', report: { event, detail } }),
      },
      this.#now,
    )
    this.#databases.set(name, database)
    database.follow.open(this.#now)
    return database
  }

  #heard(event: LogEvent): void {
    switch (event.is) {
      case 'connected':
        this.#connected = true
        this.#presences.tell(this.#now.ms)
        this.#ask({ is: 'list' })
        for (const { follow } of this.#databases.values()) follow.open(this.#now)
        break
      case 'away':
        this.#connected = false
        this.#away = event.reason
        for (const database of this.#databases.values()) database.lose(event.reason)
        break
      case 'listed':
        this.#listed = true
        for (const name of event.databases) this.#of(name)
        break
      case 'heard':
        this.#presences.heard(event.presence, this.#now.ms)
        break
      default:
        this.#databases.get(event.database)?.heard(event)
        this.#bound()
    }
  }

  /** The bytes of all databases together are bounded: who has the most loses the oldest. */
  #bound(): void {
    const { retentionBytes } = this.#options
    for (;;) {
      const all = [...this.#databases.values()].map(({ order }) => order.channels)
      if (all.length < 2 || all.reduce((sum, { bytes }) => sum + bytes, 0) <= retentionBytes) return
      const most = all.reduce((a, b) => (a.bytes < b.bytes ? b : a))
      if (!most.evictOldest()) return
    }
  }

  #ask(request: LogRequest): void {
    this.#effects.push({ type: 'log', request })
  }

  #settled(publisher: Publisher, outcome: Outcome, sinceMs: number): void {
    if (outcome.ok) {
      this.#publishing.add(this.#now.ms - sinceMs)
      if (outcome.duplicates.includes(true)) this.#duplicates++
    }
    this.#effects.push({ type: 'published', publisher, outcome })
  }

  #own(): Presence {
    const { name, url } = this.#options
    let waiters = 0
    for (const { waiting } of this.#databases.values()) waiters += waiting
    return { id: this.id, name, url, ready: this.ready, leaving: this.#leaving, waiters }
  }

  status(now: Now): Status {
    const databases = [...this.#databases.values()]
    const { unready } = this
    const members = this.#presences.statuses(now.ms)
    const inView = members.filter((member) => member.inView).map(({ name }) => name)
    const state = this.#draining ? 'draining' : unready === undefined ? 'ready' : this.#listed ? 'frozen' : 'joining'
    return {
      id: this.id,
      name: this.#options.name,
      ready: this.ready,
      state,
      view: { id: 'jetstream', members: inView },
      members,
      counters: countersOf(databases, { published: this.#accepted, duplicates: this.#duplicates }),
      gauges: gaugesOf(databases),
      times: { publish: this.#publishing.spread(), delivery: this.#delivery.spread() },
      log: {
        kind: 'jetstream',
        state: this.#connected ? 'connected' : 'away',
        ...(unready !== undefined && { reason: unready }),
        streams: databases.map((database) => database.status()),
      },
    }
  }

  survey(wish: SurveyWish, now: Now): Survey {
    const databases = [...this.#databases.values()]
    const all = function* (): IterableIterator<Channel> {
      for (const { order } of databases) yield* order.channels.all()
    }
    return new Survey({ all, options: this.#options }, wish, now.wall, ({ bornMs }) => now.wall - now.ms + bornMs)
  }

  audit(): readonly string[] {
    return [...this.#databases.values()].flatMap(({ order }) => [
      ...auditChannels(order.channels),
      ...auditMemory(order.ledger, order.channels.keys),
      ...(order.ledger.shown[order.origin.slot] === order.origin.shown ? [] : ['I1: the shown vector is off']),
    ])
  }
}
