import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Rules } from '../../src/log/rules.js'
import type { Verdict } from './simulate.js'

export interface Task {
  readonly seed: number
  readonly profile: string
  readonly rules?: Partial<Rules>
  /** Run it a second time, and compare. */
  readonly twice: boolean
}

export interface Done {
  readonly verdict: Verdict
  /** The second run went another way. */
  readonly unsteady: boolean
}

/** The same file, whether compiled or run from source. */
const worker = new URL(`./worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/** One run in twenty is repeated: a difference means that something besides the seed has a say. */
export const tasksFor = (profile: string, from: number, count: number, rules?: Partial<Rules>): Task[] =>
  Array.from({ length: count }, (_, i) => {
    const task = { seed: from + i, profile, twice: (from + i) % 20 === 0 }
    return rules ? { ...task, rules } : task
  })

/** Works tasks off in several threads, as fast as they come free, until `on` says that it is enough. */
export const runAll = async (
  tasks: Iterable<Task>,
  on: (done: Done) => 'enough' | undefined,
  jobs = availableParallelism(),
): Promise<void> => {
  const queue = tasks[Symbol.iterator]()
  let enough = false
  const next = (): Task | undefined => {
    const { value, done } = queue.next()
    return done || enough ? undefined : value
  }
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const thread = new Worker(worker)
      const give = (): void => {
        const task = next()
        if (task) thread.postMessage(task)
        else void thread.terminate().then(() => resolve())
      }
      thread.on('message', (done: Done) => {
        if (!enough) enough = on(done) === 'enough'
        give()
      })
      thread.on('error', reject)
      give()
    })
  await Promise.all(Array.from({ length: jobs }, one))
}
