import type { From } from '../effect.js'
import { EngineError } from '../errors.js'
import { type Fields, misfit, readBody, refuse, textOf, wholeOf } from '../http/fields.js'
import { Scan } from '../http/json.js'
import type { HttpOptions } from '../http/limits.js'
import { channelsOf, fromOf } from '../http/poll.js'

const idMax = 256

/** What a client calls a request by, and is answered with. */
export type RequestId = string | number

const idOf = (scan: Scan): RequestId => {
  if (scan.kind === 'string') {
    const id = scan.string()
    return id.length <= idMax ? id : refuse(`an id is at most ${idMax} characters`)
  }
  if (scan.kind !== 'number') misfit(scan, 'id must be a string or a whole number')
  return wholeOf(scan, 'id', { min: 0, max: Number.MAX_SAFE_INTEGER })
}

export type RequestType = 'subscribe' | 'unsubscribe' | 'publish'

const types: ReadonlySet<string> = new Set<RequestType>(['subscribe', 'unsubscribe', 'publish'])

/** What every request has; what else there is, depends on the type. */
export class RequestFields implements Fields {
  id: RequestId | undefined
  type: RequestType | undefined

  take(key: string, scan: Scan): number {
    switch (key) {
      case 'id':
        this.id = idOf(scan)
        return 1
      case 'type':
        this.type = this.#type(textOf(scan, 'type'))
        return 2
      default:
        return 0
    }
  }

  #type(text: string): RequestType {
    return types.has(text) ? (text as RequestType) : refuse('type must be subscribe, unsubscribe or publish')
  }
}

export class ChannelFields implements Fields {
  channels: readonly string[] = []
  from: From | undefined
  readonly #options: HttpOptions

  constructor(options: HttpOptions) {
    this.#options = options
  }

  static of(body: Buffer, options: HttpOptions): ChannelFields {
    const fields = new ChannelFields(options)
    readBody(new Scan(body, options.jsonDepth), fields)
    return fields
  }

  take(key: string, scan: Scan): number {
    switch (key) {
      case 'channels':
        this.channels = channelsOf(scan, this.#options)
        return 1
      case 'from':
        this.from = fromOf(scan)
        return 2
      default:
        return 0
    }
  }
}

/** The type and id of a request; whatever is wrong with these is no request at all. */
export const readRequest = (body: Buffer, fields: RequestFields, { jsonDepth }: HttpOptions): void => {
  readBody(new Scan(body, jsonDepth), fields)
  if (fields.type === undefined) refuse('type is missing')
  if (fields.id === undefined) refuse('id is missing')
}

/** All of these channels, each once, if there are not too many. */
export const together = (one: readonly string[], more: readonly string[], max: number): readonly string[] => {
  const all = [...new Set([...one, ...more])]
  if (all.length > max) throw new EngineError('bad_request', `at most ${max} channels on a socket`)
  return all
}
