import tap, { test } from 'tap'
import { type Done, runAll, type Task, tasksFor } from './jobs.js'

// For the file as a whole: the runner's own limit is shorter.
tap.setTimeout(600_000)

/** Seeds of each kind: for a pull request. `npm run simulate -- --seeds 20000 --profile all` is for the night. */
const shares: readonly (readonly [profile: string, count: number])[] = [
  ['swarm', 160],
  ['crashes', 50],
  ['cuts', 60],
  ['dense', 60],
  ['messages', 50],
  ['tiny', 40],
  ['clocks', 30],
  ['clocksback', 20],
  ['blackout', 20],
  ['retention', 20],
  ['calm', 20],
]

test('no seed breaks a promise', { timeout: 600_000 }, async (t) => {
  const tasks: Task[] = shares.flatMap(([profile, count]) => tasksFor(profile, 1, count))
  let runs = 0
  const on = ({ verdict, unsteady }: Done): undefined => {
    runs++
    const { profile, seed, message } = verdict
    const again = `npm run simulate -- --profile ${profile} --seed ${seed} --trace`
    if (message !== undefined) t.fail(`${message} (${again})`)
    if (unsteady) t.fail(`the same seed went two ways (${again})`)
  }
  await runAll(tasks, on, 2)
  t.equal(runs, tasks.length, `${runs} seeds were run`)
})
