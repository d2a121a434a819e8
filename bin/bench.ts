import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { pageOf } from './bench/html.js'
import { machine } from './bench/machine.js'
import { Nodes } from './bench/nodes.js'
import { planFor, type Transport, transports, type Wishes, type Workload, workloads } from './bench/plan.js'
import { about, doubts, medians, progress, table, tableRows } from './bench/report.js'
import { type Moment, type Result, run } from './bench/run.js'
import { Failure } from './failure.js'
import { print, say } from './terminal.js'

export interface BenchFlags extends Omit<Wishes, 'workload' | 'subscribers' | 'channels' | 'publishers'> {
  readonly nodes: number
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

/** Shows how far it is: on a terminal all the time, else at the end of each run only. */
class Progress {
  readonly #live = process.stderr.isTTY === true

  show(text: string): void {
    if (this.#live) process.stderr.write(`\r\u001b[K${text}`)
  }

  end(text: string): void {
    if (this.#live) process.stderr.write(`\r\u001b[K`)
    say(text)
  }
}

/** Ends everything at once when the user has seen enough. */
const aborting = (nodes: Nodes | undefined): AbortController => {
  const abort = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      abort.abort()
      nodes?.kill()
      process.exit(signal === 'SIGINT' ? 130 : 1)
    })
  return abort
}

const runAll = async (names: readonly Workload[], flags: BenchFlags, nodes: Nodes | undefined): Promise<Result[]> => {
  const { duration, database, repeat } = flags
  const urls = nodes?.urls ?? flags.server ?? []
  const workers = flags.workers ?? Math.min(workersMax, Math.max(1, availableParallelism() - 1))
  const { signal } = aborting(nodes)
  const bar = new Progress()
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
    bar.show(`${workload}: getting ready`)
    const onMoment = (moment: Moment): void => bar.show(progress(workload, moment.seconds / duration, moment))
    const result = await run(plan, nodes?.pids ?? [], onMoment, signal)
    bar.end(progress(workload, 1, { ...result, times: result.delivery ?? result.publish }))
    results.push(result)
  }
  return results
}

const show = async (results: readonly Result[], flags: BenchFlags): Promise<void> => {
  const on = machine()
  const many = flags.repeat > 1
  if (flags.json) await print(JSON.stringify({ machine: on, results }))
  else {
    const where = flags.server ? `servers: ${flags.server.join(', ')}` : `nodes: ${flags.nodes}, on this machine`
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
  if (!transports.includes(flags.transport)) throw new Failure(2, `--transport ${flags.transport} is for --spread`)
  const nodes = flags.server ? undefined : await Nodes.start(flags.nodes)
  try {
    const results = await runAll(names, flags, nodes)
    await show(results, flags)
    if (results.some(({ faults }) => faults.lost + faults.doubled + faults.disordered > 0))
      throw new Failure(1, 'messages were lost, doubled or out of order')
  } finally {
    await nodes?.stop()
  }
}
