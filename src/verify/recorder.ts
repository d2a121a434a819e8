import { once } from 'node:events'
import { createWriteStream, openSync, type WriteStream } from 'node:fs'
import type { Line } from './check/history.js'

type Untimed<L> = L extends Line ? Omit<L, 'at'> : never

/** What happens, as it happens: kept for the verdict, and written to a file if there is to be one. */
export class Recorder {
  readonly lines: Line[] = []
  readonly #startMs = performance.now()
  readonly #file: WriteStream | undefined

  /** `path`: throws if it can't be opened; what goes wrong later rejects where it is closed. */
  constructor(path?: string) {
    this.#file = path === undefined ? undefined : createWriteStream(path, { fd: openSync(path, 'w') })
    this.#file?.on('error', () => {})
  }

  /** Milliseconds from the start. */
  get now(): number {
    return Math.round((performance.now() - this.#startMs) * 10) / 10
  }

  add(line: Untimed<Line>): number {
    const at = this.now
    const timed = { at, ...line } as Line
    this.lines.push(timed)
    this.#file?.write(`${JSON.stringify(timed)}\n`)
    return at
  }

  async close(): Promise<void> {
    const file = this.#file
    if (!file || file.closed) return
    if (file.errored) throw file.errored
    file.end()
    await once(file, 'close')
  }
}
