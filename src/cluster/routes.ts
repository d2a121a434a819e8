import type { Effect } from '../effect.js'
import type { NodeId } from '../log/node-id.js'
import type { Members } from './members.js'
import type { Direct } from './message.js'

/** Sends over one's own link where both ends hear each other, else over one neighbour (a single hop). */
export const route = (
  members: Members,
  to: readonly NodeId[],
  message: Direct,
  nowMs: number,
  emit: (effect: Effect) => void,
): void => {
  const direct: NodeId[] = []
  for (const id of to) {
    const peer = members.get(id)
    const via = peer && !members.direct(peer, nowMs) ? members.via(peer, nowMs) : undefined
    if (via) emit({ type: 'send', to: [via.id], message: { type: 'relay', from: members.self, to: id, message } })
    else direct.push(id)
  }
  if (direct.length > 0) emit({ type: 'send', to: direct, message })
}
