import type { Court } from './court.js'
import type { FaultName } from './history.js'
import type { Message } from './message.js'
import type { Span } from './peace.js'

/** How long messages took, from when they were first sent until a subscriber had them, in milliseconds. */
export interface Wait {
  /** What was going on: a fault, or nothing. */
  readonly during: FaultName | 'quiet'
  /** How many faults, or messages where there were none. */
  readonly count: number
  /** Of the longest wait for each fault, or of all waits. */
  readonly median: number
  readonly most: number
}

const longest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0)

const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

/** The longest way of each message to a subscriber that was there when it was sent. */
const waitsOf = (court: Court): readonly { readonly message: Message; readonly ms: number }[] => {
  const waits = new Map<Message, number>()
  for (const chain of court.chains.values())
    for (const [name, [delivery]] of chain.of) {
      const message = court.messages.get(name)
      // Who reads what is kept was not waiting.
      if (!message || !delivery || chain.basedAt > message.sentAt || !Number.isFinite(chain.basedAt)) continue
      waits.set(message, Math.max(waits.get(message) ?? 0, delivery.at - message.sentAt))
    }
  return [...waits].map(([message, ms]) => ({ message, ms }))
}

/** Measured, and not judged: what the clients of this run do when a node does not answer is in it, too. */
export const stalls = (court: Court): readonly Wait[] => {
  const waits = waitsOf(court)
  const spans = court.peace.faults.map((fault) => ({
    name: fault.begin.fault,
    from: fault.from,
    to: Math.min(court.peace.wholeAfter(fault.to), court.end?.at ?? Number.POSITIVE_INFINITY),
  }))
  const isIn = ({ from, to }: Span, { message: { sentAt }, ms }: { message: Message; ms: number }): boolean =>
    sentAt <= to && sentAt + ms >= from
  const quiet = waits.filter((wait) => !spans.some((span) => isIn(span, wait))).map(({ ms }) => ms)
  const row = (during: Wait['during'], values: readonly number[]): Wait => ({
    during,
    count: values.length,
    median: middle(values),
    most: longest(values),
  })
  const names = [...new Set(spans.map(({ name }) => name))]
  return [
    row('quiet', quiet),
    ...names.map((name) =>
      row(
        name,
        spans
          .filter((span) => span.name === name)
          .map((span) => longest(waits.filter((wait) => isIn(span, wait)).map(({ ms }) => ms))),
      ),
    ),
  ]
}
