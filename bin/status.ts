import type { Client } from '../src/client/index.js'
import type { Status } from '../src/index.js'
import { clientFor, outcomeOf } from './client.js'
import { Failure } from './failure.js'
import type { ServerFlags } from './flags.js'
import { tableOf } from './table.js'
import { bold, onInterrupt, print, say } from './terminal.js'

export interface StatusFlags extends ServerFlags {
  readonly json: boolean
  /** Seconds between two looks; true for the usual. */
  readonly watch?: number | true
}

interface Look {
  readonly server: string
  readonly text: string
  readonly status: Status
  readonly atMs: number
}

const attemptMs = 2000

const look = async (client: Client): Promise<Look> => {
  const asked = client.request({ method: 'GET', path: '/cluster' }, { attemptMs, timeoutMs: 0 })
  const { server, text } = await outcomeOf(asked)
  return { server, text, status: JSON.parse(text), atMs: performance.now() }
}

const membersTable = ({ members }: Status): readonly string[] => {
  const rows = members.map((member) => [
    `${member.name}${member.self ? ' *' : ''}`,
    member.state,
    member.ready ? 'yes' : 'no',
    member.inView ? 'yes' : 'no',
    String(member.lag),
    String(member.waiters),
    member.self ? '-' : (member.heardMs / 1000).toFixed(1),
    member.url,
  ])
  return tableOf(['NAME', 'STATE', 'READY', 'IN VIEW', 'LAG', 'WAITERS', 'HEARD s AGO', 'URL'], rows)
}

/** What the answering node counted, and how fast since the look before. */
const countersLine = (now: Look, before: Look | undefined): string => {
  const seconds = before === undefined ? 0 : (now.atMs - before.atMs) / 1000
  const known = before?.status.counters ?? {}
  const words = Object.entries(now.status.counters).map(([name, count]) => {
    const rate = seconds > 0 ? ` (${((count - (known[name] ?? 0)) / seconds).toFixed(0)}/s)` : ''
    return `${name} ${count}${rate}`
  })
  return words.join(', ')
}

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
  if (rows.length === 0) return []
  const [head = '', ...lines] = tableOf(['DATABASE', 'STATE', 'HEARD', 'WAITING', 'DROPPED', 'CONNECTIONS LOST'], rows)
  return ['', bold(head), ...lines]
}

const page = (now: Look, before: Look | undefined): string => {
  const { name, state, view } = now.status
  const [head = '', ...rows] = membersTable(now.status)
  return [
    `${bold(name)} is ${state}; view ${view.id} of ${view.members.length}; asked at ${now.server}`,
    '',
    bold(head),
    ...rows,
    ...feedsTable(now.status),
    '',
    countersLine(now, before),
  ].join('\n')
}

const clearScreen = '\u001b[2J\u001b[H'

const watch = async (client: Client, flags: StatusFlags, everyMs: number): Promise<never> => {
  let before: Look | undefined
  for (;;) {
    try {
      const now = await look(client)
      const same = before?.server === now.server ? before : undefined
      if (flags.json) await print(now.text.trim())
      else await print(`${process.stdout.isTTY ? clearScreen : ''}${page(now, same)}\n`)
      before = now
    } catch (error) {
      // A cluster that is away for a while is what one watches for.
      if (!(error instanceof Failure)) throw error
      say(`carillon: ${error.message}`)
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

export const status = async (flags: StatusFlags): Promise<void> => {
  const release = onInterrupt(() => {})
  const client = clientFor({ servers: flags.server })
  try {
    if (flags.watch !== undefined) await watch(client, flags, (flags.watch === true ? 1 : flags.watch) * 1000)
    const now = await look(client)
    await print(flags.json ? now.text.trim() : page(now, undefined))
    if (!now.status.ready) throw new Failure(3, `${now.status.name} is not ready (${now.status.state})`)
  } finally {
    release()
    await client.close()
  }
}
