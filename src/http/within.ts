import type { Visitor } from './guard.js'
import type { Operation, Order } from './operation.js'

/** Never beyond the time for which the visitor is let in. */
const cutShort = ({ terms, form }: Order, untilMs: number): Order => {
  if (terms.type !== 'poll') return { terms, form }
  const leftMs = Math.max(0, untilMs - performance.now())
  return { terms: { ...terms, waitMs: Math.min(terms.waitMs, leftMs) }, form }
}

const check = ({ terms }: Order, visitor: Visitor): void => {
  if (terms.type === 'publish') for (const { channel } of terms.drafts) visitor.checkPublish?.(channel)
}

/** The operation, for who may do not all of it: which channels are read, it has asked the visitor itself. */
export const within =
  (operation: Operation): Operation =>
  (ask) => {
    const order = operation(ask)
    const { visitor } = ask
    if (visitor.checkPublish) check(order, visitor)
    return visitor.untilMs === undefined ? order : cutShort(order, visitor.untilMs)
  }
