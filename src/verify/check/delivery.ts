import type { Chain } from './chain.js'
import type { Court } from './court.js'
import type { Deliver } from './history.js'
import type { Finding, Kind, Violation } from './violation.js'

const found = (kind: Kind, { at, message, subscriber }: Deliver, what: string): Violation => ({
  kind,
  at,
  what: `${subscriber} was given ${message}, ${what}`,
  messages: [message],
  subscriber,
})

const phantomIn = (court: Court, chain: Chain, delivery: Deliver): string | undefined => {
  const message = court.messages.get(delivery.message)
  if (!message) return 'which nobody published'
  if (delivery.channel !== message.channel) return `on ${delivery.channel}, but it was published to ${message.channel}`
  if (!chain.channels.has(message.channel)) return `on ${delivery.channel}, which it does not read`
  if (delivery.at < message.sentAt) return 'before it was published'
  if (message.isRefused) return 'which was refused for certain'
  return undefined
}

/** What was given was published, was not refused, and has come on its channel. */
export const phantoms = (court: Court): Finding => {
  let checked = 0
  const violations: Violation[] = []
  for (const chain of court.chains.values())
    for (const delivery of chain.deliveries) {
      checked++
      const what = phantomIn(court, chain, delivery)
      if (what !== undefined) violations.push(found('phantom', delivery, what))
    }
  return { checked, violations }
}

/** Byte for byte as it was published. */
export const alterations = (court: Court): Finding => {
  let checked = 0
  const violations: Violation[] = []
  for (const chain of court.chains.values())
    for (const delivery of chain.deliveries) {
      const message = court.messages.get(delivery.message)
      if (!message) continue
      checked++
      if (delivery.sum === message.sum) continue
      const text = delivery.text === undefined ? '' : `: ${delivery.text}`
      violations.push(found('altered', delivery, `with other bytes than were published${text}`))
    }
  return { checked, violations }
}

/** No chain is given an id twice, nor a message under two ids. */
export const doubles = (court: Court): Finding => {
  let checked = 0
  let twice = 0
  const violations: Violation[] = []
  for (const chain of court.chains.values())
    for (const [name, deliveries] of chain.of) {
      checked += deliveries.length
      if (deliveries.length < 2) continue
      const message = court.messages.get(name)
      const isOneId = new Set(deliveries.map(({ id }) => id)).size < deliveries.length
      const last = deliveries.at(-1)
      if (!last) continue
      if (!isOneId && message && court.mayBeTwo(message)) twice++
      else
        violations.push(
          found(
            'doubled',
            last,
            `${deliveries.length} times, ${isOneId ? '' : 'under several ids, '}first at ${atOf(deliveries[0])}`,
          ),
        )
    }
  return { checked, violations, excused: { 'taken on both sides of a split': twice } }
}

const atOf = (delivery: Deliver | undefined): string => `${((delivery?.at ?? 0) / 1000).toFixed(3)} s`

/** The ids of one message, each with when somebody was first told it. */
interface Ids {
  readonly acknowledged: Map<string, number>
  readonly given: Map<string, number>
}

const isOne = (court: Court, { acknowledged, given }: Ids): boolean => {
  if (acknowledged.size > 1) return false
  const bases = acknowledged.size > 0 ? acknowledged : given
  return given.size === 0 || [...bases.keys()].some((base) => [...given.keys()].every((id) => court.covers(id, base)))
}

/** A message has one id, whoever is told it; and no other message has it. */
export const identities = (court: Court): Finding => {
  const ids = idsOf(court)
  const owners = new Map<string, string>()
  const violations: Violation[] = []
  const add = (at: number, messages: readonly string[], what: string): void => {
    violations.push({ kind: 'another id', at, messages, what })
  }
  let twice = 0
  for (const [name, told] of ids) {
    const message = court.messages.get(name)
    const all = new Map([...told.given, ...told.acknowledged])
    const at = Math.max(0, ...all.values())
    if (!isOne(court, told)) {
      if (message && court.mayBeTwo(message)) twice++
      else add(at, [name], `${name} has the ids ${[...all.keys()].join(' and ')}`)
    }
    for (const id of all.keys()) {
      const owner = owners.get(id)
      if (owner !== undefined) add(at, [owner, name], `${owner} and ${name} have one id, ${id}`)
      owners.set(id, name)
    }
  }
  return { checked: ids.size, violations, excused: { 'under two ids, from both sides of a split': twice } }
}

/**
 * As a message comes from the other side of a split its id is the place of its reader, who has been given more than its
 * publisher knew of: those are left out.
 */
const idsOf = (court: Court): ReadonlyMap<string, Ids> => {
  const ids = new Map<string, Ids>()
  const note = (message: string, kind: keyof Ids, id: string, at: number): void => {
    const known = ids.get(message) ?? { acknowledged: new Map<string, number>(), given: new Map<string, number>() }
    ids.set(message, known)
    if (!known[kind].has(id)) known[kind].set(id, at)
  }
  for (const { name, acknowledged } of court.messages.values())
    for (const { told } of acknowledged) if (told.id !== undefined) note(name, 'acknowledged', told.id, told.at)
  for (const { deliveries } of court.chains.values())
    for (const { message, id, at, late } of deliveries)
      if (!late && court.peace.united(court.messages.get(message)?.sentAt ?? at, at)) note(message, 'given', id, at)
  return ids
}
