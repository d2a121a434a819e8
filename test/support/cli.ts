import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtFolder } from './build.js'
import { until } from './until.js'

const sourceOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const bin = 'bin/carillon.ts'

/** What reads TypeScript, without what replaces modules by mocks: that would cost each process half a second. */
export const loaders = process.execArgv.filter((argument) => !argument.includes('/mock/'))

const builtOf = (program: string): readonly string[] => [
  '--enable-source-maps',
  join(builtFolder(), program.replace(/\.ts$/, '.js')),
]

/** What is installed somewhere runs as it is there, and what is no part of the package, from source. */
const commandOf = (program: string): readonly [string, ...string[]] => {
  if (isAbsolute(program)) return [program]
  const isOurs = program.startsWith('bin/')
  return [process.execPath, ...(isOurs ? builtOf(program) : [...loaders, sourceOf(program)])]
}

/** The environment of the test, without what somebody may have set for a Carillon of their own. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(CARILLON_|NO_COLOR|FORCE_COLOR)/.test(name)))

export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** The command line as a process, run from source just as the test is. */
export class Cli {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  #stdout = ''
  #stderr = ''

  /**
   * Detached, in a group of its own, as a terminal would start it, it can be sent what all in the foreground get.
   * Tethered, it can find out that the test is no more, even if that was killed.
   */
  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}, manner?: 'detached' | 'tethered', program = bin) {
    const ipc = manner === 'tethered' ? (['ipc'] as const) : []
    const stdio: StdioOptions = ['pipe', 'pipe', 'pipe', ...ipc]
    const options = { env: { ...environment(), ...env }, detached: manner === 'detached', stdio }
    const [command, ...before] = commandOf(program)
    this.process = spawn(command, [...before, ...args], options)
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
    })
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.ended = new Promise((resolve) => {
      this.process.once('close', (code, signal) => {
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr })
      })
    })
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  /** Waits until the output matches; says what there was instead, if it never does. */
  async shows(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpMatchArray> {
    try {
      return await until(String(pattern), () => this[stream].match(pattern) ?? undefined, 30_000)
    } catch (error) {
      throw new Error(`${stream} does not show ${pattern}:\n${this.#stdout}\n${this.#stderr}`, { cause: error })
    }
  }

  /** Ctrl-C: a terminal sends it to all processes of the group. */
  interrupt(): void {
    process.kill(-this.pid, 'SIGINT')
  }

  /** Ends it for good, for when a test fails half-way. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.ended
  }
}

/** `program`: another one than the command line, by its place in the repository, or on the machine. */
export const run = (
  args: readonly string[],
  input = '',
  env: NodeJS.ProcessEnv = {},
  program = bin,
): Promise<Ended> => {
  const cli = new Cli(args, env, undefined, program)
  cli.process.stdin?.end(input)
  return cli.ended
}
