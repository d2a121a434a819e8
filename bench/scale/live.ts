import { setTimeout as sleep } from 'node:timers/promises'
import { planFor } from '../../bin/bench/plan.js'
import { type Result, run } from '../../bin/bench/run.js'
import { launch } from './program.js'

/** Processes of their own, published to through the first. */
export interface Live {
  readonly nodes: number
  /** Published a second, in fact. */
  readonly rate: number
  /** CPU for a message: of the node that accepts it, and of each other one in the mean. */
  readonly acceptUs: number
  readonly otherUs: number
  /** From when a message was to be sent until it was acknowledged. */
  readonly p50: number
  readonly p99: number
  /** For a message, of all nodes to each other. */
  readonly bytes: number
  /** The load average of the machine by then: above its cores figures are of what else it did, too. */
  readonly load: number
  /** Messages that were lost, doubled or refused: the figures count for nothing unless it is 0. */
  readonly faults: number
}

export interface Load {
  readonly rate: number
  readonly seconds: number
}

export const messageBytes = 200

/** Until the nodes’ code is compiled. */
const warmUpSeconds = 3

/** Publishes steadily through the first of the servers; CPU is that of `pids`. */
export const publishSteadily = (
  urls: readonly string[],
  pids: readonly number[],
  { rate, seconds }: Load,
): Promise<Result> => {
  const wishes = { workload: 'publish', subscribers: 0, channels: undefined, publishers: undefined } as const
  const more = {
    rate,
    size: messageBytes,
    duration: seconds,
    warmup: warmUpSeconds,
    transport: 'poll',
    through: 1,
  } as const
  const places = { urls, workers: 1, database: 'main', prefix: `scale-${process.pid}-` }
  return run(planFor({ ...wishes, ...more }, places), { urls, pids }, () => {}, new AbortController().signal)
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, each) => sum + each, 0) / values.length

export const liveOf = (nodes: number, result: Result, load: number): Live => {
  const { cpuByNode = [], wireBytes = 0, publish, published, faults } = result
  return {
    nodes,
    rate: published,
    acceptUs: cpuByNode[0] ?? 0,
    otherUs: mean(cpuByNode.slice(1, nodes)),
    p50: publish?.p50 ?? 0,
    p99: publish?.p99 ?? 0,
    bytes: wireBytes * (nodes - 1),
    load,
    faults: Object.values(faults).reduce((sum, each) => sum + each, 0),
  }
}

/** Time for nodes that have just found each other to come to rest. */
export const settleMs = 500

export const measureLive = async (nodes: number, load: Load, loadAverage: () => number): Promise<Live> => {
  const fleet = await launch(nodes)
  try {
    await sleep(settleMs)
    const pids = fleet.ships.map(({ pid }) => pid)
    return liveOf(nodes, await publishSteadily(fleet.urls, pids, load), loadAverage())
  } finally {
    await fleet.sink()
  }
}
