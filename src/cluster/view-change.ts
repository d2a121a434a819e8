import type { CoreOptions } from '../limits.js'
import type { NodeId } from '../log/node-id.js'
import type { Rules } from '../log/rules.js'
import { type Decision, decisionsOf } from './decision.js'
import type { Desire } from './desire.js'
import type { Members } from './members.js'
import type { Direct, Reach, State, Sync, ViewId } from './message.js'
import { compareViews, sameView } from './peer.js'
import { Proposal } from './proposal.js'

/** A difference between the view and the world must last this long before it counts. */
const settleMs = 100
/** The same for a member that says it is in another view: its word may be older than the view. */
const dividedMs = 400
/** Views follow each other no faster than this. */
const holdMs = 400
const resendMs = 60
/** The oldest proposes; each next in age waits this much longer, in case the older ones can't. */
const rankMs = 1500
/** The least time before a view change that is made only to forget dead origins. */
const forgetMs = 10_000
const shunLeastMs = 1000
const shunMostMs = 30_000

export interface View {
  readonly id: ViewId
  readonly members: readonly NodeId[]
}

/** What the view change needs of the node around it. */
export interface ViewHost {
  readonly self: NodeId
  readonly options: CoreOptions
  readonly rules: Rules
  readonly random: () => number
  readonly members: Members
  readonly desire: Desire
  send(to: readonly NodeId[], message: Direct): void
  /** What this node holds, and whether it is ready: its STATE. */
  state(id: ViewId): State
  /** How far each origin is held, fetched records included. */
  reach(): Map<NodeId, number>
  /** Fetches what the target asks for; true once all of it is in the log. */
  fetch(sync: Sync, decisions: readonly Decision[]): boolean
  install(sync: Sync, decisions: readonly Decision[]): void
  /** What was fetched for a view that did not come about may be out of date. */
  restart(): void
  forgotten(): readonly Reach[]
  /** Origins whose tombstone has run out: worth a view change of its own. */
  overdue(): boolean
  report(event: string, detail: { readonly [field: string]: string | number | readonly string[] }): void
}

/**
 * R6, agreed views: propose, state, sync, install. The one way in which members come and go, whether by start, join,
 * crash, pause or heal. A freeze is one-way: after its STATE a node accepts nothing until a view is installed.
 */
export class ViewChange {
  view: View
  promised: ViewId
  frozen = false
  /** Another node has its name: it has no part in views any more. */
  retired = false
  /** This node was stopped for so long that what reaches it in this view may have been forgotten by all others. */
  stale = false
  #promisedMs = 0
  #installedMs = Number.NEGATIVE_INFINITY
  #proposal: Proposal | undefined
  #sync: Sync | undefined
  #decisions: readonly Decision[] = []
  #synced = false
  #ballot = 0
  #retryMs = 0
  #unlikeMs: number | undefined
  #attempts = 0
  installs = 0

  constructor(readonly host: ViewHost) {
    this.view = { id: { ballot: 0, proposer: host.self }, members: [host.self] }
    this.promised = this.view.id
  }

  /** Something is under way or out of place: `tick` should come more often. */
  get busy(): boolean {
    return this.frozen || this.#unlikeMs !== undefined
  }

