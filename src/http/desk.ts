import { EngineError } from '../errors.js'
import { isLoopback } from '../option-kinds.js'
import type { Caller, Guard, Visitor } from './guard.js'
import { json } from './reply.js'
import type { TicketRoute, View, ViewRoute } from './route.js'
import type { Shown, Sight, Views } from './views.js'

/** What tells of more than whether the node is up, and how it is used. */
const privateViews: ReadonlySet<View> = new Set<View>(['page', 'metrics', 'cluster'])

const forwarding = ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'] as const

/** On the machine itself, and not through a proxy on it, which speaks for others. */
const isLocal = ({ address, headers }: Caller): boolean =>
  isLoopback(address) && forwarding.every((name) => headers[name] === undefined)

const sightOf = ({ isAdmin = false }: Visitor): Sight => (isAdmin ? 'all' : 'some')

/**
 * Answers what is not asked of the bus. What the node says of itself is for who looks after it: on the machine, or
 * with a token that says so. Others who may come in see where the nodes are, which the client library goes by.
 */
export class Desk {
  readonly #views: Views
  readonly #guard: Guard | undefined

  constructor(views: Views, guard: Guard | undefined) {
    this.#views = views
    this.#guard = guard
  }

  /** Throws, or rejects with, an EngineError for who is not let in. */
  answer(route: ViewRoute | TicketRoute, caller: Caller): Shown | Promise<Shown> {
    if (!('view' in route)) return this.#issue(caller)
    const { view } = route
    const sight = this.#sight(view, caller)
    if (sight instanceof Promise) return sight.then((sight) => this.#views.show(view, sight))
    return this.#views.show(view, sight)
  }

  #sight(view: View, caller: Caller): Sight | Promise<Sight> {
    if (!privateViews.has(view) || isLocal(caller)) return 'all'
    const admitted = this.#guard?.admit(caller)
    if (admitted instanceof Promise) return admitted.then(sightOf)
    return admitted ? sightOf(admitted) : 'some'
  }

  async #issue(caller: Caller): Promise<Shown> {
    const guard = this.#guard
    if (!guard?.ticketFor) throw new EngineError('not_found', 'there are no tickets here, as there are no tokens')
    const ticket = await guard.ticketFor(await guard.admit(caller))
    return { headers: json, body: JSON.stringify(ticket) }
  }
}
