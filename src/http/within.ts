import type { Visitor } from './guard.js'
import type { Operation, Order } from './operation.js'

/** Never beyond the time for which the visitor is let in. */
const cutShort = ({ input, form }: Order, untilMs: number): Order => {
  if (input.type !== 'poll') return { input, form }
  const leftMs = Math.max(0, untilMs - performance.now())
  return { input: { ...input, waitMs: Math.min(input.waitMs, leftMs) }, form }
}

const check = ({ input }: Order, visitor: Visitor): void => {
  if (input.type === 'publish') for (const { channel } of input.drafts) visitor.checkPublish?.(channel)
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
