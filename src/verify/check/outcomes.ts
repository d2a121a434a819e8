import type { Court } from './court.js'
import { diedWithAll } from './loss.js'
import type { Attempt, Message } from './message.js'
import type { Finding, Violation } from './violation.js'

/** When the message was first known to be taken: acknowledged, or given to anybody. */
const knownAt = (court: Court): ReadonlyMap<string, number> => {
  const known = new Map<string, number>()
  const note = (name: string, at: number): void => {
    known.set(name, Math.min(at, known.get(name) ?? at))
  }
  for (const message of court.messages.values()) note(message.name, message.acknowledgedAt)
  for (const { deliveries } of court.chains.values()) for (const { message, at } of deliveries) note(message, at)
  return known
}

const wrongIn = (court: Court, message: Message, { sent, told }: Attempt, takenAt: number): string | undefined => {
  if (told?.outcome !== 'acknowledged') return undefined
  const { copies = 1, duplicate, id } = told
  if (copies < (sent.minCopies ?? 1)) return `with ${copies} copies, where ${sent.minCopies} were asked for`
  if (id === undefined) return 'without an id'
  const others = message.chances.filter((other) => other.sent !== sent && other.sent.at < told.at)
  if (duplicate && others.length === 0) return 'as a duplicate of something, though its key was new'
  if (duplicate || takenAt > sent.at) return undefined
  // On the other side of a split nothing is known of it, and nothing at all where all who had it died.
  const isWiped = court.peace.wipes.some(({ from }) => from >= takenAt && from <= sent.at)
  if (isWiped || !court.peace.united(message.sentAt, told.at) || diedWithAll(court, message)) return undefined
  return 'as new, though its key had been taken before'
}

/** A key decides what was in doubt: again under the same key it is the same message, and said to be. */
export const outcomes = (court: Court): Finding => {
  const known = knownAt(court)
  const violations: Violation[] = []
  let checked = 0
  for (const message of court.messages.values())
    for (const attempt of message.attempts) {
      checked++
      const what = wrongIn(court, message, attempt, known.get(message.name) ?? Number.POSITIVE_INFINITY)
      if (what === undefined) continue
      const { node, at } = attempt.sent
      violations.push({
        kind: 'wrong outcome',
        at,
        messages: [message.name],
        what: `${node} acknowledged ${message.name} (try ${attempt.sent.try}) ${what}`,
      })
    }
  return { checked, violations }
}

/** Every node lives, and everybody comes to the end. */
export const ends = ({ chains, peace, end }: Court): Finding => {
  const crashes = peace.faults.flatMap(({ begin }): readonly Violation[] =>
    begin.fault === 'crash'
      ? [{ kind: 'node failed', at: begin.at, messages: [], what: `${begin.node} ended by itself: ${begin.how ?? ''}` }]
      : [],
  )
  const stuck = [...chains.values()]
    .filter(({ complete }) => !complete)
    .map(({ name }) => `${name} did not get the last messages, published when all nodes were one`)
  const all = end?.stuck === undefined ? stuck : [end.stuck]
  const isJudged = end?.complete === true
  const checked = chains.size + 1
  if (!isJudged) return { checked, violations: crashes }
  return {
    checked,
    violations: [...crashes, ...all.map((what): Violation => ({ kind: 'stuck', at: end.at, messages: [], what }))],
  }
}
