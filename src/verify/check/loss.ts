import type { Chain } from './chain.js'
import type { Court } from './court.js'
import type { Deliver, Gap } from './history.js'
import type { Message } from './message.js'
import type { Finding, Violation } from './violation.js'

/** A gap that a chain was told of, and what it had before and after. */
interface Hole {
  readonly gap: Gap
  /** Ranks of the last before it and of the first after it. */
  readonly before: number
  readonly after: number
}

/** How far a chain has come, and where it was told that something is missing. */
class Reach {
  readonly rank: number
  readonly #court: Court
  readonly #holes: readonly Hole[]

  constructor(
    court: Court,
    readonly chain: Chain,
  ) {
    this.#court = court
    this.#holes = chain.events.flatMap((gap, i) => (gap.type === 'gap' ? [this.#hole(gap, i)] : []))
    this.rank = this.#rank(chain.events)
  }

  /** Whether it should have been given this by now: it began before, and has come past it. */
  covers(message: Message, rank: number | undefined): boolean {
    const { channels, basedAt, complete } = this.chain
    if (!channels.has(message.channel) || basedAt > message.sentAt) return false
    return complete || (rank !== undefined && rank < this.rank)
  }

  /** It was told of a gap in which this may be. Where there was a split, its place in the order says little. */
  isTold(message: Message, rank: number | undefined): boolean {
    const { peace } = this.#court
    return this.#holes.some(({ gap, before, after }) => {
      if (message.sentAt > gap.at) return false
      if (rank === undefined || !peace.united(message.sentAt, gap.at)) return true
      return rank > before && rank < after
    })
  }

  /** All that had it died, all together, before this one came past it. */
  isWiped(message: Message, rank: number | undefined): boolean {
    const { events } = this.chain
    const past = events.find((event) => (this.#rankOf(event) ?? -1) > (rank ?? Number.POSITIVE_INFINITY))
    return this.#court.peace.wipes.some(({ from, to }) => message.sentAt < to && (past?.at ?? to) >= from)
  }

  #hole(gap: Gap, i: number): Hole {
    const { events } = this.chain
    const after = events.slice(i).flatMap((event) => this.#rankOf(event) ?? [])
    return {
      gap,
      before: this.#rank(events.slice(0, i)),
      after: Math.min(Number.POSITIVE_INFINITY, ...after.slice(0, 1)),
    }
  }

  #rankOf(event: Deliver | Gap): number | undefined {
    return event.type === 'deliver' && !event.late ? this.#court.ranks.of(event.message) : undefined
  }

  #rank(events: readonly (Deliver | Gap)[]): number {
    return events.reduce((most, event) => Math.max(most, this.#rankOf(event) ?? -1), -1)
  }
}

/**
 * It died with all that had it: every node that can be meant by an acknowledgement was killed before all nodes were one
 * again. Who they were is not said, but that the one that was asked is among them, and how many they are.
 */
export const diedWithAll = (court: Court, message: Message): boolean => {
  const { acknowledged } = message
  return (
    acknowledged.length > 0 &&
    acknowledged.every(({ sent, told }) => {
      const dead = court.peace.dead(sent.at, court.peace.wholeAfter(told.at))
      return dead.has(sent.node) && dead.size >= (told.copies ?? 1)
    })
  )
}

/** Who has shown it has died since, and may have been the only one that had it. */
const diedWithShowers = (court: Court, shown: readonly Deliver[]): boolean =>
  shown.every(({ node, at }) => court.peace.dead(at, court.peace.wholeAfter(at)).has(node))

const seconds = (at: number): string => `${(at / 1000).toFixed(3)} s`

const whatOf = (message: Message, reach: Reach, shown: readonly Deliver[]): Violation => {
  const { name } = reach.chain
  const [first] = shown
  const others = first ? `, which ${first.subscriber} got from ${first.node} at ${seconds(first.at)}` : ''
  const [told] = message.acknowledged
  const acknowledged = told
    ? `, acknowledged by ${told.sent.node} at ${seconds(told.told.at)} (${told.told.copies} copies)`
    : ''
  return {
    kind: first ? 'unsignalled gap' : 'lost',
    at: first?.at ?? told?.told.at ?? message.sentAt,
    what: `${name} was never given ${message.name}${acknowledged}${others}, and was told of no gap`,
    messages: [message.name],
    subscriber: name,
  }
}

/** What was acknowledged, or shown to anybody, is given to everyone whose chain covers it, or a gap is told. */
export const losses = (court: Court): Finding => {
  const reaches = [...court.chains.values()].map((chain) => new Reach(court, chain))
  const violations: Violation[] = []
  let checked = 0
  let died = 0
  let told = 0
  const shownOf = showings(court)
  for (const message of court.messages.values()) {
    const shown = shownOf.get(message.name) ?? []
    const { acknowledged } = message
    if (acknowledged.length === 0 && shown.length === 0) continue
    const rank = court.ranks.of(message.name)
    const covering = reaches.filter((reach) => reach.covers(message, rank))
    checked += covering.length
    const missing = covering.filter(({ chain }) => !chain.has(message.name))
    const left = missing.filter((reach) => !reach.isWiped(message, rank))
    const silent = left.filter((reach) => !reach.isTold(message, rank))
    told += left.length - silent.length
    if (left.length < missing.length) died++
    if (silent.length === 0) continue
    const isExcused = acknowledged.length > 0 ? diedWithAll(court, message) : diedWithShowers(court, shown)
    if (isExcused) died++
    else violations.push(...silent.map((reach) => whatOf(message, reach, shown)))
  }
  return {
    checked,
    violations,
    excused: { 'died with all nodes that had it': died, 'missing behind a gap that was told': told },
  }
}

const showings = ({ chains }: Court): ReadonlyMap<string, readonly Deliver[]> => {
  const shown = new Map<string, Deliver[]>()
  for (const chain of chains.values())
    for (const [name, [delivery]] of chain.of) {
      if (!delivery) continue
      const known = shown.get(name)
      if (known) known.push(delivery)
      else shown.set(name, [delivery])
    }
  return shown
}
