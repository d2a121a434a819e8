import type { From } from '../effect.js'
import { EngineError } from '../errors.js'
import { checkChannel, type Fields, isNull, misfit, readBody, refuse, secondsOf, textOf, wholeOf } from './fields.js'
import type { Scan } from './json.js'
import type { HttpOptions } from './limits.js'
import type { Operation } from './operation.js'

export const channelsOf = (scan: Scan, options: HttpOptions): readonly string[] => {
  if (scan.kind !== 'array') misfit(scan, 'channels must be a list of strings')
  scan.openArray()
  if (!scan.nextItem()) return []
  // Nearly always there is but one.
  const channels = [checkChannel(textOf(scan, 'a channel'), options)]
  while (scan.nextItem()) {
    if (channels.length === options.channelsPerRequest) refuse(`at most ${options.channelsPerRequest} channels`)
    channels.push(checkChannel(textOf(scan, 'a channel'), options))
  }
  return channels.length > 1 ? [...new Set(channels)] : channels
}

export const atLeastOne = (channels: readonly string[]): readonly string[] =>
  channels.length > 0 ? channels : refuse('channels must name one at least')

export const fromText = (text: string): From => (text === 'now' || text === 'earliest' ? text : { cursor: text })

export const fromOf = (scan: Scan): From => {
  if (isNull(scan)) return 'now'
  if (scan.kind !== 'string') throw new EngineError('bad_cursor', 'cursor must be a string')
  return fromText(scan.string())
}

class PollFields implements Fields {
  channels: readonly string[] = []
  from: From = 'now'
  limit: number
  seconds: number | undefined
  readonly #options: HttpOptions

  constructor(options: HttpOptions) {
    this.#options = options
    this.limit = Math.min(options.pollLimit, options.pollLimitMax)
  }

  take(key: string, scan: Scan): number {
    switch (key) {
      case 'channels':
        this.channels = channelsOf(scan, this.#options)
        return 1
      case 'cursor':
        this.from = fromOf(scan)
        return 2
      case 'limit':
        this.limit = wholeOf(scan, 'limit', { min: 1, max: this.#options.pollLimitMax })
        return 4
      case 'timeout':
        this.seconds = secondsOf(scan, 'timeout')
        return 8
      default:
        return 0
    }
  }
}

/** RFC 7240; a preference that can't be read is none. */
const preferredWait = (prefer: string | string[] | undefined): number | undefined => {
  if (prefer === undefined) return undefined
  const digits = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[,;]|$)/i.exec(String(prefer))?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** `POST /{database}/bus/poll` */
export const readPoll: Operation = ({ scan, database, headers, options, visitor }) => {
  const fields = new PollFields(options)
  readBody(scan, fields)
  const seconds = fields.seconds ?? preferredWait(headers.prefer) ?? options.pollTimeoutMs / 1000
  const terms = {
    type: 'poll',
    database,
    channels: atLeastOne(visitor.reads(fields.channels)),
    from: fields.from,
    limit: fields.limit,
    waitMs: Math.min(Math.round(seconds * 1000), options.longPollTimeoutMs),
  } as const
  return { terms, form: 'page' }
}

class BusFields implements Fields {
  channels: readonly string[] = []
  lastMessage: string | undefined
  readonly #options: HttpOptions

  constructor(options: HttpOptions) {
    this.#options = options
  }

  take(key: string, scan: Scan): number {
    switch (key) {
      case 'channels':
        // trytond takes a string, too.
        this.channels =
          scan.kind === 'string' ? [checkChannel(scan.string(), this.#options)] : channelsOf(scan, this.#options)
        return 1
      case 'last_message':
        if (scan.kind === 'string') this.lastMessage = scan.string()
        else scan.skip()
        return 2
      default:
        return 0
    }
  }
}

/**
 * `POST /{database}/bus`, for Tryton's clients. Whatever is no id that somebody gave counts as none: these clients
 * have no way to be told. No channels, though, is refused: an empty answer would have them ask again without a pause.
 */
export const readBus: Operation = ({ scan, database, options, visitor }) => {
  const fields = new BusFields(options)
  readBody(scan, fields)
  const { lastMessage } = fields
  const recentMs = options.firstPollWindowMs
  const terms = {
    type: 'poll',
    database,
    channels: atLeastOne(visitor.reads(fields.channels)),
    from: lastMessage === undefined ? { recentMs } : { cursor: lastMessage },
    limit: 1,
    waitMs: options.longPollTimeoutMs,
    lenientMs: recentMs,
  } as const
  return { terms, form: 'bus' }
}
