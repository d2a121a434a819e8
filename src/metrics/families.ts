import type { Status } from '../effect.js'
import type { Spread } from '../log/histogram.js'

/** What the HTTP side counts. */
export interface Traffic {
  readonly requests: number
  /** By code, and by reason. */
  readonly refusals: ReadonlyMap<string, number>
  readonly cuts: ReadonlyMap<string, number>
  /** Refusals because there was too much, by what. */
  readonly limits: ReadonlyMap<string, number>
  readonly connections: number
  readonly streams: { readonly sse: number; readonly ws: number }
  readonly delivered: { readonly sse: number; readonly ws: number }
}

export interface Snapshot {
  readonly version: string
  readonly status: Status
  readonly traffic: Traffic
}

export interface Sample {
  readonly labels?: { readonly [name: string]: string }
  readonly value: number
}

interface Numbers {
  readonly type: 'counter' | 'gauge'
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
  samples(snapshot: Snapshot): readonly Sample[]
}

interface Times {
  readonly type: 'histogram'
  readonly name: string
  readonly help: string
  /** In milliseconds; it is told in seconds. */
  spread(snapshot: Snapshot): Spread
}

export type Family = Numbers | Times

const one = (value: number | undefined): readonly Sample[] => [{ value: value ?? 0 }]

const byLabel = (label: string, values: Iterable<readonly [string, number]>): readonly Sample[] =>
  [...values].map(([name, value]) => ({ labels: { [label]: name }, value }))

const counted = (name: string, counter: string, help: string): Family => ({
  type: 'counter',
  name,
  help,
  samples: ({ status }) => one(status.counters[counter]),
})

const measured = (name: string, gauge: string, help: string): Family => ({
  type: 'gauge',
  name,
  help,
  samples: ({ status }) => one(status.gauges[gauge]),
})

const memberStates = ['alive', 'suspect', 'down', 'apart'] as const

const delivered = ({ status, traffic }: Snapshot): readonly Sample[] => {
  const { delivered: all = 0, delivered_to_streams: told = 0 } = status.counters
  return byLabel('transport', [['poll', all - told], ...Object.entries(traffic.delivered)])
}

const subscribers = ({ status, traffic }: Snapshot): readonly Sample[] =>
  byLabel('transport', [['poll', status.gauges.waiters ?? 0], ...Object.entries(traffic.streams)])

const gaps = ({ status }: Snapshot): readonly Sample[] => {
  const { gaps: all = 0, gaps_unknown_origin: strange = 0, gaps_other_log: foreign = 0 } = status.counters
  return byLabel('reason', [
    ['evicted', all - strange - foreign],
    ['unknown_origin', strange],
    ['other_log', foreign],
  ])
}

const members = ({ status }: Snapshot): readonly Sample[] =>
  byLabel(
    'state',
    memberStates.map((state) => [state, status.members.filter((member) => member.state === state).length] as const),
  )

const lag = ({ status }: Snapshot): readonly Sample[] =>
  byLabel(
    'peer',
    status.members.filter(({ self }) => !self).map((member) => [member.name, member.lag] as const),
  )

const hasQuorum = ({ status }: Snapshot): readonly Sample[] =>
  one(Number(status.members.filter(({ inView }) => inView).length * 2 > status.members.length))

const feeds = ({ status }: Snapshot): readonly Sample[] =>
  byLabel(
    'database',
    (status.feeds ?? []).map(({ database, state }) => [database, Number(state === 'listening')]),
  )

