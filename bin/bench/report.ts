import { bar } from '../progress.js'
import { tableOf, whole } from '../table.js'
import type { Times } from './histogram.js'
import type { Machine } from './machine.js'
import { middle } from './median.js'
import type { Moment, Result } from './run.js'
import { tellEveryMs } from './talk.js'

const digits = (value: number | undefined, places: number): string =>
  value === undefined ? '-' : value.toFixed(places)
const timesIn = (times: Times | undefined): readonly string[] =>
  [times?.p50, times?.p90, times?.p99, times?.max].map((value) => digits(value, 2))

/** Near to this the worker is as slow as what it measures. */
const busyMax = 0.9
/** What is less was not the rate that was asked for. */
const rateShare = 0.98

const isClean = ({ faults }: Result): boolean => Object.values(faults).every((count) => count === 0)

const checkOf = (result: Result): string => {
  if (isClean(result)) return 'ok'
  return Object.entries(result.faults)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(' ')
}

const head = [
  ...['workload', 'nodes', 'publ/s', 'deliv/s', 'p50 ms', 'p90', 'p99', 'max'],
  ...['CPU us', 'busiest', 'wire B', 'MiB', 'check'],
]

/** Of the node that has most to do, if there are several. */
const busiest = ({ cpuByNode = [] }: Result): number | undefined =>
  cpuByNode.length > 1 ? Math.max(...cpuByNode) : undefined

/** A head and a line for each run. The latency is that of deliveries, or of publishes where nothing is delivered. */
export const tableRows = (results: readonly Result[]): readonly (readonly string[])[] => [
  head,
  ...results.map((result) => [
    result.workload,
    `${result.nodes}`,
    whole(result.published),
    whole(result.delivered),
    ...timesIn(result.delivery ?? result.publish),
    digits(result.cpuPerMessage, 1),
    digits(busiest(result), 1),
    digits(result.wireBytes, 0),
    digits(result.memoryMiB, 0),
    checkOf(result),
  ]),
]

export const table = (results: readonly Result[]): readonly string[] => tableOf(head, tableRows(results).slice(1))

/** The median, and how far the runs are apart. */
const spread = (values: readonly (number | undefined)[], places: number): string => {
  const known = values.filter((value) => value !== undefined)
  if (known.length === 0) return '-'
  const [low, high] = [Math.min(...known), Math.max(...known)]
  return `${middle(known).toFixed(places)} (${low.toFixed(places)}..${high.toFixed(places)})`
}

/** The workload, and on how many nodes if there are several. */
export const titleOf = (workload: string, nodes: number): string =>
  nodes > 1 ? `${workload} on ${nodes} nodes` : workload

/** A line for what was run several times. */
export const medians = (results: readonly Result[]): readonly string[] =>
  tableOf(
    ['workload', 'nodes', 'runs', 'publ/s', 'deliv/s', 'p50 ms', 'p99 ms', 'CPU us', 'MiB', 'check'],
    [...new Set(results.map(({ workload, nodes }) => titleOf(workload, nodes)))].map((name) => {
      const runs = results.filter(({ workload, nodes }) => titleOf(workload, nodes) === name)
      const [first] = runs
      const times = runs.map(({ delivery, publish }) => delivery ?? publish)
      const of = (value: (run: Result) => number | undefined, places: number): string => spread(runs.map(value), places)
      return [
        first?.workload ?? '',
        `${first?.nodes}`,
        `${runs.length}`,
        of(({ published }) => published, 0),
        of(({ delivered }) => delivered, 0),
        spread(
          times.map((each) => each?.p50),
          2,
        ),
        spread(
          times.map((each) => each?.p99),
          2,
        ),
        of(({ cpuPerMessage }) => cpuPerMessage, 1),
        of(({ memoryMiB }) => memoryMiB, 0),
        checkOf(runs.find((run) => !isClean(run)) ?? (first as Result)),
      ]
    }),
  )

/** Short of the rate; at both ends an interval of counts may be missing. */
const isShort = ({ published, rate, seconds }: Result): boolean =>
  published < rate * (rateShare - tellEveryMs / 1000 / seconds)

const doubtsOf = (result: Result): readonly string[] => {
  const { workerBusy, rate, published } = result
  const found: string[] = []
  if (!isClean(result)) found.push(`${checkOf(result)}: these figures count for nothing`)
  if (workerBusy >= busyMax)
    found.push(
      `a worker was ${Math.round(workerBusy * 100)} % busy, so it was the limit: use more --workers, or fewer subscribers`,
    )
  if (isShort(result))
    found.push(`of ${whole(rate)} messages a second only ${whole(published)} were published: use more --publishers`)
  return found.map((text) => `${titleOf(result.workload, result.nodes)}: ${text}`)
}

/** What should make a reader doubt the figures, each thing once. */
export const doubts = (results: readonly Result[]): readonly string[] => [...new Set(results.flatMap(doubtsOf))]

export const about = ({ cpu, cores, memoryGiB, node, commit, date }: Machine): string =>
  `${cores} × ${cpu}, ${memoryGiB} GiB, Node ${node}, commit ${commit}, ${date}`

/** One line that takes the place of the one before it. */
export const progress = (name: string, share: number, { published, delivered, times }: Moment): string => {
  const latency = times ? `, p99 ${times.p99.toFixed(1)} ms` : ''
  return `${name} [${bar(share)}] ${whole(published)} published/s, ${whole(delivered)} delivered/s${latency}`
}
