import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { pageOf } from './bench/html.js'
import { machine } from './bench/machine.js'
import { Nodes } from './bench/nodes.js'
import { planFor, type Transport, type Wishes, type Workload, workloads } from './bench/plan.js'
import { about, doubts, medians, progress, table, tableRows, titleOf } from './bench/report.js'
import { type Moment, type Result, run, type Target } from './bench/run.js'
import { Failure } from './failure.js'
import { ProgressLine } from './progress.js'
import { print, say } from './terminal.js'

export interface BenchFlags extends Omit<Wishes, 'workload' | 'subscribers' | 'channels' | 'publishers'> {
  /** One cluster of each size, one after the other. */
  readonly nodes: readonly number[]
  /** Servers that are there already, instead of nodes of its own. */
  readonly server?: readonly string[]
  readonly database: string
  readonly subscribers?: number
  readonly channels?: number
  readonly publishers?: number
  readonly workers?: number
  readonly repeat: number
  readonly transport: Transport
  readonly json: boolean
  readonly html?: string
}

/** Beyond this the workers would take from the nodes what they are to measure. */
const workersMax = 4

const wanted = (given: readonly string[]): readonly Workload[] => {
  if (given.length === 0) return ['fan-out']
  if (given.includes('all')) return workloads
  return given.map((name) => {
    const known = workloads.find((workload) => workload === name)
    if (known) return known
    throw new Failure(2, `there is no workload "${name}"; there are ${workloads.join(', ')}, and all`)
  })
}

/** Ends everything at once when the user has seen enough. */
const aborting = (nodes: () => Nodes | undefined): AbortController => {
  const abort = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      abort.abort()
      nodes()?.kill()
      process.exit(signal === 'SIGINT' ? 130 : 1)
    })
  return abort
}

const runAll = async (
  names: readonly Workload[],
  flags: BenchFlags,
  target: Target,
  signal: AbortSignal,
): Promise<Result[]> => {
  const { duration, database, repeat } = flags
  const { urls } = target
  const workers = flags.workers ?? Math.min(workersMax, Math.max(1, availableParallelism() - 1))
  const bar = new ProgressLine()
  const results: Result[] = []
  for (let i = 0; i < names.length * repeat; i++) {
    const workload = names[i % names.length] ?? 'fan-out'
    const wishes: Wishes = {
      ...flags,
      workload,
      subscribers: flags.subscribers,
      channels: flags.channels,
      publishers: flags.publishers,
    }
    const plan = planFor(wishes, { urls, workers, database, prefix: `bench-${process.pid}-${i}-` })
    const title = titleOf(workload, urls.length)
    bar.show(`${title}: getting ready`)
    const onMoment = (moment: Moment): void => bar.show(progress(title, moment.seconds / duration, moment))
    const result = await run(plan, target, onMoment, signal)
    bar.end(progress(title, 1, { ...result, times: result.delivery ?? result.publish }))
    results.push(result)
  }
  return results
}

const show = async (results: readonly Result[], flags: BenchFlags): Promise<void> => {
  const on = machine()
  const many = flags.repeat > 1
  if (flags.json) await print(JSON.stringify({ machine: on, results }))
  else {
    const where = flags.server
      ? `servers: ${flags.server.join(', ')}`
      : `nodes: ${flags.nodes.join(', ')}, on this machine`
    await print([about(on), where, '', ...(many ? medians(results) : table(results))].join('\n'))
  }
  for (const doubt of doubts(results)) say(`carillon: ${doubt}`)
  if (flags.html === undefined) return
  await writeFile(flags.html, pageOf('Carillon benchmark', tableRows(results), results, on))
  say(`carillon: the report is in ${flags.html}`)
}

/** Measures throughput and latency under load that other processes make. Fails if a message was lost or came twice. */
export const bench = async (given: readonly string[], flags: BenchFlags): Promise<void> => {
  const names = wanted(given)
  let nodes: Nodes | undefined
  const { signal } = aborting(() => nodes)
  const results: Result[] = []
  if (flags.server) results.push(...(await runAll(names, flags, { urls: flags.server, pids: [] }, signal)))
  else
    for (const count of flags.nodes) {
      nodes = await Nodes.start(count)
      try {
        results.push(...(await runAll(names, flags, nodes, signal)))
      } finally {
        await nodes.stop()
      }
    }
  await show(results, flags)
  if (results.some(({ faults }) => faults.lost + faults.doubled + faults.disordered > 0))
    throw new Failure(1, 'messages were lost, doubled or out of order')
}
