import tap, { test } from 'tap'
import type { Rules } from '../../src/log/rules.js'
import { runAll, tasksFor } from './jobs.js'

// For the file as a whole: the runner's own limit is shorter.
tap.setTimeout(600_000)

/** Without any one rule the checkers must find something, in so many seeds of the kind that provokes it. */
const budgets = {
  possession: ['crashes', 20],
  rowsNeedLog: ['messages', 60],
  freeze: ['crashes', 60],
  targetOfAll: ['crashes', 40],
  staging: ['dense', 120],
  queueWhileFrozen: ['crashes', 60],
  wallFloor: ['blackout', 60],
  vectorCursor: ['crashes', 20],
  keepUnknownOrigins: ['crashes', 20],
  agreedViews: ['messages', 200],
  ackAll: ['crashes', 10],
  floors: ['tiny', 40],
} satisfies { readonly [rule in keyof Rules]: readonly [profile: string, seeds: number] }

test('every rule is needed', { timeout: 600_000 }, async (t) => {
  for (const rule of Object.keys(budgets) as (keyof Rules)[]) {
    const [profile, seeds] = budgets[rule]
    const tasks = tasksFor(profile, 1, seeds, { [rule]: false })
    let runs = 0
    let found: string | undefined
    await runAll(
      tasks,
      ({ verdict }) => {
        runs++
        found ??= verdict.rule
        return found === undefined ? undefined : 'enough'
      },
      2,
    )
    t.ok(found, `without ${rule}: ${found ?? 'nothing'} after ${runs} of ${seeds} seeds of ${profile}`)
  }
})
