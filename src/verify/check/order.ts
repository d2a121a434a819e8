import type { Chain } from './chain.js'
import type { Court } from './court.js'
import type { Deliver } from './history.js'
import type { Message } from './message.js'
import { sequenceOf } from './ranks.js'
import type { Finding, Violation } from './violation.js'

interface Sequence {
  readonly chain: Chain
  readonly deliveries: readonly Deliver[]
  /** By message. */
  readonly places: ReadonlyMap<string, number>
}

const disorder = (a: Deliver, b: Deliver, what: string): Violation => ({
  kind: 'out of order',
  at: b.at,
  what,
  messages: [a.message, b.message],
  subscriber: b.subscriber,
})

/** What one has seen, in the order of another; of each break the first. */
function* breaks(court: Court, one: Sequence, other: Sequence): Generator<Violation> {
  let last: Deliver | undefined
  for (const delivery of other.deliveries) {
    const place = one.places.get(delivery.message)
    if (place === undefined) continue
    const before = last && one.places.get(last.message)
    if (
      last &&
      before !== undefined &&
      place < before &&
      court.ranks.of(last.message) !== court.ranks.of(delivery.message)
    )
      yield disorder(
        last,
        delivery,
        `${other.chain.name} was given ${last.message} and then ${delivery.message}; ${one.chain.name} had them the other way round`,
      )
    last = delivery
  }
}

/** All see one order, but for what comes late from the other side of a split. */
export const oneOrder = (court: Court): Finding => {
  const sequences = [...court.chains.values()].map((chain) => {
    const deliveries = sequenceOf(chain).filter(({ message }) => court.ranks.of(message) !== undefined)
    return { chain, deliveries, places: new Map(deliveries.map(({ message }, i) => [message, i])) }
  })
  const violations: Violation[] = []
  let checked = 0
  sequences.forEach((one, i) => {
    checked += one.deliveries.length
    for (const other of sequences.slice(i + 1)) violations.push(...breaks(court, one, other))
  })
  violations.push(...circles(court, violations.length > 0), ...needlessLate(court))
  return { checked, violations }
}

/** What three or more saw may contradict itself although no two of them do. */
const circles = ({ ranks }: Court, isKnown: boolean): readonly Violation[] => {
  const { circle } = ranks
  if (!circle || isKnown) return []
  const what = `what several subscribers were given before and after ${circle.message} goes in a circle`
  return [disorder(circle, circle, what)]
}

/** Late is what belongs before something that was shown already: without a split nothing does. */
const needlessLate = ({ chains, messages, peace }: Court): readonly Violation[] =>
  [...chains.values()].flatMap(({ name, deliveries }) =>
    deliveries.flatMap((delivery) => {
      const sentAt = messages.get(delivery.message)?.sentAt
      if (!delivery.late || sentAt === undefined || !peace.united(sentAt - 1000, delivery.at)) return []
      return [disorder(delivery, delivery, `${name} was told that ${delivery.message} is late, without any split`)]
    }),
  )

/** Both were taken by one life of one node, at the first try. */
const isOneLife = (court: Court, a: Message, b: Message): boolean => {
  const [first, second] = [a.attempts[0], b.attempts[0]]
  if (!first || !second || a.attempts.length > 1 || b.attempts.length > 1) return false
  if (first.sent.node !== second.sent.node || a.acknowledged.length + b.acknowledged.length < 2) return false
  return !court.peace.dead(a.sentAt, b.settledAt).has(first.sent.node)
}

/** The one was acknowledged before the other was sent, and no split could come between them. */
const isBefore = (court: Court, a: Message, b: Message): boolean =>
  a.acknowledgedAt <= b.sentAt && (isOneLife(court, a, b) || court.peace.united(a.sentAt, b.settledAt))

/** What one publisher was told in turn comes in that order; through one node also in splits, and late or not. */
export const publishersOrder = (court: Court): Finding => {
  let checked = 0
  const violations: Violation[] = []
  for (const chain of court.chains.values()) {
    const latest = new Map<string, { message: Message; delivery: Deliver }>()
    for (const [name, [delivery]] of chain.of) {
      const message = court.messages.get(name)
      if (!message || !delivery) continue
      checked++
      const last = latest.get(message.publisher)
      if (!last || message.index > last.message.index) latest.set(message.publisher, { message, delivery })
      else if (isBefore(court, message, last.message))
        violations.push(
          disorder(
            last.delivery,
            delivery,
            `${chain.name} was given ${last.message.name} before ${name}, which was acknowledged before the other was sent`,
          ),
        )
    }
  }
  return { checked, violations }
}
