import { isIP } from 'node:net'
import { EngineError } from '../errors.js'
import { isLoopback } from '../option-kinds.js'
import type { Cors } from './cors.js'
import type { Caller, Guard, Visitor } from './guard.js'
import { page } from './page.js'
import { refusalFor } from './refusal.js'
import { json } from './reply.js'
import type { TicketRoute, View, ViewRoute } from './route.js'
import { privateViews, type Shown, type Sight, type Views } from './views.js'

const forwarding = ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'] as const

/** On the machine itself, and not through a proxy on it, which speaks for others. */
const isLocal = ({ address, headers }: Caller): boolean =>
  isLoopback(address) && forwarding.every((name) => headers[name] === undefined)

/**
 * An address, or a name that nobody can own. Any other may be that of a site which lets it point to this machine, so
 * that a browser takes what is here for its own, and lets its pages read it.
 */
const isHomely = (host = ''): boolean => {
  const name = host.replace(/:\d*$/, '')
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0 || !name.includes('.') || name.endsWith('.localhost')
}

const sightOf = ({ isAdmin = false }: Visitor): Sight => (isAdmin ? 'all' : 'some')

/**
 * A browser can't send a token with the address that somebody types in. So it is shown the page with the refusal: that
 * holds nothing about the node, and asks for the token, with which it asks for the rest.
 */
const knock = (error: unknown, { headers }: Caller): Shown => {
  const refusal = refusalFor(error)
  const isHere = refusal.status === 401 || refusal.status === 403
  if (!isHere || !/\btext\/html\b/i.test(headers.accept ?? '')) throw error
  const { body, headers: its } = page().plain(headers)
  return { status: refusal.status, refusal, headers: [...its, ...refusal.headers], body }
}

/**
 * Answers what is not asked of the bus. What the node says of itself is for who looks after it: on the machine, or
 * with a token that says so. Others who may come in see where the nodes are, which the client library goes by.
 */
export class Desk {
  readonly #views: Views
  readonly #guard: Guard | undefined
  readonly #cors: Cors

  constructor(views: Views, guard: Guard | undefined, cors: Cors) {
    this.#views = views
    this.#guard = guard
    this.#cors = cors
  }

  /** Throws, or rejects with, an EngineError for who is not let in. */
  answer(route: ViewRoute | TicketRoute, caller: Caller): Shown | Promise<Shown> {
    if (!('view' in route)) return this.#issue(caller)
    if (route.view !== 'page') return this.#show(route, caller)
    try {
      const shown = this.#show(route, caller)
      return shown instanceof Promise ? shown.catch((error) => knock(error, caller)) : shown
    } catch (error) {
      return knock(error, caller)
    }
  }

  #show(route: ViewRoute, caller: Caller): Shown | Promise<Shown> {
    const { headers } = caller
    const sight = this.#sight(route.view, caller)
    if (sight instanceof Promise) return sight.then((sight) => this.#views.show(route, headers, sight))
    return this.#views.show(route, headers, sight)
  }

  #sight(view: View, caller: Caller): Sight | Promise<Sight> {
    if (!privateViews.has(view) || this.#isLocal(caller)) return 'all'
    const admitted = this.#guard?.admit(caller)
    if (admitted instanceof Promise) return admitted.then(sightOf)
    return admitted ? sightOf(admitted) : 'some'
  }

  #isLocal(caller: Caller): boolean {
    const { host } = caller.headers
    return isLocal(caller) && (isHomely(host) || this.#cors.isNodeAt(host))
  }

  async #issue(caller: Caller): Promise<Shown> {
    const guard = this.#guard
    if (!guard?.ticketFor) throw new EngineError('not_found', 'there are no tickets here, as there are no tokens')
    const ticket = await guard.ticketFor(await guard.admit(caller))
    return { headers: json, body: JSON.stringify(ticket) }
  }
}
