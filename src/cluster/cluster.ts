import type { Effect, Now, Publish } from '../effect.js'
import type { CoreOptions } from '../limits.js'
import { Lamport } from '../log/lamport.js'
import type { Ledger } from '../log/ledger.js'
import type { Audience, Log } from '../log/log.js'
import type { NodeId } from '../log/node-id.js'
import type { Position } from '../log/record.js'
import type { Rules } from '../log/rules.js'
import { Accept } from './accept.js'
import { Desire } from './desire.js'
import { Fetch } from './fetch.js'
import { Gossip } from './gossip.js'
import { Members } from './members.js'
import { merge } from './merge.js'
import type { Batch, Claim, Copies, Direct, Message, State, Sync, ViewId, Want } from './message.js'
import { viewText } from './peer.js'
import { Readiness } from './readiness.js'
import { Replication } from './replication.js'
import { route } from './routes.js'
import { Staging } from './staging.js'
import type { Tombstones } from './tombstones.js'
import { serve } from './transfer.js'
import { ViewChange } from './view-change.js'

/** How often the cluster looks after itself: when all is well, and when something is under way. */
const choreMs = 100
const busyChoreMs = 20
/** No step for this long: the process was stopped, and the silence of others means nothing. */
const pauseMs = 1000
const leaseMs = 10_000

interface Parts {
  readonly self: NodeId
  readonly ledger: Ledger
  readonly tombstones: Tombstones
  readonly audience: Audience
  readonly options: CoreOptions
  readonly rules: Rules
  readonly random: () => number
  readonly now: Now
  readonly waiting: () => number
  emit(effect: Effect): void
}

/**
 * The built-in log: one order over all members of a view. It says who talks to which part, and holds no rule of its
 * own: link → gossip → membership → view → replication.
 */
export class Cluster implements Log {
  draining = false
  readonly members: Members
  readonly viewChange: ViewChange
  readonly replication: Replication
  readonly accept: Accept
  readonly staging = new Staging()
  readonly lamport: Lamport
  readonly #parts: Parts
  readonly #gossip: Gossip
  readonly #readiness: Readiness
  readonly #fetch: Fetch
  #now: Now
  #choresMs = Number.NEGATIVE_INFINITY
  #forgotMs = Number.NEGATIVE_INFINITY

