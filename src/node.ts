import type { Logger } from 'pino'
import { guardFor } from './auth/guard.js'
import type { Backbone, BackboneParts, Self } from './backbone.js'
import type { Effect, Input, Report, Status, SurveyWish } from './effect.js'
import type { EngineFace } from './engine.js'
import { EngineError } from './errors.js'
import { httpDefaults } from './http/limits.js'
import { HttpServer } from './http/server.js'
import { introductionOf } from './introduction.js'
import type { Keys } from './keys.js'
import { coreDefaults } from './limits.js'
import type { NodeId } from './log/node-id.js'
import { createLogger, logReport } from './logger.js'
import { type Address, addressOf, limitsFor, type Options, parseAddress } from './options.js'
import type { Bus, Patron, Walk } from './ports.js'
import { keepable, Publishing } from './publishing.js'
import { renewalOf } from './renewal.js'
import { Alarm, clock, random } from './system.js'
import { Feeds } from './tryton/feeds.js'

/**
 * One engine run against the world: what happens on sockets becomes its inputs, its effects become calls.
 *
 * 1. Steps are never nested: what the callee of an effect asks for is done when the step under way is complete.
 * 2. What a port says before there is an engine waits for it.
 * 3. A reader or publisher that fails takes no other one's effect with it.
 */
export class Node implements Bus {
  #options: Options
  #log: Logger
  readonly #http: HttpServer
  readonly #backbone: Backbone
  readonly #feeds: Feeds
  readonly #self: Self
  readonly #alarm = new Alarm(() => this.#wake())
  #waiting: Input[] = []
  #engine: EngineFace | undefined
  #stepping = false
  #closed = false
  #url = ''
  readonly #publishing = new Publishing()
  /** Of peers; the same list for as long as the node lives, whatever is in it. */
  readonly #secrets: Uint8Array[]
  #closing: Promise<void> | undefined
  #fail: (why: string) => void = () => {}
  /** Resolves, with the reason, if this node can't go on; it is for its owner to close it then. */
  readonly failed = new Promise<string>((resolve) => {
    this.#fail = resolve
  })

