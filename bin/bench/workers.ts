import { type ChildProcess, spawn } from 'node:child_process'
import { Failure } from '../failure.js'
import { command } from './command.js'
import { addFaults, type Faults, noFaults } from './message.js'
import type { Job } from './plan.js'
import type { Counts, Order, Told } from './talk.js'

/** The processes that make the load, ordered about in step: none goes on before all are there. */
export class Workers {
  readonly #children: readonly ChildProcess[]
  readonly #onCounts: (counts: Counts, worker: number) => void
  #waiting: ((told: Told, worker: number) => void) | undefined
  #fail: (failure: Failure) => void = () => {}
  #ended = false

  constructor(jobs: readonly Job[], onCounts: (counts: Counts, worker: number) => void) {
    this.#onCounts = onCounts
    const program = [...process.execArgv, command, 'bench', '--worker']
    this.#children = jobs.map((_, i) => {
      const child = spawn(process.execPath, program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      child.on('message', (told: Told) => this.#told(told, i))
      child.once('exit', (code, signal) => {
        if (!this.#ended) this.#fail(new Failure(1, `a worker ended too soon (${signal ?? code})`))
      })
      return child
    })
  }

  async prepare(jobs: readonly Job[]): Promise<void> {
    await this.#all('prepared', (i) => ({ type: 'prepare', job: jobs[i] as Job }))
  }

  run(): void {
    for (const child of this.#children) child.send({ type: 'run' } satisfies Order)
  }

  /** Ends the load; resolves with what all of it together did wrong. */
  async finish(): Promise<Faults> {
    const stopped = await this.#all('stopped', () => ({ type: 'stop' }))
    const last = stopped.flatMap((told) => told.last)
    const finished = await this.#all('finished', () => ({ type: 'finish', last }))
    const faults = noFaults()
    for (const told of finished) addFaults(faults, told.faults)
    return faults
  }

  end(): void {
    this.#ended = true
    for (const child of this.#children) child.kill('SIGKILL')
  }

  #told(told: Told, worker: number): void {
    if (told.type === 'counts') this.#onCounts(told.counts, worker)
    else this.#waiting?.(told, worker)
  }

  /** Gives each its order and collects their answers. */
  #all<Type extends Told['type']>(
    type: Type,
    order: (worker: number) => Order,
  ): Promise<readonly Extract<Told, { type: Type }>[]> {
    type Answer = Extract<Told, { type: Type }>
    const isAnswer = (told: Told): told is Answer => told.type === type
    return new Promise((resolve, reject) => {
      const answers: Answer[] = []
      this.#fail = reject
      this.#waiting = (told) => {
        if (isAnswer(told)) answers.push(told)
        if (answers.length === this.#children.length) resolve(answers)
      }
      for (const [i, child] of this.#children.entries()) child.send(order(i))
    })
  }
}
