import type { Court } from './court.js'
import type { Deliver } from './history.js'
import type { Attempt } from './message.js'
import type { Violation } from './violation.js'

const linesMax = 12

const seconds = (at: number): string => (Number.isFinite(at) ? `${(at / 1000).toFixed(3)} s` : 'the end')

const outcomeOf = ({ told }: Attempt): string => {
  if (!told) return 'no outcome'
  const { outcome, at, id, copies, duplicate, why } = told
  const words = outcome === 'acknowledged' ? `${copies} copies${duplicate ? ', duplicate' : ''}, id ${id}` : why
  return `${outcome} at ${seconds(at)}${words ? ` (${words})` : ''}`
}

const attemptText = (attempt: Attempt): string => {
  const { sent } = attempt
  return `${seconds(sent.at)}  ${sent.publisher} publishes ${sent.message} to ${sent.channel} at ${sent.node} by ${sent.by}: ${outcomeOf(attempt)}`
}

const deliveryText = ({ at, subscriber, message, node, transport, id, late }: Deliver): string =>
  `${seconds(at)}  ${subscriber} gets ${message} from ${node} by ${transport}${late ? ', late' : ''}, id ${id}`

interface Event {
  readonly at: number
  readonly text: string
}

/** Those who matter first: the subscriber that it is about, then the others. */
const deliveriesOf = (court: Court, violation: Violation, message: string): readonly Event[] =>
  [...court.chains.values()]
    .toSorted((a, b) => Number(b.name === violation.subscriber) - Number(a.name === violation.subscriber))
    .flatMap((chain) => chain.of.get(message) ?? [])
    .map((delivery) => ({ at: delivery.at, text: deliveryText(delivery) }))

/** When what was published, who got it where, and which faults there were around. */
export const storyOf = (court: Court, violation: Violation): readonly string[] => {
  const names = [...new Set(violation.messages)]
  const attempts = names.flatMap((name) => court.messages.get(name)?.attempts ?? [])
  const told = attempts.map((attempt) => ({ at: attempt.sent.at, text: attemptText(attempt) }))
  const given = names.flatMap((name) => deliveriesOf(court, violation, name).slice(0, linesMax / 2))
  const from = Math.min(violation.at, ...told.map(({ at }) => at))
  const faults = court.peace.near(from, violation.at).map(({ begin, to }) => ({
    at: begin.at,
    text: `${seconds(begin.at)}  ${begin.fault} ${begin.node}${begin.how ? ` (${begin.how})` : ''}, until ${seconds(to)}`,
  }))
  return [...told.slice(0, linesMax / 2), ...given, ...faults.slice(-linesMax / 2)]
    .toSorted((a, b) => a.at - b.at)
    .map(({ text }) => text)
}
