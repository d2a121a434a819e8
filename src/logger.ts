import { destination, type Logger, pino } from 'pino'
import type { Report } from './effect.js'
import type { Options } from './options.js'

/** How loud what is reported is, where that is not `info`. */
const levels = new Map<string, 'debug' | 'warn' | 'error'>()

const names = new Map([
  [20, 'debug'],
  [30, 'info '],
  [40, 'WARN '],
  [50, 'ERROR'],
  [60, 'FATAL'],
])

const own = new Set(['level', 'time', 'msg', 'node'])

const field = ([name, value]: [string, unknown]): string =>
  `${name}=${typeof value === 'string' && !/[\s"=]/.test(value) ? value : JSON.stringify(value)}`

/** A line of pino's JSON as people read it: `12:34:56.789 info  linked peer=node-2`. */
export const asText = (line: string): string => {
  const entry: { [name: string]: unknown } = JSON.parse(line)
  const time = new Date(Number(entry.time)).toISOString().slice(11, 23)
  const fields = Object.entries(entry)
    .filter(([name]) => !own.has(name))
    .map(field)
  return `${[time, names.get(Number(entry.level)) ?? entry.level, entry.msg, ...fields].join(' ')}\n`
}

/** Lines on standard error, written at once: what a node said before it died is not lost. */
export const createLogger = ({ logLevel, logFormat }: Pick<Options, 'logLevel' | 'logFormat'>): Logger => {
  const text = logFormat === 'text' || (logFormat === 'auto' && process.stderr.isTTY)
  const stream = text
    ? { write: (line: string) => void process.stderr.write(asText(line)) }
    : destination({ fd: 2, sync: true })
  return pino({ level: logLevel, base: null }, stream)
}

export const logReport = (logger: Logger, { event, detail }: Report): void =>
  logger[levels.get(event) ?? 'info'](detail ?? {}, event)
