import type { Test } from 'tap'
import { type Client, type ConnectOptions, connect, type Event, type Status } from '../../src/client/index.js'
import type { TransportName } from '../../src/client/transport.js'
import { until } from '../support/until.js'
import type { Fleet } from './fleet.js'

export interface Plan {
  readonly fleet: Fleet
  /** Where the clients go: nodes, or what stands before them. */
  readonly servers: readonly string[]
  readonly transports: readonly TransportName[]
  /** Subscribers of each transport. */
  readonly readers: number
  readonly options?: Partial<ConnectOptions>
  /** What nodes run once they have been stopped, if not what they ran. */
  readonly program?: string
}

export interface Reader {
  readonly transport: TransportName
  readonly seen: string[]
  readonly statuses: Status[]
  gaps: number
  /** What it ended of, if it did. */
  error: unknown
}

export interface Course {
  readonly published: readonly string[]
  readonly readers: readonly Reader[]
  /** Of publishers. */
  readonly errors: readonly unknown[]
}

const channels = ['a', 'b', 'c']
const publishers = 2
/** Published together. */
const handful = 10

/** Publishes one handful after the other until it is told to stop, and then the last. */
class Source {
  readonly published: string[] = []
  readonly errors: unknown[] = []
  #isOver = false
  readonly #running: Promise<void>

  constructor(
    readonly client: Client,
    readonly name: string,
  ) {
    this.#running = this.#run()
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#running
    await this.#publish(`${this.name}-last`)
  }

  async #run(): Promise<void> {
    for (let i = 0; !this.#isOver; i += handful) {
      await Promise.all(Array.from({ length: handful }, (_, j) => this.#publish(`${this.name}-${i + j}`)))
    }
  }

  async #publish(n: string): Promise<void> {
    try {
      await this.client.publish(channels[this.published.length % channels.length] ?? 'a', { n })
      this.published.push(n)
    } catch (error) {
      this.errors.push(error)
    }
  }
}

const take = (reader: Reader, event: Event): void => {
  if (event.type === 'gap') reader.gaps++
  else reader.seen.push(String(event.message['n']))
}

const start = async (client: Client, transport: TransportName): Promise<Reader> => {
  const reader: Reader = { transport, seen: [], statuses: [], gaps: 0, error: undefined }
  const onStatus = (status: Status): void => void reader.statuses.push(status)
  const subscription = client.subscribe(channels, (event) => take(reader, event), { onStatus })
  subscription.done.catch((error) => {
    reader.error = error
  })
  await subscription.ready
  return reader
}

/** Stops and starts every node, one after the other, while clients publish and read; until all have all. */
export const roll = async (plan: Plan): Promise<Course> => {
  const { fleet, servers, transports, readers: count, options = {} } = plan
  const clients: Client[] = []
  const client = (transport: TransportName): Client => {
    const made = connect({ servers, transport, ...options })
    clients.push(made)
    return made
  }
  try {
    const kinds = transports.flatMap((transport) => Array.from({ length: count }, () => transport))
    const readers = await Promise.all(kinds.map((transport) => start(client(transport), transport)))
    const sources = Array.from({ length: publishers }, (_, i) => new Source(client('poll'), `p${i}`))
    for (const ship of fleet.ships) {
      await ship.stop()
      ship.program = plan.program ?? ship.program
      ship.start()
      await fleet.joined()
      const before = sources.map(({ published }) => published.length)
      const isFlowing = (source: Source, i: number): boolean =>
        source.errors.length > 0 || source.published.length >= (before[i] ?? 0) + 2 * handful
      await until('all publish through it', () => sources.every(isFlowing), 60_000)
    }
    await Promise.all(sources.map((source) => source.end()))
    const last = sources.map(({ name }) => `${name}-last`)
    const isDone = ({ seen, error }: Reader): boolean => error !== undefined || last.every((n) => seen.includes(n))
    await until('all have all', () => readers.every(isDone), 60_000)
    return {
      published: sources.flatMap(({ published }) => published),
      readers,
      errors: sources.flatMap(({ errors }) => errors),
    }
  } finally {
    await Promise.all(clients.map((each) => each.close()))
  }
}

/** Nothing lost, nothing doubled, one order, no error. */
export const check = (t: Test, { published, readers, errors }: Course): void => {
  t.same(errors, [], 'no error reaches a publisher')
  const [first] = readers
  for (const { transport, seen, gaps, error } of readers) {
    t.same({ gaps, error }, { gaps: 0, error: undefined }, `${transport}: no error, no gap`)
    t.equal(new Set(seen).size, seen.length, `${transport}: nothing twice`)
    t.same(seen, first?.seen, `${transport}: the one order`)
  }
  t.same([...(first?.seen ?? [])].sort(), [...published].sort(), 'nothing lost')
  const waits = readers.flatMap(({ statuses }) => statuses.filter((status) => status.type === 'waiting'))
  t.ok(waits.length > 0, 'they had to go elsewhere')
  const ms = waits.map((status) => status.ms).sort((a, b) => a - b)
  const at = (share: number): string => `${Math.round(ms[Math.floor((ms.length - 1) * share)] ?? 0)}`
  t.comment(
    `${published.length} published, ${readers.length} readers, ${waits.length} hops after ${at(0)}, ${at(0.5)}, ${at(1)} ms (least, median, most)`,
  )
}
