import type { Fault } from './faults.js'
import { scenarioOf } from './scenario.js'
import { type Options, simulate, type Verdict } from './simulate.js'

/** Few enough runs that somebody waits for it. */
const runsMost = 400

/**
 * Delta debugging: leaves out as many faults as it can while the run still breaks the same rule. The dice of all else
 * depend on their names only, so a fault less changes nothing but what it did.
 */
export const minimize = (
  options: Options,
  rule: string,
): { faults: readonly Fault[]; verdict: Verdict | undefined } => {
  let faults = scenarioOf(options.seed, options.profile).faults
  let verdict: Verdict | undefined
  let runs = 0
  for (
    let size = Math.ceil(faults.length / 2);
    size >= 1 && runs < runsMost;
    size = size > 1 ? Math.ceil(size / 2) : 0
  ) {
    for (let from = 0; from < faults.length && runs < runsMost; ) {
      const fewer = faults.filter((_, i) => i < from || i >= from + size)
      const tried = simulate({ ...options, change: { ...options.change, faults: fewer }, verbose: false })
      runs++
      if (tried.rule === rule) {
        faults = fewer
        verdict = tried
      } else from += size
    }
  }
  return { faults, verdict }
}
