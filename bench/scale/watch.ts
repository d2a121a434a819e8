import { clock } from '../../bin/bench/message.js'
import type { Job } from '../../bin/bench/plan.js'
import { Publisher } from '../../bin/bench/publisher.js'
import { StreamSubscriber } from '../../bin/bench/stream.js'

const publishers = 8
/** Messages a second, of each; so a gap is known to some milliseconds. */
const rate = 50

/** The longest time without one of these moments, between `from` and `to` or reaching into it; in milliseconds. */
export const longestGap = (moments: readonly number[], from: number, to: number): number => {
  const before = moments.findLast((at) => at <= from) ?? from
  const after = moments.find((at) => at >= to) ?? to
  const within = [before, ...moments.filter((at) => at > from && at < to), after]
  return Math.max(...within.slice(1).map((at, i) => at - (within[i] ?? at)))
}

/** A steady trickle of messages through one node, read at another, and when each was acknowledged and delivered. */
export class Watch {
  readonly acknowledged: number[] = []
  readonly delivered: number[] = []
  readonly #publishers: readonly Publisher[]
  readonly #subscriber: StreamSubscriber

  constructor(publishUrl: string, readUrl: string) {
    const channels = Array.from({ length: publishers }, (_, i) => i)
    const subscription = { url: readUrl, channels }
    const job: Job = {
      ...{ database: 'main', prefix: `watch-${process.pid}-${Math.round(clock())}-`, size: 200, transport: 'sse' },
      ...{ subscriptions: [subscription], publications: [], retained: 0 },
    }
    this.#subscriber = new StreamSubscriber(job, subscription, () => this.delivered.push(clock()))
    this.#publishers = channels.map((id) => {
      const publication = { id, url: publishUrl, channels: [id], rate }
      const onPublished = (): unknown => this.acknowledged.push(clock())
      return new Publisher({ job, publication, listeners: () => 0, onPublished, onError: () => {} })
    })
  }

  async start(): Promise<void> {
    await this.#subscriber.place()
    for (const each of this.#publishers) each.run()
  }

  /** What came wrong: lost, doubled, out of order, or after a gap. */
  get faults(): number {
    const { lost, doubled, disordered, gaps } = this.#subscriber.check.faults
    return lost + doubled + disordered + gaps
  }

  async end(): Promise<void> {
    await Promise.all(this.#publishers.map((each) => each.stop()))
    for (const each of [...this.#publishers, this.#subscriber]) each.close()
  }
}
