import type { Status } from '../../effect.js'
import type { Database } from './database.js'

const sumOf = (databases: readonly Database[], of: (database: Database) => number): number =>
  databases.reduce((sum, database) => sum + of(database), 0)

export const countersOf = (
  databases: readonly Database[],
  { published, duplicates }: { readonly published: number; readonly duplicates: number },
): Status['counters'] => ({
  published,
  shown: sumOf(databases, ({ order, past }) => order.shown + past.shown),
  duplicates,
  delivered: sumOf(databases, ({ order, past }) => order.readers.delivered + past.delivered),
  delivered_to_streams: sumOf(databases, ({ order, past }) => order.readers.told + past.told),
  evicted: sumOf(databases, ({ order, past }) => order.channels.evicted + past.evicted),
  gaps: sumOf(databases, ({ order, past }) => order.readers.gaps + past.gaps),
  gaps_unknown_origin: sumOf(databases, ({ order, past }) => order.readers.strangeGaps + past.strangeGaps),
  gaps_other_log: sumOf(databases, ({ order, past }) => order.readers.foreignGaps + past.foreignGaps),
  views: 0,
  stream_fetches: sumOf(databases, ({ history }) => history.fetches),
  stream_restarts: sumOf(databases, ({ follow }) => follow.restarts),
  stream_holes: sumOf(databases, ({ follow }) => follow.holes),
})

export const gaugesOf = (databases: readonly Database[]): Status['gauges'] => ({
  waiters: sumOf(databases, ({ waiting }) => waiting),
  streams: sumOf(databases, ({ order }) => order.readers.staying),
  channels: sumOf(databases, ({ order }) => order.channels.size),
  retained_messages: sumOf(databases, ({ order }) => order.channels.count),
  retained_bytes: sumOf(databases, ({ order }) => order.channels.bytes),
  keys: sumOf(databases, ({ order }) => order.channels.keys.size),
  publishing: sumOf(databases, ({ publishes }) => publishes.waiting),
  unstable_bytes: sumOf(databases, ({ publishingBytes }) => publishingBytes),
  queued_bytes: 0,
  staged_bytes: 0,
  stream_lag: sumOf(databases, (database) => database.status().lag),
})
