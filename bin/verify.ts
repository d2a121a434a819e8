import { readFile } from 'node:fs/promises'
import { RefusedError } from '../src/client/index.js'
import { readHistory } from '../src/verify/check/history.js'
import { judge, type Verdict } from '../src/verify/check/verdict.js'
import type { FaultKind } from '../src/verify/kinds.js'
import { AwayError, probe } from '../src/verify/probe.js'
import { NoClusterError, type VerifyOptions, verify as verifyNodes } from '../src/verify/run.js'
import { tokenOfUser } from './client.js'
import { Failure } from './failure.js'
import { ProgressLine } from './progress.js'
import { print, say } from './terminal.js'
import { ownNodes, type Program } from './verify/nodes.js'
import { progressText, summary, verdictLines } from './verify/report.js'

export interface VerifyFlags {
  readonly server?: readonly string[]
  readonly nodes: number
  readonly database: string
  readonly faults: readonly FaultKind[]
  /** Seconds. */
  readonly duration: number
  readonly rate: number
  readonly channels: number
  readonly subscribers: number
  readonly publishers: number
  readonly seed?: string
  readonly history?: string
  /** A history to be judged, instead of a run. */
  readonly check?: string
  readonly json: boolean
}

/** That of a node, by default. */
const suspectMs = 3000

const judgeFile = async (path: string): Promise<Verdict> => {
  try {
    return judge(readHistory(await readFile(path, 'utf8')))
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      throw new Failure(1, `the file ${path} can't be read (${error.code})`)
    if (error instanceof SyntaxError) throw new Failure(2, `${path} is no history: ${error.message}`, { cause: error })
    throw error
  }
}

const nodesFor = async (
  flags: VerifyFlags,
  token: string | undefined,
  program?: Program,
): Promise<VerifyOptions['nodes']> => {
  const { server, nodes, faults, database } = flags
  if (nodes < 2 && faults.includes('cut')) throw new Failure(2, 'of a single node there are no links to cut')
  if (!server) return ownNodes(nodes, faults.includes('cut'), program)
  if (faults.length > 0)
    throw new Failure(2, '--faults is for nodes that it starts itself: leave out either that or --server')
  return { targets: await probe(server, database, token) }
}

/** What a user can do something about, in words. */
const inWords = (error: unknown): unknown => {
  if (error instanceof AwayError) return new Failure(3, error.message, { cause: error })
  if (error instanceof RefusedError) return new Failure(1, error.message, { cause: error })
  if (error instanceof NoClusterError) return new Failure(3, error.message, { cause: error })
  if (error instanceof Error && 'syscall' in error && error.syscall === 'open') return new Failure(1, error.message)
  return error
}

const run = async (flags: VerifyFlags, signal: AbortSignal, program?: Program): Promise<Verdict> => {
  const { database, duration, history, seed = String(Math.floor(Math.random() * 1e9)) } = flags
  const token = tokenOfUser()
  const line = new ProgressLine()
  try {
    const nodes = await nodesFor(flags, token, program)
    say(`carillon: verifying, with the seed ${seed}`)
    const onProgress: VerifyOptions['onProgress'] = (progress) => line.tell(progressText(progress))
    const { rate, channels, subscribers, publishers, faults } = flags
    return await verifyNodes({
      ...{ nodes, database, seed, rate, channels, subscribers, publishers, faults, suspectMs, signal },
      ...{ durationMs: duration * 1000, onProgress },
      ...(token === undefined ? {} : { token }),
      ...(history === undefined ? {} : { history }),
    })
  } catch (error) {
    throw inWords(error)
  } finally {
    line.end()
  }
}

const aborting = (): AbortController => {
  const abort = new AbortController()
  // The second one waits for no verdict.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => (abort.signal.aborted ? process.exit(130) : abort.abort()))
  return abort
}

/** Drives a cluster and judges what it did, or judges a history alone. `program`: see `ownNodes`; no flag leads there. */
export const verify = async (flags: VerifyFlags, program?: Program): Promise<void> => {
  const { check, history, json } = flags
  const { signal } = aborting()
  const verdict = check === undefined ? await run(flags, signal, program) : await judgeFile(check)
  await print(json ? JSON.stringify(verdict) : verdictLines(verdict).join('\n'))
  if (history !== undefined) say(`carillon: the history is in ${history}; --check judges it again`)
  if (!verdict.ok) throw new Failure(signal.aborted ? 130 : 1, `promises were broken: ${summary(verdict)}`)
  say(`carillon: nothing wrong was found${verdict.complete ? '' : ' until it was broken off'}`)
  if (signal.aborted) process.exitCode = 130
}
