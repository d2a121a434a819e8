import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { host } from '../../support/free-port.js'
import { until } from '../../support/until.js'

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

export interface Command {
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/** A program that runs until the test is over; it is ended by its own number, never by name. */
export class Service {
  readonly process: ChildProcess
  readonly #name: string
  readonly #ended: Promise<unknown>
  #said = ''
  #isOver = false

  constructor({ name, file, args, env }: Command) {
    this.#name = name
    this.process = spawn(file, args, { env: { ...process.env, ...env } })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-100_000)
      })
    }
    this.#ended = new Promise((resolve) => this.process.once('exit', resolve))
    void this.#ended.then(() => {
      this.#isOver = true
    })
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  get said(): string {
    return this.#said
  }

  async listens(port: number): Promise<this> {
    try {
      await until(`${this.#name} listens`, () => this.#isOver || answers(port), 60_000)
    } catch (error) {
      throw new Error(this.#said, { cause: error })
    }
    if (this.#isOver) throw new Error(`${this.#name} has ended: ${this.#said}`)
    return this
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#isOver) return
    this.process.kill(signal)
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 10_000)
    await this.#ended
    clearTimeout(timer)
  }
}

/** Runs something to its end, which must be a good one. */
export const run = ({ name, file, args, env }: Command): void => {
  const { status, stdout, stderr, error } = spawnSync(file, args, { env: { ...process.env, ...env }, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${name}: ${error?.message ?? ''}${stdout}${stderr}`)
}
