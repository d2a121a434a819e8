import { Court } from './court.js'
import { alterations, doubles, identities, phantoms } from './delivery.js'
import { storyOf } from './evidence.js'
import type { Line } from './history.js'
import { losses } from './loss.js'
import { oneOrder, publishersOrder } from './order.js'
import { ends, outcomes } from './outcomes.js'
import { stalls, type Wait } from './stalls.js'
import { type Finding, type Kind, kinds, type Violation } from './violation.js'

/** The first of a kind, with all that is known of it. */
export interface Example {
  readonly what: string
  readonly evidence: readonly string[]
}

export interface Row {
  readonly kind: Kind
  /** How many were found. */
  readonly found: number
  readonly examples: readonly Example[]
}

export interface Verdict {
  readonly ok: boolean
  /** Not so if it was broken off: then it holds for what had come by then. */
  readonly complete: boolean
  readonly seed: string
  readonly seconds: number
  readonly rows: readonly Row[]
  /** How much was looked at. */
  readonly counts: { readonly [name: string]: number }
  /** What looked wrong, and is not promised. */
  readonly excused: { readonly [name: string]: number }
  readonly faults: { readonly [name: string]: number }
  readonly waits: readonly Wait[]
}

const examplesMax = 3

const rules: readonly ((court: Court) => Finding)[] = [
  ...[losses, doubles, oneOrder, publishersOrder],
  ...[phantoms, alterations, identities, outcomes, ends],
]

const rowOf = (court: Court, kind: Kind, violations: readonly Violation[]): Row => {
  const own = violations.filter((each) => each.kind === kind).toSorted((a, b) => a.at - b.at)
  const examples = own.slice(0, examplesMax).map((violation) => ({
    what: violation.what,
    evidence: storyOf(court, violation),
  }))
  return { kind, found: own.length, examples }
}

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0)

const countsOf = ({ messages, chains }: Court): Verdict['counts'] => {
  const all = [...messages.values()]
  const deliveries = [...chains.values()].flatMap((chain) => chain.deliveries)
  return {
    messages: all.length,
    acknowledged: all.filter(({ acknowledged }) => acknowledged.length > 0).length,
    refused: all.filter(({ isRefused }) => isRefused).length,
    tries: sum(all.map(({ attempts }) => attempts.length)),
    unknown: sum(all.map(({ attempts }) => attempts.filter(({ told }) => told?.outcome === 'unknown').length)),
    duplicates: sum(all.map(({ acknowledged }) => acknowledged.filter(({ told }) => told.duplicate).length)),
    subscribers: chains.size,
    deliveries: deliveries.length,
    late: deliveries.filter(({ late }) => late).length,
    gaps: sum([...chains.values()].map(({ gaps }) => gaps.length)),
    hops: sum([...chains.values()].map(({ hops }) => hops)),
  }
}

const tally = (names: readonly string[]): { readonly [name: string]: number } => {
  const counts: { [name: string]: number } = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** Judges a history, and nothing but the history: the same lines give the same verdict. */
export const judge = (lines: readonly Line[]): Verdict => {
  const court = new Court(lines)
  const findings = rules.map((rule) => rule(court))
  const violations = findings.flatMap((finding) => finding.violations)
  const excused: { [name: string]: number } = {}
  for (const finding of findings)
    for (const [name, count] of Object.entries(finding.excused ?? {})) if (count > 0) excused[name] = count
  return {
    ok: violations.length === 0,
    complete: court.end?.complete === true,
    seed: court.start.seed,
    seconds: (lines.at(-1)?.at ?? 0) / 1000,
    rows: kinds.map((kind) => rowOf(court, kind, violations)),
    counts: { ...countsOf(court), checks: sum(findings.map(({ checked }) => checked)) },
    excused,
    faults: tally(court.peace.faults.map(({ begin }) => begin.fault)),
    waits: stalls(court),
  }
}
