import { destination, type Logger, pino } from 'pino'
import type { Report } from './effect.js'
import type { Options } from './options.js'

/** How loud what is reported is, where that is not `info`. */
const levels = new Map<string, 'debug' | 'warn' | 'error'>([
  ['view_proposed', 'debug'],
  ['member_stalled', 'warn'],
  ['name_taken', 'error'],
  ['log_away', 'warn'],
  ['log_unavailable', 'warn'],
  ['stream_lost', 'warn'],
  ['stream_replaced', 'warn'],
  ['no peer secret', 'warn'],
  ['peer refused', 'warn'],
  ['peer too slow', 'warn'],
  ['trytond_unavailable', 'warn'],
  ['keys_unavailable', 'warn'],
  ['not_reloaded', 'error'],
  ['tryton_lost', 'warn'],
  ['tryton_refused', 'warn'],
  ['notifications_dropped', 'warn'],
  ['frame too large', 'error'],
  ['http_mistake', 'error'],
  ['invariant_broken', 'error'],
])

/** Details that name nodes by their ids, as everything that decides does. */
const nodeFields = new Set(['node', 'members', 'silent'])

/** None of these is ever logged on purpose; nor what holds them, to the depth of the headers of a request of an error. */
const secretFields = [
  'secret',
  'token',
  'ticket',
  'authorization',
  'cookie',
  'password',
  'jwtSecret',
  'secrets',
  'tokens',
]

export const redaction: readonly string[] = ['', '*.', '*.*.', '*.*.*.'].flatMap((depth) =>
  secretFields.map((name) => depth + name),
)

const names = new Map([
  [20, 'debug'],
  [30, 'info '],
  [40, 'WARN '],
  [50, 'ERROR'],
  [60, 'FATAL'],
])

const own = new Set(['level', 'time', 'msg', 'at'])

const field = ([name, value]: [string, unknown]): string =>
  `${name}=${typeof value === 'string' && !/[\s"=]/.test(value) ? value : JSON.stringify(value)}`

/** A line of pino's JSON as people read it: `12:34:56.789 info  linked peer=node-2`. */
export const asText = (line: string): string => {
  const entry: { [name: string]: unknown } = JSON.parse(line)
  const time = new Date(Number(entry.time)).toISOString().slice(11, 23)
  // Where a peer is called by its name, its id says nothing more to people.
  const fields = Object.entries(entry)
    .filter(([name]) => !own.has(name) && (name !== 'id' || entry.peer === undefined))
    .map(field)
  const message = String(entry.msg).replaceAll('_', ' ')
  return `${[time, names.get(Number(entry.level)) ?? entry.level, message, ...fields].join(' ')}\n`
}

/** Lines on standard error, written at once: what a node said before it died is not lost. */
export const createLogger = ({ logLevel, logFormat }: Pick<Options, 'logLevel' | 'logFormat'>): Logger => {
  const text = logFormat === 'text' || (logFormat === 'auto' && process.stderr.isTTY)
  const stream = text
    ? { write: (line: string) => void process.stderr.write(asText(line)) }
    : destination({ fd: 2, sync: true })
  return pino({ level: logLevel, base: null, redact: [...redaction] }, stream)
}

/** Ids of nodes become names where `nameOf` knows one. */
export const logReport = (logger: Logger, { event, detail = {} }: Report, nameOf: (id: string) => string): void => {
  const level = levels.get(event) ?? 'info'
  if (!logger.isLevelEnabled(level)) return
  const named = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(named)
    return typeof value === 'string' ? nameOf(value) : value
  }
  const fields = Object.entries(detail).map(([name, value]) => [name, nodeFields.has(name) ? named(value) : value])
  logger[level](Object.fromEntries(fields), event)
}
