import { RefusedError } from '../client/errors.js'
import { Http } from '../client/http.js'
import { nodePorts } from '../client/node-ports.js'
import type { Status } from '../effect.js'
import { attemptMs, type Target, wordsOf } from './world.js'

const never = new AbortController().signal

/** A node that is not there, or not ready. */
export class AwayError extends Error {
  override readonly name = 'AwayError'
}

/** The name that the node has for itself, if it tells. */
const nameOf = async (http: Http, url: string): Promise<string> => {
  try {
    const status: Status = JSON.parse(
      (await http.send(url, { method: 'GET', path: '/cluster' }, attemptMs, never)).text,
    )
    return status.name
  } catch (error) {
    if (error instanceof RefusedError) return new URL(url).host
    throw error
  }
}

/**
 * Finds out what the nodes at these addresses are called, and whether they let us publish and subscribe where we want
 * to. Throws `AwayError`, or a `RefusedError` of the first that does not let us.
 */
export const probe = (urls: readonly string[], database: string, token?: string): Promise<readonly Target[]> => {
  const http = new Http(nodePorts, token)
  const path = `/${encodeURIComponent(database)}/bus`
  const channel = `verify-${nodePorts.makeKey().slice(0, 12)}`
  const ask = (url: string, route: string, body: object): Promise<unknown> =>
    http.send(url, { method: 'POST', path: `${path}/${route}`, body: JSON.stringify(body) }, 4 * attemptMs, never)
  const target = async (url: string): Promise<Target> => {
    try {
      await ask(url, 'poll', { channels: [channel], cursor: 'now', timeout: 0 })
      await ask(url, 'publish', { channel, message: { n: 'probe' } })
      return { url, name: await nameOf(http, url) }
    } catch (error) {
      if (error instanceof RefusedError) throw error
      throw new AwayError(wordsOf(error), { cause: error })
    }
  }
  return Promise.all(urls.map(target))
}
