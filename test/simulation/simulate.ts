import type { Rules } from '../../src/log/rules.js'
import { keptByAll, stillKept, unsettled } from './finale.js'
import { Run } from './run.js'
import { type Scenario, scenarioOf } from './scenario.js'
import { Trace } from './trace.js'
import { vectorOf } from './truth.js'
import { Violation } from './violation.js'

export interface Options {
  readonly seed: number
  readonly profile: string
  /** Rules left out. */
  readonly rules?: Partial<Rules>
  /** Instead of what the seed draws: when a failure is cut down, and in scenarios by hand. */
  readonly change?: Partial<Scenario>
  readonly verbose?: boolean
}

export interface Verdict {
  readonly seed: number
  readonly profile: string
  /** Undefined when all went well. */
  readonly rule?: string
  readonly message?: string
  readonly atMs: number
  readonly steps: number
  readonly hash: number
  readonly acknowledged: number
  readonly answers: number
  readonly gaps: number
  readonly installs: number
  readonly split: boolean
  readonly lines: readonly string[]
}

/** Clients go on publishing for a while after everything has healed: it must work again. */
const afterHealMs = 1500
/** By then the cluster must be one: the longest time out for a flapping node is 30 s. */
const settleMs = 60_000
const drainMs = 20_000
const stepMs = 200

export const simulate = (options: Options): Verdict => {
  const scenario: Scenario = { ...scenarioOf(options.seed, options.profile), ...options.change }
  const trace = new Trace(options.verbose ?? false)
  const run = new Run(scenario, trace, options.rules)
  let failure: Violation | undefined
  try {
    unfold(run)
  } catch (error) {
    failure = error instanceof Violation ? error : new Violation('simulator', String((error as Error).stack ?? error))
  }
  return verdict(run, failure)
}

const unfold = (run: Run): void => {
  const { schedule } = run.world
  const { healMs, abandon } = run.scenario
  schedule.run(healMs)
  run.inject.heal(abandon)
  schedule.run(healMs + afterHealMs)
  run.publishing = false
  settle(run, healMs + afterHealMs + settleMs)
  keptByAll(run)
  drain(run)
  const kept = keptByAll(run)
  for (const reader of [...run.readers, ...run.followers]) reader.chain.finish(kept, reader.start === 'earliest')
}

const settle = (run: Run, untilMs: number): void => {
  const { schedule } = run.world
  for (let why = unsettled(run); why !== undefined; why = unsettled(run)) {
    if (schedule.nowMs > untilMs) throw new Violation('C7', `not settled after ${settleMs} ms: ${why}`)
    schedule.run(schedule.nowMs + stepMs)
  }
}

/** All readers get to the end. */
const drain = (run: Run): void => {
  const { schedule } = run.world
  const [life] = run.world.lives
  if (!life) return
  const { vector } = vectorOf(run.tip(life))
  const readers = [...run.readers, ...run.followers]
  for (const reader of readers) reader.drain()
  const untilMs = schedule.nowMs + drainMs
  for (;;) {
    const kept = stillKept(run)
    const behind = readers.find((reader) => !reader.hasReached(vector, kept))
    if (!behind) return
    if (schedule.nowMs > untilMs)
      throw new Violation(
        'C7',
        `${behind.chain.name} does not get to the end: ${behind.chain.cursor} of ${run.tip(life)}, without ${behind.chain.misses(kept)}`,
      )
    schedule.run(schedule.nowMs + stepMs)
  }
}

const verdict = (run: Run, failure: Violation | undefined): Verdict => {
  const { trace, world, views, scenario } = run
  const readers = [...run.readers, ...run.followers]
  const sum = (of: (reader: (typeof readers)[number]) => number): number =>
    readers.reduce((total, reader) => total + of(reader), 0)
  const plain = {
    seed: scenario.seed,
    profile: scenario.profile,
    atMs: world.nowMs,
    steps: world.steps,
    hash: trace.hash,
    acknowledged: run.acknowledged,
    answers: sum(({ chain }) => chain.answers),
    gaps: sum(({ chain }) => chain.gaps),
    installs: views.installs,
    split: views.split,
    lines: trace.lines,
  }
  return failure ? { ...plain, rule: failure.rule, message: failure.message } : plain
}
