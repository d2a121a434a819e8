import { tableOf, whole } from '../table.js'
import type { Times } from './histogram.js'
import type { Machine } from './machine.js'
import { middle } from './median.js'
import type { Moment, Result } from './run.js'

const digits = (value: number | undefined, places: number): string =>
  value === undefined ? '-' : value.toFixed(places)
const timesIn = (times: Times | undefined): readonly string[] =>
  [times?.p50, times?.p90, times?.p99, times?.max].map((value) => digits(value, 2))

/** Near to this the worker is as slow as what it measures. */
const busyMax = 0.9

const isClean = ({ faults }: Result): boolean => Object.values(faults).every((count) => count === 0)

const checkOf = (result: Result): string => {
  if (isClean(result)) return 'ok'
  return Object.entries(result.faults)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(' ')
}

const head = ['workload', 'publ/s', 'deliv/s', 'p50 ms', 'p90', 'p99', 'max', 'CPU us', 'MiB', 'check']

/** A head and a line for each run. The latency is that of deliveries, or of publishes where nothing is delivered. */
export const tableRows = (results: readonly Result[]): readonly (readonly string[])[] => [
  head,
  ...results.map((result) => [
    result.workload,
    whole(result.published),
    whole(result.delivered),
    ...timesIn(result.delivery ?? result.publish),
    digits(result.cpuPerMessage, 1),
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

/** A line for each workload that was run several times. */
export const medians = (results: readonly Result[]): readonly string[] =>
  tableOf(
    ['workload', 'runs', 'publ/s', 'deliv/s', 'p50 ms', 'p99 ms', 'CPU us'],
    [...new Set(results.map(({ workload }) => workload))].map((workload) => {
      const runs = results.filter((result) => result.workload === workload)
      const times = runs.map(({ delivery, publish }) => delivery ?? publish)
      return [
        workload,
        `${runs.length}`,
        spread(
          runs.map(({ published }) => published),
          0,
        ),
        spread(
          runs.map(({ delivered }) => delivered),
          0,
        ),
        spread(
          times.map((each) => each?.p50),
          2,
        ),
        spread(
          times.map((each) => each?.p99),
          2,
        ),
        spread(
          runs.map(({ cpuPerMessage }) => cpuPerMessage),
          1,
        ),
      ]
    }),
  )

/** What should make a reader doubt the figures. */
export const doubts = (results: readonly Result[]): readonly string[] =>
  results.flatMap((result) => [
    ...(isClean(result) ? [] : [`${result.workload}: ${checkOf(result)}: these figures count for nothing`]),
    ...(result.workerBusy < busyMax
      ? []
      : [
          `${result.workload}: a worker was ${Math.round(result.workerBusy * 100)} % busy, so it was the limit: use more --workers, or fewer subscribers`,
        ]),
  ])

export const about = ({ cpu, cores, memoryGiB, node, commit, date }: Machine): string =>
  `${cores} × ${cpu}, ${memoryGiB} GiB, Node ${node}, commit ${commit}, ${date}`

const barWidth = 24

/** One line that takes the place of the one before it. */
export const progress = (name: string, share: number, { published, delivered, times }: Moment): string => {
  const full = Math.round(Math.min(1, share) * barWidth)
  const bar = '#'.repeat(full) + '.'.repeat(barWidth - full)
  const latency = times ? `, p99 ${times.p99.toFixed(1)} ms` : ''
  return `${name} [${bar}] ${whole(published)} published/s, ${whole(delivered)} delivered/s${latency}`
}