  tick(nowMs: number): void {
    if (this.retired) return
    if (this.#proposal) this.#drive(this.#proposal, nowMs)
    else if (this.frozen) this.#rescue(nowMs)
    else this.#watch(nowMs)
  }

  /** Looks at once, not at the next tick: somebody came or went. */
  look(nowMs: number): void {
    if (!this.frozen && !this.#proposal && !this.retired) this.#watch(nowMs)
  }

  #watch(nowMs: number): void {
    const { host } = this
    const want = host.desire.now(this.view, () => host.reach(), nowMs)
    const unlike = want.length !== this.view.members.length || want.some((id, i) => id !== this.view.members[i])
    const divided = host.desire.divided(this.view, nowMs)
    if (!unlike && !divided && !this.stale && !(want[0] === host.self && this.#mayForget(nowMs))) {
      this.#unlikeMs = undefined
      this.#attempts = 0
      return
    }
    this.#unlikeMs ??= nowMs
    const patience = (unlike ? settleMs : dividedMs) + want.indexOf(host.self) * rankMs * (1 + this.#attempts)
    if (nowMs - this.#unlikeMs < patience || nowMs - this.#installedMs < holdMs || nowMs < this.#retryMs) return
    this.#propose(want, nowMs)
  }

  /** Asked for once a retention time at most: the others may not be done with the same origins. */
  #mayForget(nowMs: number): boolean {
    const restMs = Math.max(forgetMs, this.host.options.retentionMs)
    return nowMs - this.#installedMs > restMs && this.host.overdue()
  }

  /** Frozen with no proposal of one's own: whoever froze us may be gone. */
  #rescue(nowMs: number): void {
    const { host } = this
    const mine = this.promised.proposer === host.self
    if (mine && nowMs < this.#retryMs) return
    const want = host.desire.now(this.view, () => host.reach(), nowMs)
    const patience = mine ? 0 : 2 * host.options.proposeMs + want.indexOf(host.self) * rankMs
    if (nowMs - this.#promisedMs < patience) {
      if (this.#sync && !this.#synced) this.#progress(nowMs)
      return
    }
    this.#propose(want, nowMs)
  }

  #propose(members: readonly NodeId[], nowMs: number): void {
    const { host } = this
    this.#attempts++
    this.#ballot = Math.max(this.#ballot, this.promised.ballot, this.view.id.ballot) + 1
    const id = { ballot: this.#ballot, proposer: host.self }
    const proposal = new Proposal(id, members, nowMs)
    host.report('view_proposed', { view: id.ballot, members })
    this.#promise(id, nowMs)
    this.#proposal = proposal
    this.#broadcast({ type: 'propose', id, members }, proposal)
    this.onState(host.self, host.state(id), nowMs)
  }

  #promise(id: ViewId, nowMs: number): void {
    this.host.restart()
    this.promised = id
    this.frozen = true
    this.#promisedMs = nowMs
    this.#proposal = undefined
    this.#sync = undefined
    this.#synced = false
    this.#ballot = Math.max(this.#ballot, id.ballot)
  }

  #broadcast(message: Direct, { members }: Proposal): void {
    const others = members.filter((id) => id !== this.host.self)
    if (others.length > 0) this.host.send(others, message)
  }

  onPropose(from: NodeId, id: ViewId, members: readonly NodeId[], nowMs: number): void {
    if (from !== id.proposer || !members.includes(this.host.self) || !members.includes(from)) return
    if (this.host.members.get(from)?.superseded) return
    if (!this.frozen && this.#turnsDown(from, members, nowMs)) {
      this.host.send([from], { type: 'nack', id, ballot: 0 })
      return
    }
    const order = compareViews(id, this.promised)
    if (order < 0 || (order === 0 && !this.frozen)) {
      if (order < 0) this.host.send([from], { type: 'nack', id, ballot: this.promised.ballot })
      return
    }
    if (order > 0) this.#promise(id, nowMs)
    if (!this.#sync) this.host.send([from], this.host.state(id))
  }

  /** Whom this node does not want now; or who would take it out of a view with an older member that it can reach. */
  #turnsDown(from: NodeId, members: readonly NodeId[], nowMs: number): boolean {
    const peer = this.host.members.get(from)
    if (peer && nowMs < peer.shunnedUntilMs) return true
    return this.view.members.some((id) => {
      const member = this.host.members.get(id)
      return id < from && !members.includes(id) && member?.welcome(nowMs) && this.host.members.direct(member, nowMs)
    })
  }

  onNack(from: NodeId, id: ViewId, ballot: number, nowMs: number): void {
    const proposal = this.#proposal
    if (!proposal || !sameView(proposal.id, id) || !proposal.members.includes(from)) return
    this.#ballot = Math.max(this.#ballot, ballot)
    if (ballot < id.ballot) this.host.members.get(from)?.turnedDown(nowMs, shunLeastMs, shunMostMs)
    this.#abandon(nowMs, 100)
  }

  onState(from: NodeId, state: State, nowMs: number): void {
    const proposal = this.#proposal
    if (!proposal || proposal.sync || !sameView(proposal.id, state.id) || !proposal.members.includes(from)) return
    proposal.states.set(from, state)
    proposal.movedMs = nowMs
    if (proposal.silent.length > 0) return
    const { rules, self } = this.host
    const sync = proposal.conclude(self, {
      ready: false,
      targetOfAll: rules.targetOfAll,
      forgotten: this.host.forgotten(),
    })
    proposal.sentMs = nowMs
    this.#broadcast(sync, proposal)
    this.onSync(self, sync, nowMs)
  }

  onSync(from: NodeId, sync: Sync, nowMs: number): void {
    if (!this.frozen || from !== sync.id.proposer || !sameView(sync.id, this.promised)) return
    if (!sync.members.includes(this.host.self) || !sync.members.includes(from)) return
    if (!this.#sync) {
      this.#sync = sync
      this.#decisions = decisionsOf(sync, this.view.id)
    }
    this.#progress(nowMs)
  }

  /** More has been fetched. */
  fetched(nowMs: number): void {
    if (this.#sync && !this.#synced) this.#progress(nowMs)
  }

  #progress(nowMs: number): void {
    const sync = this.#sync
    if (!sync) return
    this.#synced ||= this.host.fetch(sync, this.#decisions)
    if (!this.#synced) return
    if (sync.id.proposer === this.host.self) this.onSynced(this.host.self, sync.id, nowMs)
    else this.host.send([sync.id.proposer], { type: 'synced', id: sync.id })
  }

  onSynced(from: NodeId, id: ViewId, nowMs: number): void {
    const proposal = this.#proposal
    if (!proposal?.sync || !sameView(proposal.id, id) || !proposal.members.includes(from)) return
    proposal.synced.add(from)
    proposal.movedMs = nowMs
    if (proposal.silent.length > 0) return
    this.#broadcast({ type: 'install', id }, proposal)
    this.onInstall(this.host.self, id, nowMs)
  }

  /** By the proposer's word, or because a member already speaks in that view. */
  onInstall(from: NodeId, id: ViewId, nowMs: number): void {
    const sync = this.#sync
    if (!sync || !this.#synced || !sameView(id, sync.id) || !sync.members.includes(from)) return
    this.view = { id: sync.id, members: sync.members }
    this.frozen = false
    this.stale = false
    this.#proposal = undefined
    this.#sync = undefined
    this.#installedMs = nowMs
    this.#unlikeMs = undefined
    this.#attempts = 0
    this.installs++
    for (const id of sync.members) this.host.members.get(id)?.settled()
    this.host.install(sync, this.#decisions)
  }

  #drive(proposal: Proposal, nowMs: number): void {
    const { options, members } = this.host
    const limit = proposal.sync ? 3 * options.proposeMs : options.proposeMs
    if (nowMs - proposal.movedMs > limit || nowMs - proposal.startedMs > 10 * options.proposeMs) {
      for (const id of proposal.silent) members.get(id)?.shun(nowMs, shunLeastMs, shunLeastMs)
      this.host.report('view_abandoned', { view: proposal.id.ballot, silent: proposal.silent })
      this.#abandon(nowMs, 20)
      return
    }
    if (proposal.sync && !this.#synced) this.#progress(nowMs)
    if (nowMs - proposal.sentMs < resendMs) return
    proposal.sentMs = nowMs
    const silent = proposal.silent.filter((id) => id !== this.host.self)
    const { id } = proposal
    if (silent.length > 0) this.host.send(silent, proposal.sync ?? { type: 'propose', id, members: proposal.members })
  }

  #abandon(nowMs: number, leastMs: number): void {
    this.#proposal = undefined
    this.#retryMs = nowMs + leastMs * (1 + this.host.random())
  }

  /** Keeps members out for a while that are alive, and in this view, but don't keep up (R9). */
  stalled(ids: readonly NodeId[], nowMs: number): void {
    if (this.frozen) return
    for (const id of ids) {
      const peer = this.host.members.get(id)
      if (!peer?.alive(nowMs, this.host.options.suspectMs) || !peer.welcome(nowMs)) continue
      if (!sameView(peer.claim.view, this.view.id)) continue
      peer.shun(nowMs, shunLeastMs, shunMostMs)
      this.host.report('member_stalled', { node: id })
    }
  }
}