  constructor(options: Options, keys: Keys, backbone: (parts: BackboneParts) => Backbone) {
    this.#options = options
    this.#secrets = [...keys.secrets]
    this.#log = createLogger(options)
    const guard = guardFor(options, keys, (report) => this.report(report))
    const http = limitsFor('http', httpDefaults, options)
    this.#http = new HttpServer({
      bus: this,
      guard,
      options: http,
      adminListen: parseAddress(options.adminListen),
      tls: keys.tls,
    })
    this.#feeds = new Feeds({
      urls: options.trytonListen,
      bus: this,
      report: (report) => this.report(report),
      http,
      random,
      retentionMs: options.retentionSeconds * 1000,
    })
    // Which identity and address this is stands fast once the peer port is bound, before anybody can connect to it.
    this.#self = { id: '' as NodeId, name: options.name, address: options.advertise }
    this.#backbone = backbone({
      options,
      self: this.#self,
      secrets: this.#secrets,
      tls: keys.tls,
      step: (input) => this.step(input),
      report: (report) => this.report(report),
    })
  }

  get id(): NodeId {
    return this.#self.id
  }

  get name(): string {
    return this.#self.name
  }

  get address(): string {
    return this.#self.address
  }

  /** The base URL that clients use. */
  get url(): string {
    return this.#url
  }

  get ready(): boolean {
    return this.#engine?.ready ?? false
  }

  get serves(): boolean {
    return this.#engine?.serves ?? false
  }

  get draining(): boolean {
    return this.#closing !== undefined
  }

  status(): Status {
    if (!this.#engine) throw new EngineError('not_ready', 'the node is starting')
    const engine = this.#engine.status(clock.now())
    const status = { ...engine, counters: { ...engine.counters, ...this.#backbone.counters } }
    const { status: feeds } = this.#feeds
    return feeds.length > 0 ? { ...status, feeds } : status
  }

  survey(wish: SurveyWish): Walk {
    if (!this.#engine) throw new EngineError('not_ready', 'the node is starting')
    return this.#engine.survey(wish, clock.now())
  }

  report(report: Report): void {
    if (report.event === 'name_taken')
      this.#fail(`another node of the cluster is named ${this.#self.name}: give each node a --name of its own`)
    logReport(this.#log, report, (id) => this.#nameOf(id))
  }

  /**
   * Binds both ports, then makes the engine: with port 0 it is known only now what to tell the others. The peer port
   * comes last, since a peer needs an engine to talk to; a client is told `not_ready` meanwhile.
   */
  async start(): Promise<void> {
    try {
      const client = addressOf(this.#options.listen)
      const { port } = await this.#http.listen(client.host, client.port)
      this.#introduce({ ...client, port }, await this.#backbone.listen())
      this.#begin()
    } catch (error) {
      await Promise.all([this.#http.close(0), this.#backbone.close()])
      throw error
    }
  }

  /** Takes on what can be changed while the node runs; connections stay. What can't is told in the log. */
  renew(given: Options, keys: Keys): void {
    const { options, taken, left, keepsTls } = renewalOf(this.#options, given)
    const tls = keepsTls ? undefined : keys.tls
    this.#options = options
    this.#log.level = options.logLevel
    this.#secrets.splice(0, this.#secrets.length, ...keys.secrets)
    this.#backbone.renew(tls)
    this.#http.renew(limitsFor('http', httpDefaults, options), { ...keys, tls })
    this.#log.info({ taken, needs_restart: left }, 'reloaded')
  }

  step(input: Input): void {
    // Sockets that close now still say so, which must not wake what has been put to sleep.
    if (this.#closed) return
    if (input.type === 'publish') this.#publishing.begin()
    if (this.#engine && !this.#stepping) this.#run(this.#engine, input)
    else this.#waiting.push(this.#engine ? input : keepable(input))
  }

  /**
   * Not ready any more, waiters answered empty, publishes under way finished within the drain time, the others told,
   * everything closed. It happens once, however often it is asked for.
   */
  close(): Promise<void> {
    this.#closing ??= this.#drain()
    return this.#closing
  }

  #introduce(client: Address, peer: Address | undefined): void {
    const { name, address, url } = introductionOf(this.#options, client, peer)
    Object.assign(this.#self, { name, address })
    this.#url = url
    this.#log = this.#log.child({ at: name })
  }

  #begin(): void {
    const { name, address } = this.#self
    const own = { name, address, url: this.#url, founder: this.#backbone.founds }
    const engine = this.#backbone.engine({ ...limitsFor('core', coreDefaults, this.#options), ...own })
    this.#engine = engine
    this.#self.id = engine.id
    this.#log.info({ id: engine.id, pid: process.pid, url: this.#url, address }, 'started')
    this.#backbone.begin()
    this.#run(engine, { type: 'tick' })
    this.#feeds.start()
  }

  /** Asked for the few lines of a log that name nodes only. */
  #nameOf(id: string): string {
    const members = this.#engine?.status(clock.now()).members
    return members?.find((member) => member.id === id)?.name ?? id
  }

  /** Takes an input, and then what that leads to, in order. */
  #run(engine: EngineFace, first: Input): void {
    let now = clock.now()
    this.#stepping = true
    try {
      for (const effect of engine.step(first, now)) this.#carryOut(effect)
      // It may grow meanwhile.
      for (const input of this.#waiting) {
        now = clock.now()
        for (const effect of engine.step(input, now)) this.#carryOut(effect)
      }
    } finally {
      this.#stepping = false
      if (this.#waiting.length > 0) this.#waiting = []
    }
    this.#alarm.set(engine.wakeAt, now.ms)
  }

  #wake(): void {
    const engine = this.#engine
    if (!engine) return
    const { ms } = clock.now()
    if (engine.wakeAt <= ms) this.step({ type: 'tick' })
    else this.#alarm.set(engine.wakeAt, ms)
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'answer':
        for (const reader of effect.readers) this.#settle(reader, effect)
        break
      case 'tell':
        this.#tell(effect)
        break
      case 'refuse':
      case 'stays':
        this.#settle(effect.reader, effect)
        break
      case 'published':
        this.#publishing.end()
        this.#settle(effect.publisher, effect)
        break
      case 'report':
        this.report(effect.report)
        break
      default:
        this.#backbone.carryOut(effect)
    }
  }

  /** All readers and publishers were made by the HTTP side, which makes patrons only (see `Patron`). */
  #settle(patron: object, effect: Effect): void {
    try {
      ;(patron as Patron).settle(effect)
    } catch (error) {
      this.#failed(effect, error)
    }
  }

  /** The same, of those who stay. They are of a few kinds only: where all are called, V8 looks each up anew. */
  #tell(effect: Extract<Effect, { type: 'tell' }>): void {
    for (const reader of effect.readers)
      try {
        ;(reader as Patron).settle(effect)
      } catch (error) {
        this.#failed(effect, error)
      }
  }

  #failed({ type }: Effect, error: unknown): void {
    this.#log.error({ err: error, effect: type }, 'a patron failed')
  }

  async #drain(): Promise<void> {
    const end = performance.now() + this.#options.drainTimeout * 1000
    const leftMs = (): number => Math.max(0, end - performance.now())
    this.#feeds.close()
    this.step({ type: 'drain' })
    await this.#publishing.none(leftMs())
    this.step({ type: 'leave' })
    await this.#http.close(leftMs())
    await this.#backbone.close()
    this.#closed = true
    this.#alarm.clear()
    this.#log.info('stopped')
  }
}
