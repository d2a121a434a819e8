import type { From } from '../effect.js'
import { checkChannel, refuse } from '../http/fields.js'
import type { HttpOptions } from '../http/limits.js'
import { fromText } from '../http/poll.js'
import { decoded } from '../http/route.js'

export interface Wanted {
  readonly channels: readonly string[]
  readonly from: From | undefined
}

/** As forms write it: a space may come as `+`. */
const textOf = (part: string): string => decoded(part.replaceAll('+', '%20'))

/** `channel=a&channel=b&from=now|earliest|id`; what else there is, is passed over. */
export const readQuery = (query: string, options: HttpOptions): Wanted => {
  const channels = new Set<string>()
  let from: From | undefined
  for (const pair of query.split('&')) {
    const [name = '', ...rest] = pair.split('=')
    const value = rest.join('=')
    if (name === 'channel') {
      channels.add(checkChannel(textOf(value), options))
      if (channels.size > options.channelsPerRequest) refuse(`at most ${options.channelsPerRequest} channels`)
    } else if (name === 'from') {
      if (from !== undefined) refuse('from stands there twice')
      from = fromText(textOf(value))
    }
  }
  return { channels: [...channels], from }
}
