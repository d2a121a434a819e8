import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { EngineError } from '../errors.js'
import type { Connection } from '../http/connection.js'
import { refuse } from '../http/fields.js'
import { anyone, type Visitor } from '../http/guard.js'
import { checkHeaders } from '../http/headers.js'
import type { House } from '../http/house.js'
import { MethodNotAllowed, type Refusal, refusalFor } from '../http/refusal.js'
import { routeOf, type StreamRoute } from '../http/route.js'
import { Frames } from './frame-format.js'
import { readQuery } from './query.js'
import { type Hall, Session } from './session.js'
import type { Streams } from './streams.js'

export const subprotocol = 'carillon.v1'

/** How long a client may take to say that it has seen the close. */
const closeMs = 2000

interface Parts {
  readonly house: House
  readonly streams: Streams
  readonly refuse: (socket: Socket, refusal: Refusal, headers: IncomingMessage['headers']) => void
}

interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Socket
  readonly head: Buffer
  readonly connection: Connection
}

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined)

/** Turns requests into WebSockets. Compression is never agreed on: it costs memory for each client, and time for each message. */
export class Sockets {
  readonly #parts: Parts
  readonly #hall: Hall
  readonly #server: WebSocketServer

  constructor(parts: Parts) {
    const { house, streams } = parts
    this.#parts = parts
    this.#hall = { house, streams, frames: new Frames() }
    const options: ServerOptions & { readonly closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: house.options.frameBytes,
      maxFragments: house.options.fragmentsMax,
      closeTimeout: closeMs,
      handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
    }
    this.#server = new WebSocketServer(options)
    // What the request lacks to be an upgrade is told as any other refusal is.
    this.#server.on('wsClientError', ({ message }: Error, socket, request) =>
      this.#refuse(socket as Socket, new EngineError('bad_request', message), request),
    )
  }

  upgrade(upgrade: Upgrade): void {
    const { request, socket } = upgrade
    try {
      const route = this.#routeOf(upgrade)
      const admitted = this.#admit(upgrade, route)
      if (!(admitted instanceof Promise)) this.#open(upgrade, route, admitted)
      else {
        const open = (visitor: Visitor): void => this.#open(upgrade, route, visitor)
        admitted.then(open).catch((error) => this.#refuse(socket, error, request))
      }
    } catch (error) {
      this.#refuse(socket, error, request)
    }
  }

  #routeOf({ request, connection }: Upgrade): StreamRoute {
    const { house, streams } = this.#parts
    const { options, bus } = house
    checkHeaders(request, options)
    const route = routeOf(request.url ?? '', options)
    if (!route || 'view' in route || !('query' in route) || route.kind !== 'socket') {
      throw new EngineError('not_found', 'nothing at this path can be upgraded')
    }
    if (request.method !== 'GET') throw new MethodNotAllowed(route.allow)
    if (connection.waiting > 0) refuse('an upgrade must wait for the answers before it')
    if (bus.draining) throw new EngineError('draining', 'the node is stopping')
    if (!bus.serves) throw new EngineError('not_ready', 'the node is not ready yet')
    if (streams.isFull) throw new EngineError('overloaded', 'too many streams are open here', { limit: 'streams' })
    this.#checkOrigin(request)
    return route
  }

  /** A browser asks nobody before it opens a WebSocket to another site, so that is for the other site to refuse. */
  #checkOrigin({ headers }: IncomingMessage): void {
    const { origin, host } = headers
    const { corsOrigins } = this.#parts.house.options
    if (origin === undefined || corsOrigins.includes('*') || corsOrigins.includes(origin)) return
    if (hostOf(origin) === host) return
    throw new EngineError('forbidden', 'pages of this origin may not connect here')
  }

  #admit({ request, connection }: Upgrade, { kind, database, query }: StreamRoute): Visitor | Promise<Visitor> {
    const { headers } = request
    return this.#parts.house.guard?.admit({ kind, database, headers, query, address: connection.address }) ?? anyone
  }

  #open({ request, socket, head, connection }: Upgrade, { query, database }: StreamRoute, visitor: Visitor): void {
    if (connection.ended) return
    const { channels, from } = readQuery(query, this.#parts.house.options)
    this.#server.handleUpgrade(request, socket, head, (ws: WebSocket) => {
      const session = new Session({ hall: this.#hall, ws, connection, request, database, visitor })
      session.begin(channels, from)
    })
  }

  #refuse(socket: Socket, error: unknown, { headers }: IncomingMessage): void {
    if (!(error instanceof EngineError)) this.#parts.house.tally.mistake(error)
    socket.resume()
    this.#parts.refuse(socket, refusalFor(error), headers)
  }
}
