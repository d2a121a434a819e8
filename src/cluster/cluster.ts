import type { Effect, Now, Publish, Report } from '../effect.js'
import type { CoreOptions } from '../limits.js'
import { Lamport } from '../log/lamport.js'
import type { Ledger } from '../log/ledger.js'
import type { Audience, Log } from '../log/log.js'
import type { NodeId } from '../log/node-id.js'
import type { Position } from '../log/record.js'
import type { Rules } from '../log/rules.js'
import { Accept } from './accept.js'
import type { Decision } from './decision.js'
import { Desire } from './desire.js'
import { Fetch } from './fetch.js'
import { Gossip } from './gossip.js'
import { Inbox } from './inbox.js'
import { type InstallParts, install } from './install.js'
import { Members } from './members.js'
import type { Claim, Direct, Message, Sync } from './message.js'
import { viewText } from './peer.js'
import { Readiness } from './readiness.js'
import { Replication } from './replication.js'
import { route } from './routes.js'
import { Staging } from './staging.js'
import { Standing } from './standing.js'
import type { Tombstones } from './tombstones.js'
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
  /** Since when the view stands, in milliseconds of wall time. */
  viewSince: number
  readonly members: Members
  readonly viewChange: ViewChange
  readonly replication: Replication
  readonly accept: Accept
  readonly staging = new Staging()
  readonly lamport: Lamport
  readonly readiness: Readiness
  readonly #parts: Parts
  readonly #standing: Standing
  readonly #gossip: Gossip
  readonly #fetch: Fetch
  readonly #inbox: Inbox
  readonly #installParts: InstallParts
  readonly #send = (to: readonly NodeId[], message: Direct): void =>
    route(this.members, to, message, this.#now.ms, this.#parts.emit)
  readonly #broken = (invariant: string): void => this.#report('invariant_broken', { invariant })
  #now: Now
  #choresMs = Number.NEGATIVE_INFINITY

  constructor(parts: Parts) {
    const { self, ledger, options, rules, now, tombstones, waiting } = parts
    this.#parts = parts
    this.#now = now
    this.viewSince = now.wall
    this.lamport = new Lamport(rules.wallFloor)
    this.members = new Members(self, options)
    this.readiness = new Readiness(this.members, options, now.ms)
    this.#standing = new Standing({
      self,
      ledger,
      lamport: this.lamport,
      staging: this.staging,
      tombstones,
      members: this.members,
      options,
      view: () => this.viewChange.view,
      ready: () => this.ready,
      draining: () => this.draining,
      leaving: () => this.viewChange.retired,
      waiting,
    })
    this.viewChange = this.#makeViewChange()
    this.accept = this.#makeAccept()
    this.replication = this.#makeReplication()
    this.#fetch = new Fetch({
      ledger,
      lamport: this.lamport,
      staging: this.staging,
      rules,
      members: this.members,
      stagedBytes: options.retentionBytes,
      send: this.#send,
    })
    this.#gossip = new Gossip({
      members: this.members,
      options,
      claim: (hears, counter) => this.#standing.claim(hears, counter),
      emit: parts.emit,
      namesake: (other) => this.#meetNamesake(other),
    })
    const { lamport, accept, replication, members, viewChange } = this
    this.#inbox = new Inbox({
      ...parts,
      lamport,
      members,
      viewChange,
      replication,
      fetch: this.#fetch,
      gossip: this.#gossip,
      frozen: () => this.#frozen(),
      send: this.#send,
    })
    this.#installParts = { ...parts, lamport, accept, replication, fetch: this.#fetch, broken: this.#broken }
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
      send: this.#send,
      state: (id) => this.#standing.state(id, this.#now.ms),
      reach: () => new Map(this.#standing.reach()),
      fetch: (sync, decisions) => this.#fetch.target(sync, decisions, this.#now.ms),
      install: (sync, decisions) => this.#install(sync, decisions),
      restart: () => this.staging.dropAllUndecided(),
      forgotten: () => tombstones.forgotten,
      overdue: () => this.#standing.overdue(this.#now.ms),
      report: (event, detail) => this.#report(event, detail),
    })
  }

  #makeAccept(): Accept {
    const { self, ledger, audience, options, rules } = this.#parts
    return new Accept({
      origin: ledger.add(self),
      ledger,
      lamport: this.lamport,
      audience,
      options,
      rules,
      copies: () => this.viewChange.view.members.length,
      refusal: () => (this.draining ? 'draining' : this.ready ? undefined : 'not_ready'),
      frozen: () => this.#frozen(),
    })
  }

  #makeReplication(): Replication {
    const { self, ledger, audience, options, rules, emit } = this.#parts
    const parts = {
      origin: ledger.add(self),
      ledger,
      lamport: this.lamport,
      audience,
      accept: this.accept,
      options,
      rules,
      unreachable: (id: NodeId) => !this.members.reachable(this.#now.ms).some((peer) => peer.id === id),
      send: this.#send,
      hangup: (peer: NodeId, reason: string) => emit({ type: 'hangup', peer, code: 4400, reason }),
      broken: this.#broken,
    }
    return new Replication(parts, this.viewChange.view, this.#now.ms)
  }

  get ready(): boolean {
    return this.readiness.ready
  }

  /** Records shown here, of all origins. */
  get shown(): number {
    return this.replication.shown
  }

  #frozen(): boolean {
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
    const lostMs = now.ms - this.#now.ms
    if (lostMs > this.#parts.options.retentionMs) this.viewChange.stale = true
    if (lostMs > pauseMs) {
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
    this.viewChange.stalled(this.replication.stalled(nowMs), nowMs)
    this.viewChange.tick(nowMs)
    if (!this.viewChange.frozen) this.#fetch.ahead(this.viewChange.view.id, nowMs)
    this.replication.remind(nowMs)
    this.staging.clear(nowMs - leaseMs)
    this.readiness.look(this.viewChange, nowMs)
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
    this.#inbox.receive(from, message, this.#now)
  }

  #install(sync: Sync, decisions: readonly Decision[]): void {
    const { view } = this.viewChange
    install(sync, view, decisions, this.#installParts, this.#now.ms)
    this.viewSince = this.#now.wall
    this.readiness.ready ||= sync.ready
    const members = view.members.map((id) => this.nameOf(id))
    this.#report('view_installed', { view: viewText(view.id), members })
    this.accept.release(this.#now)
    this.replication.grown(this.#now.ms)
    this.#gossip.touch()
  }

  nameOf(id: NodeId): string {
    return id === this.#parts.self ? this.#parts.options.name : (this.members.get(id)?.claim.name ?? id)
  }

  /** Of two living nodes of one name the one that is ready stays; of two such the younger, since the other was replaced (R1). */
  #meetNamesake(other: Claim): void {
    const stays = this.ready === other.ready ? this.members.self > other.id : this.ready
    if (stays || this.viewChange.retired) return
    this.draining = true
    this.viewChange.retired = true
    this.leave()
    this.#report('name_taken', { name: other.name, address: other.address })
  }

  #report(event: string, detail: Report['detail']): void {
    this.#parts.emit({ type: 'report', report: detail ? { event, detail } : { event } })
  }
}
