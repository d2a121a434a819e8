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
  const { id, ready, waiters, nowMs } = own
  const heard = new Set(cluster.members.heard(nowMs))
  const alive = aliveNodes(cluster, nowMs)
  const unheard = alive.filter((other) => other !== id && !heard.has(other))
  const mine = { self: true, state: 'alive', inView: true, lag: 0, heardMs: 0, unheard } as const
  const others = [...cluster.members.all()].filter(({ superseded }) => !superseded)
  const statuses = others.map((peer) => memberStatus(cluster, peer, nowMs, alive))
  return [{ id, name, address, url, ready, waiters, ...mine }, ...statuses].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** This one, and all others of which there are signs of life. */
const aliveNodes = ({ members }: Cluster, nowMs: number): readonly NodeId[] => {
  const others = [...members.all()].filter((peer) => peer.alive(nowMs, members.options.suspectMs))
  return [members.self, ...others.map(({ id }) => id)]
}

const memberStatus = (cluster: Cluster, peer: Peer, nowMs: number, alive: readonly NodeId[]): MemberStatus => {
  const { id, claim, aliveMs, hears } = peer
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
    unheard: alive.includes(id) ? alive.filter((other) => other !== id && !hears.has(other)) : [],
  }
}

const stateOf = (cluster: Cluster, peer: Peer, nowMs: number): MemberStatus['state'] => {
  if (peer.alive(nowMs, cluster.members.options.suspectMs))
    return sameView(peer.claim.view, cluster.viewChange.view.id) ? 'alive' : 'apart'
  return peer.claim.leaving || peer.refusals >= 2 ? 'down' : 'suspect'
}
