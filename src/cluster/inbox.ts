import type { Effect, Now } from '../effect.js'
import type { CoreOptions } from '../limits.js'
import type { Lamport } from '../log/lamport.js'
import type { Ledger } from '../log/ledger.js'
import type { Audience } from '../log/log.js'
import type { NodeId } from '../log/node-id.js'
import type { Fetch } from './fetch.js'
import type { Gossip } from './gossip.js'
import type { Members } from './members.js'
import type { Batch, Copies, Direct, Message, Want } from './message.js'
import { sameView } from './peer.js'
import type { Replication } from './replication.js'
import { orderly } from './staging.js'
import { serve } from './transfer.js'
import type { ViewChange } from './view-change.js'

interface Parts {
  readonly self: NodeId
  readonly ledger: Ledger
  readonly audience: Audience
  readonly options: CoreOptions
  readonly lamport: Lamport
  readonly members: Members
  readonly viewChange: ViewChange
  readonly replication: Replication
  readonly fetch: Fetch
  readonly gossip: Gossip
  frozen(): boolean
  send(to: readonly NodeId[], message: Direct): void
  emit(effect: Effect): void
}

/** What peers say, to the part that it concerns. */
export class Inbox {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Over the link of `from`. A relayed message goes one hop and no further, and only a sender's own is passed on. */
  receive(from: NodeId, message: Message, now: Now): void {
    const { self, members, emit } = this.#parts
    members.heardFrom(from, now.ms)
    if (message.type !== 'relay') this.#take(from, message, now)
    else if (message.to === self) this.#take(message.from, message.message, now)
    else if (message.from === from && members.get(message.to)?.linked) emit({ type: 'send', to: [message.to], message })
  }

  #take(from: NodeId, message: Direct, now: Now): void {
    const { viewChange, gossip } = this.#parts
    switch (message.type) {
      case 'heartbeat':
        gossip.receive(from, message, now.ms)
        viewChange.look(now.ms)
        break
      case 'batch':
        this.#onBatch(from, message, now)
        break
      case 'propose':
        viewChange.onPropose(from, message.id, message.members, now.ms)
        break
      case 'nack':
        viewChange.onNack(from, message.id, message.ballot, now.ms)
        break
      case 'state':
        viewChange.onState(from, message, now.ms)
        break
      case 'sync':
        viewChange.onSync(from, message, now.ms)
        break
      case 'synced':
        viewChange.onSynced(from, message.id, now.ms)
        break
      case 'install':
        viewChange.onInstall(from, message.id, now.ms)
        break
      case 'want':
        this.#onWant(from, message, now.ms)
        break
      case 'copies':
        this.#onCopies(from, message, now)
        break
      case 'leave':
        this.#onLeave(from, now.ms)
        break
      default:
        message satisfies never
    }
  }

  #onBatch(from: NodeId, batch: Batch, now: Now): void {
    const { viewChange, replication, frozen } = this.#parts
    // Whoever speaks in a view that we only wait for proves that all members hold its target.
    if (!sameView(batch.view, viewChange.view.id)) viewChange.onInstall(from, batch.view, now.ms)
    if (!sameView(batch.view, viewChange.view.id) || viewChange.stale || frozen()) return
    replication.receive(from, batch, now)
    replication.flush(now.ms)
  }

  #onWant(from: NodeId, want: Want, nowMs: number): void {
    const { ledger, audience, options, fetch, send } = this.#parts
    const { frozen } = this.#parts.viewChange
    for (const copies of serve(want, { ledger, audience, options, nowMs, frozen, held: fetch.held }))
      send([from], copies)
  }

  #onCopies(from: NodeId, copies: Copies, { ms, wall }: Now): void {
    const { fetch, viewChange, lamport, emit } = this.#parts
    if (!orderly(copies) || !lamport.admits(copies.time, wall)) {
      emit({ type: 'hangup', peer: from, code: 4400, reason: 'copies out of order' })
      return
    }
    const last = fetch.take(from, copies, ms)
    if (viewChange.frozen) viewChange.fetched(ms)
    else if (last) fetch.ahead(viewChange.view.id, ms)
  }

  #onLeave(from: NodeId, nowMs: number): void {
    const { members, gossip, viewChange } = this.#parts
    const peer = members.get(from)
    peer?.update({ ...peer.claim, leaving: true, counter: Number.MAX_SAFE_INTEGER }, nowMs)
    gossip.touch()
    viewChange.look(nowMs)
  }
}