/** All that `/metrics` tells beside the process's own. Nothing here has a label that a client could choose. */
export const families: readonly Family[] = [
  counted('carillon_messages_published_total', 'published', 'Messages accepted by this node.'),
  counted('carillon_messages_shown_total', 'shown', 'Messages of all nodes that this one has shown, in the one order.'),
  {
    type: 'counter',
    name: 'carillon_messages_delivered_total',
    help: 'Messages given to subscribers of this node, once for each of them.',
    labels: ['transport'],
    samples: delivered,
  },
  {
    type: 'gauge',
    name: 'carillon_subscribers',
    help: 'Subscribers of this node that wait or stay.',
    labels: ['transport'],
    samples: subscribers,
  },
  measured('carillon_poll_waiters', 'waiters', 'Polls that wait for a message.'),
  {
    type: 'histogram',
    name: 'carillon_publish_duration_seconds',
    help: 'From a publish until all members of the view hold it.',
    spread: ({ status }) => status.times.publish,
  },
  {
    type: 'histogram',
    name: 'carillon_delivery_lag_seconds',
    help: 'From the acceptance of a message, on whichever node, until it is shown on this one, by the clocks of both.',
    spread: ({ status }) => status.times.delivery,
  },
  measured('carillon_log_messages', 'retained_messages', 'Messages kept.'),
  measured('carillon_log_bytes', 'retained_bytes', 'Bytes of the messages kept.'),
  measured('carillon_unstable_bytes', 'unstable_bytes', 'Bytes of messages that not all members are known to hold.'),
  measured('carillon_publishes_waiting', 'publishing', 'Publishes that have no answer yet.'),
  measured('carillon_channels', 'channels', 'Channels with messages or waiting subscribers.'),
  measured('carillon_keys', 'keys', 'Idempotency keys remembered.'),
  counted('carillon_messages_evicted_total', 'evicted', 'Messages dropped by age, count or bytes.'),
  {
    type: 'counter',
    name: 'carillon_gaps_total',
    help: 'Answers that told a subscriber of missing messages.',
    labels: ['reason'],
    samples: gaps,
  },
  counted('carillon_duplicates_dropped_total', 'duplicates', 'Publishes that repeated a key, and were told its id.'),
  {
    type: 'counter',
    name: 'carillon_slow_consumer_disconnects_total',
    help: 'Connections cut because they did not take what they were given.',
    samples: ({ traffic }) => one(traffic.cuts.get('slow_reader')),
  },
  {
    type: 'gauge',
    name: 'carillon_replication_lag_messages',
    help: 'Messages of this node that a member has not confirmed yet.',
    labels: ['peer'],
    samples: lag,
  },
  {
    type: 'gauge',
    name: 'carillon_cluster_members',
    help: 'Nodes that this one knows, itself among them.',
    labels: ['state'],
    samples: members,
  },
  {
    type: 'gauge',
    name: 'carillon_has_quorum',
    help: '1 if more than half of the nodes that this one knows are in its view. It serves without, too.',
    samples: hasQuorum,
  },
  counted('carillon_epoch_changes_total', 'views', 'Views that began.'),
  {
    type: 'gauge',
    name: 'carillon_ready',
    help: '1 if this node takes requests.',
    samples: ({ status }) => one(Number(status.ready)),
  },
  {
    type: 'counter',
    name: 'carillon_http_requests_total',
    help: 'Requests, and publishes on sockets.',
    samples: ({ traffic }) => one(traffic.requests),
  },
  {
    type: 'counter',
    name: 'carillon_http_refused_total',
    help: 'Requests that were refused.',
    labels: ['code'],
    samples: ({ traffic }) => byLabel('code', traffic.refusals),
  },
  {
    type: 'counter',
    name: 'carillon_limits_reached_total',
    help: 'Refusals because there was too much of what the label says.',
    labels: ['limit'],
    samples: ({ traffic }) => byLabel('limit', traffic.limits),
  },
  {
    type: 'gauge',
    name: 'carillon_http_connections',
    help: 'Open connections of clients.',
    samples: ({ traffic }) => one(traffic.connections),
  },
  {
    type: 'gauge',
    name: 'carillon_tryton_listening',
    help: '1 if this node listens to the database of trytond.',
    labels: ['database'],
    samples: feeds,
  },
  {
    type: 'gauge',
    name: 'carillon_build_info',
    help: 'Always 1.',
    labels: ['version', 'node_version'],
    samples: ({ version }) => [{ labels: { version, node_version: process.version }, value: 1 }],
  },
]