  constructor(parts: Parts) {
    const { self, ledger, options, rules, audience, now } = parts
    this.#parts = parts
    this.#now = now
    this.lamport = new Lamport(rules.wallFloor)
    this.members = new Members(self, options)
    this.#readiness = new Readiness(this.members, options, now.ms)
    const origin = ledger.add(self)
    const send = (to: readonly NodeId[], message: Direct) => this.#send(to, message)
    this.viewChange = this.#makeViewChange()
    this.accept = new Accept({
      origin,
      ledger,
      lamport: this.lamport,
      audience,
      options,
      rules,
      copies: () => this.viewChange.view.members.length,
      refusal: () => (this.draining ? 'draining' : this.ready ? undefined : 'not_ready'),
      frozen: () => this.#frozen,
    })
    this.replication = new Replication(
      {
        origin,
        ledger,
        lamport: this.lamport,
        audience,
        accept: this.accept,
        options,
        rules,
        unreachable: (id) => !this.members.reachable(this.#now.ms).some((peer) => peer.id === id),
        send,
        hangup: (peer, reason) => parts.emit({ type: 'hangup', peer, code: 4400, reason }),
        broken: (invariant) => this.#broken(invariant),
      },
      this.viewChange.view,
      now.ms,
    )
    this.#fetch = new Fetch({
      ledger,
      staging: this.staging,
      members: this.members,
      stagedBytes: options.retentionBytes,
      send,
    })
    this.#gossip = new Gossip({
      members: this.members,
      options,
      claim: (hears, counter) => this.#claim(hears, counter),
      emit: parts.emit,
      replaced: (by) => this.#retire(by),
    })
  }

  #makeViewChange(): ViewChange {
    const { self, options, rules, random, tombstones } = this.#parts
    return new ViewChange({
      self,
      options,
      rules,
      random,
      members: this.members,
      desire: new Desire(self, this.members, options),
      send: (to, message) => this.#send(to, message),
      state: (id) => this.#state(id),
      reach: () => new Map(this.#reach()),
      fetch: (sync) => this.#fetch.target(sync, this.#now.ms),
      install: (sync) => this.#install(sync),
      forgotten: () => tombstones.forgotten,
      overdue: () => this.#overdue(),
      report: (event, detail) => this.#parts.emit({ type: 'report', report: { event, detail } }),
    })
  }

  get ready(): boolean {
    return this.#readiness.ready
  }

  /** Records shown here, of all origins. */
  get shown(): number {
    return this.replication.shown
  }

  get #frozen(): boolean {
    return this.viewChange.frozen && this.#parts.rules.freeze
  }

  get nextMs(): number {
    const chores = this.#choresMs + (this.viewChange.busy ? busyChoreMs : choreMs)
    return Math.min(chores, this.#gossip.nextMs, this.replication.nextMs, this.accept.nextMs)
  }

  position(): Position {
    return this.#parts.ledger.position()
  }

  /** Begins a step: notices lost time before anything is judged by it. */
  begin(now: Now): void {
    if (now.ms - this.#now.ms > pauseMs) {
      this.members.forgive(now.ms)
      this.replication.forgive(now.ms)
    }
    this.#now = now
  }

  append(publish: Publish, now: Now): void {
    this.accept.append(publish, now)
    this.replication.grown(now.ms)
  }

  tick(): void {
    const { ms } = this.#now
    if (this.#gossip.tick(ms)) this.replication.repeat()
    if (ms >= this.#choresMs + (this.viewChange.busy ? busyChoreMs : choreMs)) this.#chores(ms)
    this.accept.expire(ms)
    this.replication.flush(ms)
  }

  #chores(nowMs: number): void {
    this.#choresMs = nowMs
    for (const id of this.replication.stalled(nowMs)) this.viewChange.shun(id, nowMs)
    this.viewChange.tick(nowMs)
    if (!this.viewChange.frozen) this.#fetch.ahead(this.viewChange.view.id, nowMs)
    this.replication.remind(nowMs)
    this.staging.clear(nowMs - leaseMs)
    this.#readiness.look(this.viewChange, nowMs)
  }

  linked(peer: NodeId): void {
    this.members.link(peer, true, this.#now.ms)
    this.replication.relinked(peer)
    this.#gossip.touch()
  }

  unlinked(peer: NodeId): void {
    this.members.link(peer, false, this.#now.ms)
    this.#gossip.touch()
  }

  refused(id: NodeId): void {
    const peer = this.members.get(id)
    if (peer) peer.refusals++
    this.viewChange.look(this.#now.ms)
  }

  leave(): void {
    this.#parts.emit({ type: 'send', to: this.members.links, message: { type: 'leave' } })
  }

  received(from: NodeId, message: Message): void {
    this.members.heardFrom(from, this.#now.ms)
    if (message.type !== 'relay') this.#handle(from, message)
    else if (message.to === this.#parts.self) this.#handle(message.from, message.message)
    else if (message.from === from && this.members.get(message.to)?.linked)
      this.#parts.emit({ type: 'send', to: [message.to], message })
  }

  #handle(from: NodeId, message: Direct): void {
    const { viewChange } = this
    const { ms } = this.#now
    switch (message.type) {
      case 'heartbeat':
        this.#gossip.receive(message, ms)
        viewChange.look(ms)
        break
      case 'batch':
        this.#onBatch(from, message)
        break
      case 'propose':
        viewChange.onPropose(from, message.id, message.members, ms)
        break
      case 'nack':
        viewChange.onNack(from, message.id, message.ballot, ms)
        break
      case 'state':
        viewChange.onState(from, message, ms)
        break
      case 'sync':
        viewChange.onSync(from, message, ms)
        break
      case 'synced':
        viewChange.onSynced(from, message.id, ms)
        break
      case 'install':
        viewChange.onInstall(from, message.id, ms)
        break
      case 'want':
        this.#onWant(from, message)
        break
      case 'copies':
        this.#onCopies(from, message)
        break
      case 'leave':
        this.#onLeave(from)
        break
      default:
        message satisfies never
    }
  }

  #onBatch(from: NodeId, batch: Batch): void {
    const { view } = this.viewChange
    // Whoever speaks in a view that we only wait for proves that all members hold its target.
    if (viewText(batch.view) !== viewText(view.id)) this.viewChange.onInstall(from, batch.view, this.#now.ms)
    if (viewText(batch.view) !== viewText(this.viewChange.view.id) || this.#frozen) return
    this.replication.receive(from, batch, this.#now)
    this.replication.flush(this.#now.ms)
  }

  #onWant(from: NodeId, want: Want): void {
    const { ledger, audience, options } = this.#parts
    for (const copies of serve(want, { ledger, audience, options, nowMs: this.#now.ms })) this.#send([from], copies)
  }

  #onCopies(from: NodeId, copies: Copies): void {
    const { ms } = this.#now
    const last = this.#fetch.take(from, copies, ms)
    if (this.viewChange.frozen) this.viewChange.fetched(ms)
    else if (last) this.#fetch.ahead(this.viewChange.view.id, ms)
  }

  #onLeave(from: NodeId): void {
    const peer = this.members.get(from)
    peer?.update({ ...peer.claim, leaving: true, counter: Number.MAX_SAFE_INTEGER }, this.#now.ms)
    this.#gossip.touch()
    this.viewChange.look(this.#now.ms)
  }

  #send(to: readonly NodeId[], message: Direct): void {
    route(this.members, to, message, this.#now.ms, this.#parts.emit)
  }

  #claim(hears: readonly NodeId[], counter: number): Claim {
    const { self, options, waiting } = this.#parts
    const { name, address, url } = options
    const { id: view, members } = this.viewChange.view
    const ready = this.ready && !this.draining
    const own = { id: self, name, address, url, counter, ready, leaving: false, view, members }
    return { ...own, hears, have: this.#reach(), waiters: waiting() }
  }

  /** How far each origin is held, fetched records included. */
  #reach(): [NodeId, number][] {
    const ids = new Set([...this.#parts.ledger.ids, ...this.staging.ids()])
    return [...ids].map((id) => [id, this.#fetch.reach(id)])
  }

  #state(id: ViewId): State {
    const { ledger } = this.#parts
    const state = { id, have: ledger.reach(), time: this.lamport.time, ready: this.ready }
    return { type: 'state', ...state, expired: this.#expired() }
  }

  #expired(): NodeId[] {
    const { ms } = this.#now
    const { members } = this.viewChange.view
    const present = (id: NodeId) =>
      members.includes(id) || this.members.get(id)?.alive(ms, this.#parts.options.suspectMs) === true
    return this.#parts.tombstones.expired(present, ms)
  }

  /** Asked for once a retention time at most: the others may not be done with it. */
  #overdue(): boolean {
    if (this.#now.ms - this.#forgotMs < Math.max(leaseMs, this.#parts.options.retentionMs)) return false
    if (this.#expired().length === 0) return false
    this.#forgotMs = this.#now.ms
    return true
  }

  /** R6, the end of a view change: all members hold the target, and show it in the same order. */
  #install(sync: Sync): void {
    const { ledger, audience, tombstones } = this.#parts
    const { view } = this.viewChange
    const before = ledger.position()
    this.#checkTarget(sync)
    for (const id of view.members) ledger.add(id)
    merge(ledger, audience, sync.target, (entry, first) => {
      if (entry.origin.id === this.#parts.self) this.accept.tickets.shown(entry, first, view.members.length)
    })
    for (const { origin, floors, lost } of this.#fetch.takeHeld()) audience.missed(origin, floors, lost)
    for (const [id] of sync.target) tombstones.revive(id)
    for (const id of sync.forget) this.#forget(id)
    this.lamport.witness(sync.time)
    this.accept.unstableBytes = 0
    this.replication.begin(view, sync.target, this.#now.ms)
    this.#readiness.ready ||= sync.ready
    const detail = { view: viewText(view.id), members: view.members.map((id) => this.nameOf(id)) }
    this.#parts.emit({ type: 'report', report: { event: 'view_installed', detail } })
    audience.shown(before)
    this.accept.release(this.#now)
    this.replication.grown(this.#now.ms)
    this.#gossip.touch()
  }

  #forget(id: NodeId): void {
    if (this.viewChange.view.members.includes(id)) return
    const origin = this.#parts.tombstones.forget(id)
    if (origin) this.#parts.audience.forget(origin)
  }

  #checkTarget(sync: Sync): void {
    const target = new Map(sync.target)
    for (const { id, shown, have } of this.#parts.ledger.origins) {
      const to = target.get(id) ?? 0
      if (shown > to || have < to) this.#broken(`I2: ${id} shown ${shown}, target ${to}, held ${have}`)
    }
  }

  nameOf(id: NodeId): string {
    return id === this.#parts.self ? this.#parts.options.name : (this.members.get(id)?.claim.name ?? id)
  }

  /** R1: of two lives of one name the younger counts; the older takes no more work. */
  #retire(by: Claim): void {
    if (this.draining) return
    this.draining = true
    const detail = { name: by.name, address: by.address }
    this.#parts.emit({ type: 'report', report: { event: 'name_taken', detail } })
  }

  #broken(invariant: string): void {
    this.#parts.emit({ type: 'report', report: { event: 'invariant_broken', detail: { invariant } } })
  }
}
