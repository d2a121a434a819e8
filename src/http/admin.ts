import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EngineError } from '../errors.js'
import type { HttpOptions } from './limits.js'
import { MethodNotAllowed, type Refusal, refusalFor } from './refusal.js'
import { json } from './reply.js'
import { routeOf } from './route.js'
import type { Shown, Views } from './views.js'

/** Those who look after nodes are few. */
const connectionsMax = 64

interface Parts {
  readonly views: Views
  readonly options: HttpOptions
  readonly refused: (refusal: Refusal, address: string) => void
}

/** `--admin-listen`: what there is to see of the node, for everyone who reaches this address, and nothing else. */
export class AdminServer {
  readonly #parts: Parts
  readonly #server: Server

  constructor(parts: Parts) {
    const { headerBytes, headerTimeoutMs, bodyTimeoutMs, keepAliveMs } = parts.options
    this.#parts = parts
    this.#server = createServer(
      {
        maxHeaderSize: headerBytes,
        headersTimeout: headerTimeoutMs,
        requestTimeout: bodyTimeoutMs,
        keepAliveTimeout: keepAliveMs,
      },
      (request, response) => void this.#answer(request, response),
    )
    this.#server.maxConnections = connectionsMax
  }

  listen(host: string, port: number): Promise<{ readonly port: number }> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port }, () => resolve({ port: (this.#server.address() as AddressInfo).port }))
    })
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume()
    try {
      const { status = 200, headers, body } = await this.#show(request)
      response.writeHead(status, [...headers]).end(body, 'latin1')
    } catch (error) {
      const refusal = refusalFor(error)
      this.#parts.refused(refusal, request.socket.remoteAddress ?? '')
      response.writeHead(refusal.status, [...json, ...refusal.headers]).end(refusal.body, 'latin1')
    }
  }

  #show({ method = '', url = '', headers }: IncomingMessage): Shown | Promise<Shown> {
    const { views, options } = this.#parts
    const route = routeOf(url, options)
    if (!route || !('view' in route)) throw new EngineError('not_found', 'there is nothing at this path')
    if (!route.methods.includes(method)) throw new MethodNotAllowed(route.allow)
    return views.show(route, headers, 'all')
  }
}
