import { Counter, collectDefaultMetrics, Gauge, type Histogram, Registry } from 'prom-client'
import type { Spread } from '../log/histogram.js'
import { type Family, families, type Snapshot } from './families.js'

interface Line {
  readonly metricName: string
  readonly labels: { readonly le?: number | '+Inf' }
  readonly value: number
}

/** The values of a histogram as Prometheus wants them: each bucket counts all that lies below its bound, in seconds. */
const linesOf = (name: string, { bounds, counts, sum }: Spread): readonly Line[] => {
  let total = 0
  const buckets = counts.map((count, i): Line => {
    total += count
    const bound = bounds[i]
    return { metricName: `${name}_bucket`, labels: { le: bound === undefined ? '+Inf' : bound / 1000 }, value: total }
  })
  const [sumName, countName] = [`${name}_sum`, `${name}_count`]
  return [
    ...buckets,
    { metricName: sumName, labels: {}, value: sum / 1000 },
    { metricName: countName, labels: {}, value: total },
  ]
}

/** `/metrics`: what the node counts all the time anyway, put into words when somebody asks. */
export class Metrics {
  readonly #look: () => Snapshot
  readonly #registry = new Registry()
  #seen: Snapshot | undefined

  constructor(look: () => Snapshot) {
    this.#look = look
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** Throws EngineError as long as there is nothing to see. */
  text(): Promise<string> {
    const isFirst = this.#seen === undefined
    this.#seen = this.#look()
    if (isFirst) this.#fill(this.#seen)
    return this.#registry.metrics()
  }

  /** Only now: what is told of the process needs timers that a node which nobody asks can do without. */
  #fill(first: Snapshot): void {
    const look = (): Snapshot => this.#seen ?? first
    for (const family of families) this.#add(family, look)
    collectDefaultMetrics({ register: this.#registry })
  }

  #add(family: Family, look: () => Snapshot): void {
    const { name, help, type } = family
    if (type === 'histogram') {
      const get = async (): Promise<object> => ({ name, help, type, values: linesOf(name, family.spread(look())) })
      // Not the library's own counting, which is too slow for what happens with each message.
      this.#registry.registerMetric({ name, help, type, get } as unknown as Histogram)
      return
    }
    const own = { name, help, registers: [this.#registry], labelNames: [...(family.labels ?? [])] }
    const metric = type === 'gauge' ? new Gauge(own) : new Counter(own)
    // Whatever is gone, such as a member that was forgotten, is told no more.
    Object.assign(metric, {
      collect: (): void => {
        metric.reset()
        for (const { labels = {}, value } of family.samples(look())) metric.inc(labels, value)
      },
    })
  }
}
