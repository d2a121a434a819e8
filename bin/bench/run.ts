import { type Histogram, histogram, type Times, timesOf, unpack } from './histogram.js'
import { type Use, usesOf } from './machine.js'
import type { Faults } from './message.js'
import type { Plan } from './plan.js'
import { type Counts, tellEveryMs } from './talk.js'
import { peerBytesOf } from './traffic.js'
import { Workers } from './workers.js'

/** What happened in one interval. */
export interface Moment {
  readonly seconds: number
  /** A second. */
  readonly published: number
  readonly delivered: number
  readonly times: Times | undefined
}

export interface Result {
  readonly workload: string
  readonly nodes: number
  readonly subscribers: number
  readonly channels: number
  readonly publishers: number
  readonly size: number
  readonly rate: number
  readonly seconds: number
  /** A second. */
  readonly published: number
  readonly delivered: number
  /** From when a message was to be sent until a subscriber had it; when catching up, of one request. */
  readonly delivery: Times | undefined
  /** From when a message was to be sent until it was acknowledged. */
  readonly publish: Times | undefined
  /** Of all nodes, in microseconds a delivery, or a publish where nothing is delivered. */
  readonly cpuPerMessage: number | undefined
  /** The same of each node. */
  readonly cpuByNode: readonly number[] | undefined
  /** Sent from node to node for each message, by each node that the message has to be brought to. */
  readonly wireBytes: number | undefined
  readonly memoryMiB: number | undefined
  readonly faults: Faults
  /** How busy the busiest worker was, from 0 to 1: near 1 it was the worker that was measured. */
  readonly workerBusy: number
  readonly moments: readonly Moment[]
}

/** Gathers what the workers count, interval by interval. */
class Gauge {
  published = 0
  delivered = 0
  busy = 0
  readonly delivery = histogram()
  readonly publish = histogram()
  readonly moments: Moment[] = []
  #published = 0
  #delivered = 0
  #times: Histogram = histogram()
  readonly #isDelivered: boolean

  /** `isDelivered`: the latency of an interval is that of deliveries, not of publishes. */
  constructor(isDelivered: boolean) {
    this.#isDelivered = isDelivered
  }

  add(counts: Counts): void {
    const delivery = unpack(counts.delivery)
    this.published += counts.published
    this.delivered += counts.delivered
    this.busy = Math.max(this.busy, counts.busy)
    this.delivery.add(delivery)
    const publish = unpack(counts.publish)
    this.publish.add(publish)
    this.#published += counts.published
    this.#delivered += counts.delivered
    this.#times.add(this.#isDelivered ? delivery : publish)
  }

  /** An interval is over. */
  turn(seconds: number, lasted: number): Moment {
    const moment = {
      seconds,
      published: this.#published / lasted,
      delivered: this.#delivered / lasted,
      times: timesOf(this.#times),
    }
    this.moments.push(moment)
    this.#published = 0
    this.#delivered = 0
    this.#times = histogram()
    return moment
  }
}

/** Timers are a little late, so the last interval is a little short. */
const intervalShare = 0.8

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** What is measured. */
export interface Target {
  readonly urls: readonly string[]
  /** Of the nodes, if they are ours. */
  readonly pids: readonly number[]
}

/** What it has cost until now. */
interface Toll {
  readonly uses: readonly Use[] | undefined
  readonly peerBytes: number | undefined
}

const tollOf = async ({ urls, pids }: Target): Promise<Toll> => ({
  peerBytes: await peerBytesOf(urls),
  uses: usesOf(pids),
})

/** Runs one plan. */
export const run = async (
  plan: Plan,
  target: Target,
  onMoment: (moment: Moment) => void,
  signal: AbortSignal,
): Promise<Result> => {
  let gauge: Gauge | undefined
  const workers = new Workers(plan.jobs, (counts) => gauge?.add(counts))
  signal.addEventListener('abort', () => workers.end(), { once: true })
  try {
    await workers.prepare(plan.jobs)
    workers.run()
    await sleep(plan.wishes.warmup * 1000)
    const before = await tollOf(target)
    gauge = new Gauge(plan.subscribers > 0)
    const start = performance.now()
    let last = start
    const end = start + plan.wishes.duration * 1000
    // In an interval that is shorter a worker may have told nothing.
    while (end - last > tellEveryMs * intervalShare) {
      await sleep(Math.min(tellEveryMs, end - last))
      const now = performance.now()
      onMoment(gauge.turn((now - start) / 1000, (now - last) / 1000))
      last = now
    }
    const measured = gauge
    gauge = undefined
    const after = await tollOf(target)
    const nodes = target.urls.length
    const cost = costOf(before, after, measured, nodes)
    return resultOf({ plan, nodes, measured, seconds: (last - start) / 1000, cost, faults: await workers.finish() })
  } finally {
    workers.end()
  }
}

type Cost = Pick<Result, 'cpuPerMessage' | 'cpuByNode' | 'wireBytes' | 'memoryMiB'>

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0)

const costOf = (before: Toll, after: Toll, { delivered, published }: Gauge, nodes: number): Cost => {
  const messages = delivered || published
  const cpuByNode =
    messages === 0
      ? undefined
      : after.uses?.map(({ cpuMs }, i) => ((cpuMs - (before.uses?.[i]?.cpuMs ?? 0)) * 1000) / messages)
  const sent = nodes < 2 || published === 0 ? Number.NaN : (after.peerBytes ?? Number.NaN) - (before.peerBytes ?? 0)
  return {
    cpuByNode,
    cpuPerMessage: cpuByNode && sum(cpuByNode),
    wireBytes: Number.isNaN(sent) ? undefined : sent / published / (nodes - 1),
    memoryMiB: after.uses && sum(after.uses.map(({ memoryMiB }) => memoryMiB)),
  }
}

interface Outcome {
  readonly plan: Plan
  readonly nodes: number
  readonly measured: Gauge
  readonly seconds: number
  readonly cost: Cost
  readonly faults: Faults
}

const resultOf = ({ plan, nodes, measured, seconds, cost, faults }: Outcome): Result => {
  const { workload, subscribers, channels, publishers, wishes } = plan
  const { published, delivered, delivery, publish, busy, moments } = measured
  return {
    workload,
    nodes,
    subscribers,
    channels,
    publishers,
    size: wishes.size,
    rate: wishes.rate,
    seconds,
    published: published / seconds,
    delivered: delivered / seconds,
    delivery: timesOf(delivery),
    publish: timesOf(publish),
    ...cost,
    faults,
    workerBusy: busy,
    moments,
  }
}
