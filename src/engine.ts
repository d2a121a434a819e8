import { auditChannels, auditLog, auditMemory } from './audit.js'
import { ChannelAudience } from './channel/audience.js'
import { Channels } from './channel/channels.js'
import { Readers } from './channel/readers.js'
import { Strangers } from './channel/strangers.js'
import { Survey } from './channel/survey.js'
import { Cluster } from './cluster/cluster.js'
import { memberStatuses, viewStatus } from './cluster/status.js'
import { Tombstones } from './cluster/tombstones.js'
import type { Effect, Input, Now, Poll, Status, SurveyWish } from './effect.js'
import type { CoreOptions } from './limits.js'
import { Ledger } from './log/ledger.js'
import { isStreamId, makeNodeId, type NodeId } from './log/node-id.js'
import { allRules, type Rules } from './log/rules.js'

/** What a step begins with; nothing is ever put into it. */
const nothing: Effect[] = []

/** How often old messages and idle channels are looked for. */
const sweepMs = 250
/** Added to the suspicion time: how long a node that lags may take to hear of a new one. */
const strangerMs = 2000

export interface EngineParts {
  readonly options: CoreOptions
  /** Dice in [0, 1). */
  readonly random: () => number
  readonly now: Now
  /** Only the simulator passes other rules than the true ones. */
  readonly rules?: Rules
}

/**
 * The whole core of a node, as one synchronous state machine: an input and the time go in, effects come out. Nothing in
 * here waits, measures time or rolls dice of its own; so what production runs is what the simulator has run.
 */
export class Engine {
  readonly id: NodeId
  readonly #options: CoreOptions
  readonly #ledger = new Ledger()
  readonly #channels: Channels
  readonly #readers: Readers
  readonly #strangers: Strangers
  readonly #audience: ChannelAudience
  readonly #cluster: Cluster
  #effects: Effect[] = nothing
  #sweepMs = Number.NEGATIVE_INFINITY

  constructor({ options, random, now, rules = allRules }: EngineParts) {
    const emit = (effect: Effect): void => this.#emit(effect)
    const ledger = this.#ledger
    const tombstones = new Tombstones(ledger, options)
    const channels = new Channels(ledger, options, rules)
    const strangers = new Strangers({
      fate: (id, seq) => (isStreamId(id) ? 'other_log' : tombstones.fate(id, seq)),
      viewSince: () => this.#cluster.viewSince,
      graceMs: options.suspectMs + strangerMs,
      originsMax: options.cursorOriginsMax,
    })
    const readers = new Readers({ ledger, channels, options, rules, emit, strangers })
    const audience = new ChannelAudience(channels, readers, emit)
    const waiting = (): number => readers.waiting
    this.id = makeNodeId(now.wall, random)
    this.#options = options
    this.#channels = channels
    this.#readers = readers
    this.#strangers = strangers
    this.#audience = audience
    const parts = { self: this.id, ledger, tombstones, audience, options, rules, random, now, waiting, emit }
    this.#cluster = new Cluster(parts)
  }

  /** It holds all that was retained when it joined, and takes requests. */
  get ready(): boolean {
    return this.#cluster.ready && !this.#cluster.draining
  }

  /** Who is not ready has nothing to give. */
  get serves(): boolean {
    return this.ready
  }

  /** When the core next wants a `tick`, on the `ms` clock. */
  get wakeAt(): number {
    return Math.min(this.#cluster.nextMs, this.#readers.nextMs, this.#sweepMs + sweepMs)
  }

  /** Takes one input. What a client or peer does wrong is answered or refused; it never throws for that. */
  step(input: Input, now: Now): readonly Effect[] {
    this.#effects = nothing
    this.#audience.nowMs = now.ms
    this.#audience.wallMs = now.wall
    this.#strangers.begin(now)
    this.#cluster.begin(now)
    this.#take(input, now)
    this.#ledger.slabs.forget()
    return this.#effects
  }

  /** Most steps have one effect or none, and an empty list that is pushed to has room for seventeen. */
  #emit(effect: Effect): void {
    if (this.#effects.length === 0) this.#effects = [effect]
    else this.#effects.push(effect)
  }

  #take(input: Input, now: Now): void {
    const cluster = this.#cluster
    if (input.type !== 'poll') this.#readers.changed()
    switch (input.type) {
      case 'publish':
        cluster.append(input, now)
        break
      case 'poll':
        this.#poll(input, now.ms)
        break
      case 'cancel':
        this.#readers.cancel(input.reader)
        break
      case 'beat':
        this.#readers.beat(input.readers)
        break
      case 'received':
        cluster.received(input.from, input.message)
        break
      case 'linked':
        cluster.linked(input.peer)
        cluster.tick()
        break
      case 'unlinked':
        cluster.unlinked(input.peer)
        break
      case 'incompatible':
        cluster.readiness.incompatible = input.addresses
        break
      case 'refused':
        cluster.refused(input.peer)
        break
      case 'tick':
        this.#tick(now.ms)
        break
      case 'drain':
        cluster.draining = true
        this.#readers.endAll()
        break
      case 'leave':
        // Their fate is not known, and nobody will be here to tell it.
        cluster.accept.expire(Number.POSITIVE_INFINITY)
        cluster.leave()
        break
      case 'log':
        // Of another log than this one.
        break
      default:
        input satisfies never
    }
  }

