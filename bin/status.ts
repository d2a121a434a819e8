import type { Client } from '../src/client/index.js'
import { clientFor, outcomeOf } from './client.js'
import { Failure } from './failure.js'
import type { ServerFlags } from './flags.js'
import { type Look, statusLines } from './status-text.js'
import { onInterrupt, print, say } from './terminal.js'

export interface StatusFlags extends ServerFlags {
  readonly json: boolean
  /** Seconds between two looks; true for the usual. */
  readonly watch?: number | true
}

const attemptMs = 2000

const look = async (client: Client): Promise<Look> => {
  const asked = client.request({ method: 'GET', path: '/cluster' }, { attemptMs, timeoutMs: 0 })
  const { server, text } = await outcomeOf(asked)
  return { server, text, status: JSON.parse(text), atMs: performance.now() }
}

/** Over what was there, line by line: a screen that is cleared first would flicker. */
const redrawn = (lines: readonly string[], rows: number): string =>
  `\u001b[H${lines
    .slice(0, rows - 1)
    .map((line) => `${line}\u001b[K\n`)
    .join('')}\u001b[J`

/** What was seen, until something else is: on a terminal in its place, elsewhere below it. */
const show = async (lines: readonly string[]): Promise<void> => {
  const { isTTY, rows = 24 } = process.stdout
  await print(isTTY ? redrawn(lines, rows) : [...lines, ''].join('\n'))
}

const watch = async (client: Client, flags: StatusFlags, everyMs: number): Promise<never> => {
  let before: Look | undefined
  let lines: readonly string[] = []
  for (;;) {
    try {
      const now = await look(client)
      const same = before?.server === now.server ? before : undefined
      lines = statusLines(now, same)
      if (flags.json) await print(now.text.trim())
      else await show(lines)
      before = now
    } catch (error) {
      // A cluster that is away for a while is what one watches for.
      if (!(error instanceof Failure)) throw error
      if (process.stdout.isTTY && !flags.json) await show([`carillon: ${error.message}`, '', ...lines])
      else say(`carillon: ${error.message}`)
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

export const status = async (flags: StatusFlags): Promise<void> => {
  const release = onInterrupt(() => {})
  const client = clientFor({ servers: flags.server })
  try {
    if (flags.watch !== undefined) await watch(client, flags, (flags.watch === true ? 1 : flags.watch) * 1000)
    const now = await look(client)
    await print(flags.json ? now.text.trim() : statusLines(now, undefined).join('\n').trimEnd())
    if (!now.status.ready) throw new Failure(3, `${now.status.name} is not ready (${now.status.state})`)
  } finally {
    release()
    await client.close()
  }
}
