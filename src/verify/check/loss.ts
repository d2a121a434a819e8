import type { Chain } from './chain.js'
import type { Court } from './court.js'
import type { Deliver, Gap } from './history.js'
import type { Message } from './message.js'
import type { Span } from './peace.js'
import { sequenceOf } from './ranks.js'
import type { Finding, Violation } from './violation.js'

/** Of each chain where in it a message is, if it did not come late: what may be compared. */
type Path = ReadonlyMap<string, number>

const pathsOf = ({ chains, ranks }: Court): readonly Path[] =>
  [...chains.values()].map((chain) => {
    const placed = sequenceOf(chain).filter(({ message }) => ranks.of(message) !== undefined)
    return new Map(placed.map(({ message }, i) => [message, i]))
  })

/** How far a chain has come, and where it was told that something is missing. */
class Reach {
  readonly #court: Court
  readonly #paths: readonly Path[]
  readonly #gaps: readonly { readonly gap: Gap; readonly far: readonly number[] }[]
  readonly #wipes: readonly { readonly span: Span; readonly far: readonly number[] }[]
  readonly #far: readonly number[]

  constructor(
    court: Court,
    readonly chain: Chain,
    paths: readonly Path[],
  ) {
    const { events } = chain
    this.#court = court
    this.#paths = paths
    const gaps: { readonly gap: Gap; readonly far: readonly number[] }[] = []
    this.#far = this.#reached(events, (gap, far) => gaps.push({ gap, far: [...far] }))
    this.#gaps = gaps
    this.#wipes = court.peace.wipes.map((span) => ({
      span,
      far: this.#reached(events.filter(({ at }) => at < span.from)),
    }))
  }

  /** Whether it should have been given this by now: it began before, and has come past it. */
  covers(message: Message): boolean {
    const { channels, basedAt, complete } = this.chain
    if (!channels.has(message.channel) || basedAt > message.sentAt) return false
    return complete || this.#isPast(message, this.#far)
  }

  /**
   * It was told of a gap in which this may be: published by then, and not passed before. What it is given next says
   * nothing of where the gap ends: one channel may keep what is older than all that is left of another. Where there was
   * a split, the place in the order says little, too.
   */
  isTold(message: Message): boolean {
    const { peace } = this.#court
    return this.#gaps.some(
      ({ gap, far }) =>
        message.sentAt <= gap.at && (!this.#isPast(message, far) || !peace.united(message.sentAt, gap.at)),
    )
  }

  /** All that had it died, all together, before this one came past it. */
  isWiped(message: Message): boolean {
    return this.#wipes.some(({ span, far }) => message.sentAt < span.to && !this.#isPast(message, far))
  }

  /** Somebody was given it, and later something that is among these. */
  #isPast({ name }: Message, far: readonly number[]): boolean {
    return this.#paths.some((path, i) => (path.get(name) ?? Number.POSITIVE_INFINITY) < (far[i] ?? -1))
  }

  /** On the path of each chain, the last of what is among these events; and told at each gap. */
  #reached(
    events: readonly (Deliver | Gap)[],
    onGap: (gap: Gap, far: readonly number[]) => void = () => {},
  ): readonly number[] {
    const far = this.#paths.map(() => -1)
    for (const event of events) {
      if (event.type === 'gap') onGap(event, far)
      else if (!event.late)
        this.#paths.forEach((path, i) => {
          far[i] = Math.max(far[i] ?? -1, path.get(event.message) ?? -1)
        })
    }
    return far
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
  const paths = pathsOf(court)
  const reaches = [...court.chains.values()].map((chain) => new Reach(court, chain, paths))
  const violations: Violation[] = []
  let checked = 0
  let died = 0
  let told = 0
  const shownOf = showings(court)
  for (const message of court.messages.values()) {
    const shown = shownOf.get(message.name) ?? []
    const { acknowledged } = message
    if (acknowledged.length === 0 && shown.length === 0) continue
    const covering = reaches.filter((reach) => reach.covers(message))
    checked += covering.length
    const missing = covering.filter(({ chain }) => !chain.has(message.name))
    const left = missing.filter((reach) => !reach.isWiped(message))
    const silent = left.filter((reach) => !reach.isTold(message))
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