  #poll(poll: Poll, nowMs: number): void {
    if (this.ready) {
      this.#readers.poll(poll, nowMs)
      return
    }
    const code = this.#cluster.draining ? 'draining' : 'not_ready'
    const reason = code === 'draining' ? 'this node is stopping' : 'this node is joining its cluster'
    this.#emit({ type: 'refuse', reader: poll.reader, code, reason })
  }

  #tick(nowMs: number): void {
    this.#cluster.tick()
    if (nowMs >= this.#sweepMs + sweepMs) {
      this.#sweepMs = nowMs
      this.#channels.expire(nowMs)
      this.#channels.tidy(nowMs)
      this.#readers.wake(this.#ledger.position())
    }
    this.#readers.expire(nowMs)
  }

  status(now: Now): Status {
    const cluster = this.#cluster
    const { draining, viewChange } = cluster
    const { incompatible } = cluster.readiness
    const { name } = this.#options
    return {
      id: this.id,
      name,
      ready: this.ready,
      state: draining ? 'draining' : !cluster.ready ? 'joining' : viewChange.frozen ? 'frozen' : 'ready',
      view: viewStatus(cluster),
      members: memberStatuses(cluster, {
        id: this.id,
        ready: this.ready,
        waiters: this.#readers.waiting,
        nowMs: now.ms,
      }),
      ...(incompatible.length > 0 && { incompatible }),
      counters: this.#counters(),
      gauges: this.#gauges(),
      log: { kind: 'mesh' },
      times: { publish: this.#audience.publishing.spread(), delivery: this.#audience.delivery.spread() },
    }
  }

  /** To be walked through; it looks at the channels as they are by then. */
  survey(wish: SurveyWish, now: Now): Survey {
    return new Survey(this.#channels, wish, now.wall)
  }

  #counters(): Status['counters'] {
    const { accept, shown, viewChange } = this.#cluster
    return {
      published: accept.accepted,
      shown,
      duplicates: this.#audience.duplicates,
      delivered: this.#readers.delivered,
      delivered_to_streams: this.#readers.told,
      evicted: this.#channels.evicted,
      gaps: this.#readers.gaps,
      gaps_unknown_origin: this.#readers.strangeGaps,
      gaps_other_log: this.#readers.foreignGaps,
      views: viewChange.installs,
    }
  }

  #gauges(): Status['gauges'] {
    const { accept, staging } = this.#cluster
    const channels = this.#channels
    return {
      waiters: this.#readers.waiting,
      streams: this.#readers.staying,
      channels: channels.size,
      retained_messages: channels.count,
      retained_bytes: channels.bytes,
      keys: channels.keys.size,
      publishing: accept.waiting,
      unstable_bytes: accept.unstableBytes,
      queued_bytes: accept.queuedBytes,
      staged_bytes: staging.bytes,
    }
  }

  /** Breaks of the invariants I1 to I10, in words; empty when all hold. Slow: for the simulator and on demand. */
  audit(): readonly string[] {
    return [
      ...auditLog(this.#ledger, this.#cluster.viewChange),
      ...auditChannels(this.#channels),
      ...auditMemory(this.#ledger, this.#channels.keys),
    ]
  }
}

export type EngineFace = Pick<Engine, 'id' | 'ready' | 'serves' | 'wakeAt' | 'step' | 'status' | 'survey' | 'audit'>
