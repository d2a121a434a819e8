import type { Status } from '../src/index.js'
import type { Spread } from '../src/log/histogram.js'
import { tableOf, whole } from './table.js'
import { bold } from './terminal.js'

/** What a node said of itself and the others. */
export interface Look {
  readonly server: string
  readonly text: string
  readonly status: Status
  readonly atMs: number
}

const titled = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => {
  const [title = '', ...lines] = tableOf(head, rows)
  return rows.length > 0 ? [bold(title), ...lines, ''] : []
}

const yes = (is: boolean): string => (is ? 'yes' : 'no')

const membersTable = ({ members }: Status): readonly string[] => {
  const rows = members.map((member) => [
    `${member.name}${member.self ? ' *' : ''}`,
    member.state,
    yes(member.ready),
    yes(member.inView),
    String(member.lag),
    String(member.waiters),
    member.self ? '-' : (member.heardMs / 1000).toFixed(1),
    member.url,
  ])
  return titled(['NAME', 'STATE', 'READY', 'IN VIEW', 'LAG', 'WAITERS', 'HEARD s AGO', 'URL'], rows)
}

/** What the answering node counted, and how fast since the look before. */
const countersTable = (now: Look, before: Look | undefined): readonly string[] => {
  const seconds = before === undefined ? 0 : (now.atMs - before.atMs) / 1000
  const known = before?.status.counters ?? {}
  const rate = (name: string, count: number): string =>
    seconds > 0 ? (Math.max(0, count - (known[name] ?? 0)) / seconds).toFixed(1) : '-'
  const rows = Object.entries(now.status.counters).map(([name, count]) => [
    name.replaceAll('_', ' '),
    whole(count),
    rate(name, count),
  ])
  return titled(['COUNT OF', 'TOTAL', 'A SECOND'], rows)
}

/** The bound below which so large a share of what was counted since `before` lies. */
const quantile = (share: number, now: Spread, before: Spread | undefined): string => {
  const counts = now.counts.map((count, i) => count - (before?.counts[i] ?? 0))
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total <= 0) return '-'
  let upTo = 0
  const at = counts.findIndex((count) => {
    upTo += count
    return upTo >= share * total
  })
  const bound = now.bounds[at]
  return bound === undefined ? `> ${now.bounds.at(-1)}` : `<= ${bound}`
}

const timesTable = (now: Look, before: Look | undefined): readonly string[] => {
  const known = before?.status.times
  const { publish, delivery } = now.status.times
  const row = (name: string, spread: Spread, earlier: Spread | undefined): readonly string[] => [
    name,
    quantile(0.5, spread, earlier),
    quantile(0.99, spread, earlier),
  ]
  return titled(
    ['TIME OF', 'HALF, ms', '99 %, ms'],
    [row('publish', publish, known?.publish), row('delivery', delivery, known?.delivery)],
  )
}

const gaugesTable = ({ gauges }: Status): readonly string[] =>
  titled(
    ['NOW', 'NUMBER'],
    Object.entries(gauges).map(([name, value]) => [name.replaceAll('_', ' '), whole(value)]),
  )

/** The databases of trytond that the answering node listens to. */
const feedsTable = ({ feeds = [] }: Status): readonly string[] => {
  const rows = feeds.map(({ database, state, heard, waiting, dropped, losses, lastLoss }) => [
    database,
    state,
    String(heard),
    String(waiting),
    String(dropped),
    `${losses}${lastLoss === undefined ? '' : ` (${lastLoss})`}`,
  ])
  return titled(['DATABASE', 'STATE', 'HEARD', 'WAITING', 'DROPPED', 'CONNECTIONS LOST'], rows)
}

/** The streams that the answering node follows, where it runs on JetStream. */
const streamsTable = ({ log }: Status): readonly string[] => {
  // Nodes of an older version do not say.
  if (log?.kind !== 'jetstream') return []
  const rows = log.streams.map(({ database, stream, state, shown, lag, messages, replicas }) => [
    database,
    stream,
    state,
    String(shown),
    String(lag),
    String(messages),
    String(replicas),
  ])
  const head = ['DATABASE', 'STREAM', 'STATE', 'SHOWN TO', 'LAG', 'IN IT', 'REPLICAS']
  return [`log: JetStream, ${log.state}${log.reason ? `: ${log.reason}` : ''}`, '', ...titled(head, rows)]
}

/** Side by side, as wide as the longest line of the left one. */
const beside = (left: readonly string[], right: readonly string[]): readonly string[] => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what makes text bold takes no room
  const widthOf = (line: string): number => line.replace(/\u001b\[\d+m/g, '').length
  const width = Math.max(...left.map(widthOf))
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
    const line = left[i] ?? ''
    return `${line}${' '.repeat(width - widthOf(line))}    ${right[i] ?? ''}`.trimEnd()
  })
}

/** The lines that people read; rates and times are those since `before`. */
export const statusLines = (now: Look, before: Look | undefined): readonly string[] => {
  const { status, server } = now
  const { name, state, view } = status
  return [
    `${bold(name)} is ${state}; view ${view.id} of ${view.members.length}; asked at ${server}`,
    ...(status.incompatible ?? []).map((address) => `no protocol in common with the node at ${address}: not linked`),
    '',
    ...membersTable(status),
    ...streamsTable(status),
    ...feedsTable(status),
    ...beside(countersTable(now, before), [...gaugesTable(status), ...timesTable(now, before)]),
  ]
}
