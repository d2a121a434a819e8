/** What a benchmark can be asked for. */
export const workloads = ['fan-out', 'channels', 'publish', 'catch-up', 'mixed'] as const
export type Workload = (typeof workloads)[number]

export const transports = ['poll', 'bus', 'sse', 'ws'] as const
/** The native long-poll, many messages a response; that of Tryton's clients, one a response; server-sent events; WebSocket. */
export type Transport = (typeof transports)[number]

export interface Wishes {
  readonly workload: Workload
  readonly subscribers: number | undefined
  readonly channels: number | undefined
  readonly publishers: number | undefined
  /** Messages a second of all publishers together; 0: each publishes as soon as its last message has arrived. */
  readonly rate: number
  /** Bytes of a message. */
  readonly size: number
  /** Seconds that are measured, after those that are not. */
  readonly duration: number
  readonly warmup: number
  readonly transport: Transport
  /** Publish through so many of the nodes; all, if it is not said. */
  readonly through?: number | undefined
}

export interface Subscription {
  readonly url: string
  readonly channels: readonly number[]
}

/** Publishes to its channels in turn. */
export interface Publication {
  readonly id: number
  readonly url: string
  readonly channels: readonly number[]
  readonly rate: number
}

/** What one worker process is to do. */
export interface Job {
  readonly database: string
  /** Before the number of each channel, so that no two runs share one. */
  readonly prefix: string
  readonly size: number
  readonly transport: Transport
  readonly subscriptions: readonly Subscription[]
  readonly publications: readonly Publication[]
  /** Messages to be there before it begins, in each channel; they are read again and again. */
  readonly retained: number
}

export interface Plan {
  readonly workload: Workload
  readonly wishes: Wishes
  readonly channels: number
  readonly subscribers: number
  readonly publishers: number
  readonly jobs: readonly Job[]
}

/** For each workload what is usual, where nothing else is asked for. */
const usual: { readonly [name in Workload]: { subscribers: number; channels: number; publishers: number } } = {
  'fan-out': { subscribers: 1000, channels: 1, publishers: 1 },
  channels: { subscribers: 1000, channels: 1000, publishers: 32 },
  publish: { subscribers: 0, channels: 100, publishers: 32 },
  'catch-up': { subscribers: 8, channels: 10, publishers: 0 },
  mixed: { subscribers: 500, channels: 100, publishers: 16 },
}

/** Messages a second of one publisher, so that a latency of 50 ms does not hold up the next. */
const perPublisher = 20
const publishersMax = 1000

/** What is kept of each channel by default, and so what can be caught up with. */
const retainedPerChannel = 1000

interface Places {
  readonly urls: readonly string[]
  readonly workers: number
  readonly database: string
  readonly prefix: string
}

const at = <Item>(items: readonly Item[], i: number): Item => {
  const item = items[i % items.length]
  if (item === undefined) throw new Error('there is nothing to choose from')
  return item
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** The channels of a subscriber: all of them to catch up with, else one; in the mixed workload the common one, too. */
const channelsOf = (workload: Workload, i: number, channels: number): readonly number[] => {
  if (workload === 'catch-up') return upTo(channels)
  const own = i % channels
  return workload === 'mixed' && own !== 0 ? [0, own] : [own]
}

/** Those of the channels that are this publisher's; with fewer channels than publishers some share one. */
const publishedBy = (i: number, publishers: number, channels: number): readonly number[] =>
  channels <= publishers ? [i % channels] : upTo(channels).filter((channel) => channel % publishers === i)

/** One has one message under way at a time: at a rate there must be so many that none waits for the one before it. */
const publishersFor = (workload: Workload, rate: number): number =>
  Math.max(usual[workload].publishers, Math.min(publishersMax, Math.ceil(rate / perPublisher)))

const measureOf = (wishes: Wishes): Pick<Plan, 'subscribers' | 'channels' | 'publishers'> => {
  const { workload } = wishes
  const subscribers = wishes.subscribers ?? usual[workload].subscribers
  // A channel each.
  const channels = workload === 'channels' ? Math.max(1, subscribers) : usual[workload].channels
  return {
    subscribers,
    channels: wishes.channels ?? channels,
    // What would be published beside what is caught up with would push it out.
    publishers: workload === 'catch-up' ? 0 : (wishes.publishers ?? publishersFor(workload, wishes.rate)),
  }
}

/** Spreads the work over nodes and workers; a channel's subscribers are, where it can be, with its publisher. */
export const planFor = (wishes: Wishes, { urls, workers, database, prefix }: Places): Plan => {
  const { workload, size, transport, rate, through } = wishes
  const { subscribers, channels, publishers } = measureOf(wishes)
  const subscriptions = upTo(subscribers).map((i) => ({
    url: at(urls, i),
    channels: channelsOf(workload, i, channels),
  }))
  const publications = upTo(publishers).map((id) => ({
    id,
    url: through === undefined ? at(urls, id + 1) : at(urls.slice(0, through), id),
    channels: publishedBy(id, publishers, channels),
    rate: rate / publishers,
  }))
  const isHere = (channel: number, i: number, worker: number): boolean =>
    (channels === 1 ? i : channel) % workers === worker
  const jobs = upTo(workers).map((worker) => ({
    database,
    // What is caught up with each worker publishes for itself.
    prefix: workload === 'catch-up' ? `${prefix}${worker}-` : prefix,
    size,
    transport: workload === 'catch-up' ? ('poll' as const) : transport,
    subscriptions: subscriptions.filter((each, i) => isHere(each.channels.at(-1) ?? 0, i, worker)),
    publications: publications.filter(({ id, channels: own }) => isHere(own[0] ?? 0, id, worker)),
    retained: workload === 'catch-up' ? retainedPerChannel : 0,
  }))
  return { workload, wishes, channels, subscribers, publishers, jobs }
}
