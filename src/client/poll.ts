import { readPage } from './core/event.js'
import type { Transport } from './transport.js'
import { troubleOf } from './trouble.js'

/** `POST /{database}/bus/poll`, again and again. */
export const poll: Transport = async function* ({ http, options, server, path, channels, from, withText, signal }) {
  let at = from
  // The first does not wait: only with a cursor in hand is nothing missed that comes from now on.
  for (let waitMs = 0; ; waitMs = options.waitMs) {
    const body = JSON.stringify({ channels, cursor: at, limit: options.pageCount, timeout: waitMs / 1000 })
    const request = { method: 'POST', path: `${path}/poll`, body } as const
    const { text } = await http.send(server, request, waitMs + options.attemptMs, signal)
    const { entries, cursor } = readPageOf(server, text, withText)
    at = cursor
    yield entries
  }
}

/** What is no page may be that of a proxy that is not itself. */
const readPageOf = (server: string, text: string, withText: boolean): ReturnType<typeof readPage> => {
  try {
    return readPage(text, withText)
  } catch (error) {
    throw troubleOf(server, error)
  }
}
