import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { python } from './debian.js'

/** A script in Python beside this file, which says things by lines of JSON. */
export class Puppet {
  readonly process: ChildProcess
  readonly lines: unknown[] = []
  stderr = ''
  readonly #ended: Promise<number | null>
  #onLine = (): void => {}

  constructor(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const file = fileURLToPath(new URL(script, import.meta.url))
    this.process = spawn(python, [file, ...args], { env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env } })
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    if (this.process.stdout) {
      createInterface({ input: this.process.stdout }).on('line', (line) => {
        this.lines.push(JSON.parse(line))
        this.#onLine()
      })
    }
    this.#ended = new Promise((resolve) => this.process.once('close', resolve))
    void this.#ended.then(() => this.#onLine())
  }

  tell(order: unknown): void {
    this.process.stdin?.write(`${JSON.stringify(order)}\n`)
  }

  /** Waits for that many lines in all. */
  async says(count: number): Promise<readonly unknown[]> {
    while (this.lines.length < count) {
      if (this.process.exitCode !== null) throw new Error(this.stderr)
      await new Promise<void>((resolve) => {
        this.#onLine = resolve
      })
    }
    return this.lines
  }

  /** Lets it finish what it was told; returns its exit code. */
  async end(): Promise<number | null> {
    this.process.stdin?.end()
    return await this.#ended
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.#ended
  }
}
