import { type ChildProcess, spawn } from 'node:child_process'
import type { Target } from './world.js'

/** How to start a node. It must end when the IPC channel to this process closes, and say something on it once it is up. */
export interface NodePlan extends Target {
  readonly command: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

const saidMax = 2000
/** A node was told to end, by SIGTERM or Ctrl-C: which goes to all that run in a terminal, and is no fault of it. */
const asTold: readonly unknown[] = [0, 130]
const stopMs = 4000

/** One node as a process of its own, that can be killed, paused, and started again on the same ports. */
export class NodeProcess {
  readonly plan: NodePlan
  #process: ChildProcess | undefined
  #said = ''
  #isPaused = false
  #isWanted = false
  #isOver = false
  readonly #onCrash: (node: NodeProcess, how: string) => void

  constructor(plan: NodePlan, onCrash: (node: NodeProcess, how: string) => void) {
    this.plan = plan
    this.#onCrash = onCrash
  }

  get name(): string {
    return this.plan.name
  }

  /** Resolves when it is up, or has ended before. */
  start(): Promise<void> {
    if (this.#isOver) return Promise.resolve()
    const { command, args, env } = this.plan
    // The channel is the tether: it closes when this process ends, however it ends, and then the node ends, too.
    const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#process = child
    this.#isWanted = true
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-saidMax)
    })
    const up = new Promise<void>((resolve) => {
      child.once('message', () => resolve())
      child.once('close', () => resolve())
      child.once('error', () => resolve())
    })
    child.once('error', (error) => this.#ended(child, error.message))
    child.once('close', (code, signal) => {
      if (!asTold.includes(code)) this.#ended(child, `${signal ?? `status ${code}`}: ${this.#said.trim()}`)
    })
    return up
  }

  async kill(): Promise<void> {
    this.#isWanted = false
    this.#isPaused = false
    await this.#end('SIGKILL')
  }

  /** For good, as an administrator would; not for ever. */
  async stop(): Promise<void> {
    this.#isOver = true
    if (this.#isPaused) this.resume()
    this.#isWanted = false
    const timer = setTimeout(() => this.#process?.kill('SIGKILL'), stopMs)
    await this.#end('SIGTERM')
    clearTimeout(timer)
  }

  pause(): void {
    this.#isPaused = true
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#isPaused = false
    this.#process?.kill('SIGCONT')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const closed = new Promise((resolve) => child.once('close', resolve))
    child.kill(signal)
    await closed
  }

  #ended(child: ChildProcess, how: string): void {
    if (child !== this.#process || !this.#isWanted) return
    this.#isWanted = false
    this.#onCrash(this, how)
  }
}
