import type { MemberStatus, Status } from '../effect.js'
import type { NodeId } from '../log/node-id.js'
import type { Cluster } from './cluster.js'
import { type Peer, sameView, viewText } from './peer.js'

interface Own {
  readonly id: NodeId
  readonly ready: boolean
  readonly waiters: number
  readonly nowMs: number
}

export const viewStatus = (cluster: Cluster): Status['view'] => {
  const { id, members } = cluster.viewChange.view
  return { id: viewText(id), members: members.map((member) => cluster.nameOf(member)) }
}

/** All that is known of who is there, by name. */
export const memberStatuses = (cluster: Cluster, own: Own): MemberStatus[] => {
  const { name, address, url } = cluster.members.options
  const { id, ready, waiters } = own
  const mine = { self: true, state: 'alive', inView: true, lag: 0, heardMs: 0 } as const
  const others = [...cluster.members.all()].filter(({ superseded }) => !superseded)
  const statuses = others.map((peer) => memberStatus(cluster, peer, own.nowMs))
  return [{ id, name, address, url, ready, waiters, ...mine }, ...statuses].sort((a, b) => (a.name < b.name ? -1 : 1))
}

const memberStatus = (cluster: Cluster, peer: Peer, nowMs: number): MemberStatus => {
  const { id, claim, aliveMs } = peer
  const { name, address, url, ready, waiters } = claim
  return {
    id,
    name,
    address,
    url,
    self: false,
    state: stateOf(cluster, peer, nowMs),
    ready,
    inView: cluster.viewChange.view.members.includes(id),
    lag: cluster.replication.lag(id),
    waiters,
    heardMs: Math.round(nowMs - aliveMs),
  }
}

const stateOf = (cluster: Cluster, peer: Peer, nowMs: number): MemberStatus['state'] => {
  if (peer.alive(nowMs, cluster.members.options.suspectMs))
    return sameView(peer.claim.view, cluster.viewChange.view.id) ? 'alive' : 'apart'
  return peer.claim.leaving || peer.refusals >= 2 ? 'down' : 'suspect'
}
