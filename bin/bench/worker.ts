import { Failure } from '../failure.js'
import { fill } from './fill.js'
import { histogram, pack, record } from './histogram.js'
import { addFaults, clock, type Mark, noFaults } from './message.js'
import type { Job } from './plan.js'
import { Publisher } from './publisher.js'
import { StreamSubscriber } from './stream.js'
import { Subscriber } from './subscriber.js'
import { type Order, type Told, tellEveryMs } from './talk.js'

/** So many connections are opened at a time: a backlog that runs over would cost each a second. */
const openingMax = 100
const finishMs = 10_000
const lookMs = 50

const tell = (told: Told): void => {
  process.send?.(told)
}

/** One of the processes that make the load; all it does is ordered by the command that started it. */
class Worker {
  readonly #subscribers: readonly (Subscriber | StreamSubscriber)[]
  readonly #publishers: readonly Publisher[]
  readonly #byId: ReadonlyMap<number, Publisher>
  readonly #listeners = new Map<number, number>()
  readonly #faults = noFaults()
  #delivery = histogram()
  #publish = histogram()
  #published = 0
  #delivered = 0
  #usage = performance.eventLoopUtilization()

  constructor(readonly job: Job) {
    const isTimed = job.retained === 0
    const message = (mark: Mark): void => {
      this.#delivered++
      if (isTimed) record(this.#delivery, clock() - mark.at)
      this.#byId.get(mark.publisher)?.heard(mark.channel, mark.n)
    }
    const page = (ms: number): void => record(this.#delivery, ms)
    const isStream = job.transport === 'sse' || job.transport === 'ws'
    this.#subscribers = job.subscriptions.map((each) =>
      isStream ? new StreamSubscriber(job, each, message) : new Subscriber(job, each, { message, page }),
    )
    for (const { channels } of this.#subscribers)
      for (const channel of channels) this.#listeners.set(channel, (this.#listeners.get(channel) ?? 0) + 1)
    this.#publishers = job.publications.map((publication) => this.#publisher(publication))
    this.#byId = new Map(this.#publishers.map((publisher) => [publisher.id, publisher]))
  }

  async prepare(): Promise<void> {
    const { subscriptions, retained } = this.job
    const [first] = subscriptions
    // Each worker's readers have channels of their own to catch up with.
    if (first && retained > 0) await fill(this.job, first)
    for (let i = 0; i < this.#subscribers.length; i += openingMax)
      await Promise.all(this.#subscribers.slice(i, i + openingMax).map((each) => each.place()))
  }

  run(): void {
    for (const subscriber of this.#subscribers) subscriber.run()
    for (const publisher of this.#publishers) publisher.run()
    setInterval(() => this.#tell(), tellEveryMs)
  }

  async stop(): Promise<readonly (readonly [string, number])[]> {
    await Promise.all(this.#publishers.map((publisher) => publisher.stop()))
    return this.#publishers.flatMap(({ counts }) => counts)
  }

  /** Waits until everything has come, or for long enough. */
  async finish(last: readonly (readonly [string, number])[]): Promise<void> {
    const until = clock() + finishMs
    const isTimed = this.job.retained === 0
    let missing = this.#missing(last)
    while (isTimed && missing > 0 && clock() < until) {
      await new Promise((resolve) => setTimeout(resolve, lookMs))
      missing = this.#missing(last)
    }
    if (isTimed) this.#faults.lost += missing
    for (const { check } of this.#subscribers) addFaults(this.#faults, check.faults)
    tell({ type: 'finished', faults: this.#faults })
    for (const each of [...this.#subscribers, ...this.#publishers]) each.close()
  }

  #publisher(publication: Job['publications'][number]): Publisher {
    return new Publisher({
      job: this.job,
      publication,
      listeners: (channel) => this.#listeners.get(channel) ?? 0,
      onPublished: (ms) => {
        this.#published++
        record(this.#publish, ms)
      },
      onError: () => {
        this.#faults.errors++
      },
    })
  }

  #missing(last: readonly (readonly [string, number])[]): number {
    const byChannel = new Map<number, (readonly [string, number])[]>()
    for (const each of last) {
      const channel = Number(each[0].split(':')[1])
      byChannel.set(channel, [...(byChannel.get(channel) ?? []), each])
    }
    let missing = 0
    for (const { channels, check } of this.#subscribers)
      for (const channel of channels)
        for (const [key, n] of byChannel.get(channel) ?? []) missing += check.missing(n, key)
    return missing
  }

  #tell(): void {
    const usage = performance.eventLoopUtilization()
    const busy = performance.eventLoopUtilization(usage, this.#usage).utilization
    this.#usage = usage
    const counts = {
      published: this.#published,
      delivered: this.#delivered,
      delivery: pack(this.#delivery),
      publish: pack(this.#publish),
      busy,
    }
    this.#published = 0
    this.#delivered = 0
    this.#delivery = histogram()
    this.#publish = histogram()
    tell({ type: 'counts', counts })
  }
}

/** Runs until it has finished, or until the process that started it is gone. */
export const work = (): Promise<void> =>
  new Promise((resolve, reject) => {
    if (!process.connected) {
      reject(new Failure(2, '--worker is for a process started with an IPC channel'))
      return
    }
    let worker: Worker | undefined
    const obey = async (order: Order): Promise<void> => {
      if (order.type === 'prepare') {
        worker = new Worker(order.job)
        await worker.prepare()
        tell({ type: 'prepared' })
      } else if (order.type === 'run') worker?.run()
      else if (order.type === 'stop') tell({ type: 'stopped', last: (await worker?.stop()) ?? [] })
      else await worker?.finish(order.last)
    }
    process.on('message', (order: Order) => void obey(order).catch(reject))
    process.once('disconnect', () => {
      resolve()
      process.exit()
    })
  })
