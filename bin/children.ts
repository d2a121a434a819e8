import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Failure } from './failure.js'
import { say } from './terminal.js'

/** A process to be kept running. */
export interface ChildPlan {
  readonly name: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

const backoffMs = { first: 500, max: 10_000 }
/** One that has run for this long is started again without the back-off that earlier deaths have added up. */
const steadyMs = 30_000
/** Less than the five seconds in which all is over. */
const killAfterMs = 3500

const howItEnded = (code: number | null, signal: string | null): string =>
  signal ? `by ${signal}` : `with status ${code}`

/** One process, started anew whenever it dies. */
class Child {
  readonly #plan: ChildPlan
  #process: ChildProcess | undefined
  #timer: NodeJS.Timeout | undefined
  #deaths = 0
  #stopping = false
  #up = false
  #exited = Promise.resolve()

  constructor(
    plan: ChildPlan,
    readonly onUp: () => void,
    /** It died before it was up for the first time: to start it again would not help. */
    readonly onFailed: (failure: Failure) => void,
  ) {
    this.#plan = plan
  }

  start(): void {
    const { name, args, env } = this.#plan
    const startedAt = performance.now()
    const program = [...process.execArgv, process.argv[1] ?? '', ...args]
    // The channel is the tether: it closes when this process ends, however it ends, and then the child ends too.
    const child = spawn(process.execPath, program, { env, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
    this.#process = child
    if (child.stderr) createInterface(child.stderr).on('line', (line) => say(`${name} | ${line}`))
    child.once('message', () => {
      this.#up = true
      this.onUp()
    })
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.onFailed(new Failure(1, `${name} could not be started: ${error.message}`))
        resolve()
      })
      child.once('exit', (code, signal) => {
        resolve()
        this.#ended(howItEnded(code, signal), performance.now() - startedAt)
      })
    })
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    this.#process?.kill('SIGTERM')
    const timer = setTimeout(() => this.kill(), killAfterMs)
    await this.#exited
    clearTimeout(timer)
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  kill(): void {
    this.#process?.kill('SIGKILL')
  }

  #ended(how: string, ranMs: number): void {
    if (this.#stopping) return
    if (!this.#up) {
      this.onFailed(new Failure(1, `${this.#plan.name} ended ${how} before it was up`))
      return
    }
    this.#deaths = ranMs >= steadyMs ? 1 : this.#deaths + 1
    const pauseMs = Math.min(backoffMs.max, backoffMs.first * 2 ** (this.#deaths - 1))
    say(`carillon: ${this.#plan.name} ended ${how}; starting it again in ${pauseMs / 1000} s`)
    this.#timer = setTimeout(() => this.start(), pauseMs)
  }
}

/** Several processes, kept running until told to stop; none outlives this one. */
export class Children {
  readonly #children: readonly Child[]
  #fail: (failure: Failure) => void = () => {}
  /** Rejects when one can't even be started. */
  readonly failed: Promise<never>

  constructor(plans: readonly ChildPlan[], onUp: (name: string) => void) {
    this.failed = new Promise((_, reject) => {
      this.#fail = reject
    })
    this.#children = plans.map(
      (plan) =>
        new Child(
          plan,
          () => onUp(plan.name),
          (failure) => this.#fail(failure),
        ),
    )
  }

  start(): void {
    for (const child of this.#children) child.start()
  }

  get pids(): readonly number[] {
    return this.#children.flatMap(({ pid }) => pid ?? [])
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()))
  }

  kill(): void {
    for (const child of this.#children) child.kill()
  }
}
