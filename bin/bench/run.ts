import { type Histogram, histogram, type Times, timesOf, unpack } from './histogram.js'
import { useOf } from './machine.js'
import type { Faults } from './message.js'
import type { Plan } from './plan.js'
import { type Counts, tellEveryMs } from './talk.js'
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
  #delivery: Histogram = histogram()

  add(counts: Counts): void {
    const delivery = unpack(counts.delivery)
    this.published += counts.published
    this.delivered += counts.delivered
    this.busy = Math.max(this.busy, counts.busy)
    this.delivery.add(delivery)
    this.publish.add(unpack(counts.publish))
    this.#published += counts.published
    this.#delivered += counts.delivered
    this.#delivery.add(delivery)
  }

  /** An interval is over. */
  turn(seconds: number, lasted: number): Moment {
    const moment = {
      seconds,
      published: this.#published / lasted,
      delivered: this.#delivered / lasted,
      times: timesOf(this.#delivery),
    }
    this.moments.push(moment)
    this.#published = 0
    this.#delivered = 0
    this.#delivery = histogram()
    return moment
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Runs one plan. `pids`: the nodes', as far as they are ours. */
export const run = async (
  plan: Plan,
  pids: readonly number[],
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
    gauge = new Gauge()
    const before = useOf(pids)
    const start = performance.now()
    let last = start
    const end = start + plan.wishes.duration * 1000
    // No interval is so short that it would tell nothing.
    while (end - last > tellEveryMs / 2) {
      await sleep(Math.min(tellEveryMs, end - last))
      const now = performance.now()
      onMoment(gauge.turn((now - start) / 1000, (now - last) / 1000))
      last = now
    }
    const after = useOf(pids)
    const measured = gauge
    gauge = undefined
    const cpuMs = before && after ? after.cpuMs - before.cpuMs : undefined
    return resultOf(plan, measured, (last - start) / 1000, cpuMs, after?.memoryMiB, await workers.finish())
  } finally {
    workers.end()
  }
}

const resultOf = (
  { workload, subscribers, channels, publishers, wishes }: Plan,
  { published, delivered, delivery, publish, busy, moments }: Gauge,
  seconds: number,
  cpuMs: number | undefined,
  memoryMiB: number | undefined,
  faults: Faults,
): Result => ({
  workload,
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
  cpuPerMessage:
    cpuMs === undefined || delivered + published === 0 ? undefined : (cpuMs * 1000) / (delivered || published),
  memoryMiB,
  faults,
  workerBusy: busy,
  moments,
})
