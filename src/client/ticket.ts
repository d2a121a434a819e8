import { RefusedError } from './errors.js'
import type { Line } from './transport.js'

/**
 * What stands for the token in the URL of a socket, where no header can be sent with it: good for some seconds, so each
 * socket gets one of its own. Empty if there is no token, or the node asks for none. Throws as `Http.send` does.
 */
export const ticketFor = async (line: Line, hasToken: boolean): Promise<string> => {
  const { http, server, path, options, signal } = line
  if (!hasToken) return ''
  try {
    const { text } = await http.send(server, { method: 'POST', path: `${path}/ticket` }, options.attemptMs, signal)
    return `?ticket=${encodeURIComponent(JSON.parse(text).ticket)}`
  } catch (error) {
    if (error instanceof RefusedError && error.status === 404) return ''
    throw error
  }
}
