import { parentPort } from 'node:worker_threads'
import type { Done, Task } from './jobs.js'
import { simulate } from './simulate.js'

/** One thread: a task in, its verdict out. */
parentPort?.on('message', ({ seed, profile, rules, twice }: Task) => {
  const options = rules ? { seed, profile, rules } : { seed, profile }
  const verdict = simulate(options)
  const unsteady = twice && simulate(options).hash !== verdict.hash
  parentPort?.postMessage({ verdict, unsteady } satisfies Done)
})
