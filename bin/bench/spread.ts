import type { Client, TransportName } from '../../src/client/index.js'
import { clientFor } from '../client.js'
import { Failure } from '../failure.js'
import { print, say } from '../terminal.js'
import { Crowd, type Losses } from './crowd.js'
import { machine } from './machine.js'
import { Nodes } from './nodes.js'
import { about } from './report.js'
import { type Row, type Sample, Samples, spreadTable } from './samples.js'

export interface SpreadFlags {
  /** Only the first counts. */
  readonly nodes: readonly number[]
  readonly subscribers: number
  readonly transport: TransportName
  /** Seconds to watch after the last restart, at the most. */
  readonly duration: number
  /** Messages a second. */
  readonly rate: number
  readonly database: string
  readonly json: boolean
}

/** What is usual, where nothing else is asked for. */
const usual = { nodes: [3], subscribers: 3000, duration: 120, rate: 0.5 }

const sampleMs = 250
const settleMs = 10_000
const finishMs = 30_000
/** Even enough to stop watching. */
const evenShare = 1.15

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Publishes numbers, one after the other, so that whoever reads can see what is missing. */
class Counter {
  n = 0
  errors = 0
  readonly #client: Client
  readonly #channel: string
  readonly #timer: NodeJS.Timeout
  readonly #underWay = new Set<Promise<void>>()

  constructor(client: Client, channel: string, rate: number) {
    this.#client = client
    this.#channel = channel
    this.#timer = setInterval(() => this.#publish(), 1000 / rate)
  }

  async end(): Promise<void> {
    clearInterval(this.#timer)
    this.#publish()
    await Promise.all(this.#underWay)
  }

  #publish(): void {
    const told = this.#client.publish(this.#channel, { n: this.n++ }).then(
      () => {},
      () => {
        this.errors++
      },
    )
    this.#underWay.add(told)
    void told.then(() => this.#underWay.delete(told))
  }
}

/** Restarts all nodes, one after the other, and watches until the clients lie evenly again, or for long enough. */
const watch = async (crowd: Crowd, nodes: Nodes, { duration }: SpreadFlags): Promise<Samples> => {
  const take = (): Sample => ({ atMs: performance.now(), connects: crowd.connects, ...crowd.at(nodes.urls) })
  const samples = new Samples(take)
  const timer = setInterval(() => samples.take(), sampleMs)
  try {
    samples.phase('before')
    await sleep(Math.min(settleMs, duration * 1000))
    for (const [i] of nodes.urls.entries()) {
      samples.phase(`node-${i + 1} restarts`)
      await nodes.restart(i)
    }
    const end = performance.now() + duration * 1000
    // A timer may ring a little early.
    const isOver = (): boolean => end - performance.now() < sampleMs
    for (let second = 0; !isOver() && (second < 10 || samples.unevenness > evenShare); second += 10) {
      samples.phase(`${second} to ${second + 10} s after`)
      await sleep(Math.min(10_000, end - performance.now()))
    }
    samples.end()
    return samples
  } finally {
    clearInterval(timer)
  }
}

const finish = async (crowd: Crowd, counter: Counter, count: number): Promise<Losses> => {
  await counter.end()
  const end = performance.now() + finishMs
  while (crowd.upTo(counter.n - 1) < count && performance.now() < end) await sleep(sampleMs)
  crowd.losses.lost += count - crowd.upTo(counter.n - 1)
  crowd.losses.errors += counter.errors
  return crowd.losses
}

const show = async (rows: readonly Row[], losses: Losses, flags: SpreadFlags): Promise<void> => {
  const on = machine()
  const { subscribers, transport } = flags
  const [nodes = 1] = flags.nodes
  if (flags.json) {
    await print(JSON.stringify({ machine: on, nodes, subscribers, transport, rows, losses }))
    return
  }
  const words = Object.entries(losses).map(([name, count]) => `${count} ${name}`)
  const head = `${subscribers} clients, ${transport}, ${nodes} nodes restarted one after the other`
  await print([about(on), head, '', ...spreadTable(rows), '', words.join(', ')].join('\n'))
}

/** How evenly clients of the library lie on the nodes before, during and after a rolling restart. Fails if one lost anything. */
export const spread = async (given: SpreadFlags, isAsked: (flag: string) => boolean): Promise<void> => {
  const asked = Object.entries(given).filter(([name, value]) => value !== undefined && isAsked(name))
  const flags: SpreadFlags = { ...given, ...usual, ...Object.fromEntries(asked) }
  if (!['poll', 'sse', 'ws'].includes(flags.transport))
    throw new Failure(2, 'with --spread the transport is poll, sse or ws')
  const { database, transport, subscribers: count, rate } = flags
  const nodes = await Nodes.start(flags.nodes[0] ?? 1)
  const kill = (): void => {
    nodes.kill()
    process.exit(130)
  }
  process.once('SIGINT', kill)
  const servers = nodes.urls
  const channel = `spread-${process.pid}`
  const publisher = clientFor({ servers, database })
  let crowd: Crowd | undefined
  try {
    say(`carillon: ${count} clients come`)
    crowd = await Crowd.gather({ servers, database, channel, count, transport })
    const counter = new Counter(publisher, channel, rate)
    const samples = await watch(crowd, nodes, flags)
    const losses = await finish(crowd, counter, count)
    await show(samples.rows, losses, flags)
    if (Object.values(losses).some((each) => each > 0)) throw new Failure(1, 'not every client got every message once')
  } finally {
    process.removeListener('SIGINT', kill)
    await Promise.all([crowd?.disperse(), publisher.close()])
    await nodes.stop()
  }
}
