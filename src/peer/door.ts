import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import { createServer as createSecureServer, Server as SecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { peerPort, type Tls } from '../tls.js'
import type { PeerOptions } from './limits.js'
import { announce, type Protocols, protocolHeader } from './protocol.js'
import { closeCodes, Refusal } from './refusal.js'
import { socketOptions } from './socket-options.js'

/** Someone at the door, as a WebSocket. */
export interface Stranger {
  readonly socket: WebSocket
  readonly raw: Socket
  readonly from: string
  /** The protocols that it speaks, in its own words. */
  readonly announced: unknown
  /** It has proven itself: it is no stranger any more. */
  release(): void
}

export interface DoorEvents {
  /** Answers what is to be called if the stranger takes too long. */
  stranger(stranger: Stranger): (refusal: Refusal) => void
  refused(from: string, reason: string, code: number): void
}

interface DoorParts {
  readonly options: PeerOptions
  readonly tls?: Tls | undefined
  readonly protocols: Protocols
}

interface Waiting {
  readonly raw: Socket
  readonly timer: NodeJS.Timeout
  refuse(refusal: Refusal): void
}

const plain = (status: number): string =>
  `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`

/**
 * The peer port: accepts connections, makes WebSockets of them, and bounds how many strangers there are and for how
 * long, from the first byte. Web pages are refused: a browser on a trusted network would carry anybody's requests.
 */
export class Door {
  readonly #options: PeerOptions
  readonly #on: DoorEvents
  readonly #server: Server
  readonly #sockets: WebSocketServer
  readonly #strangers = new Map<Socket, Waiting>()

  constructor({ options, tls, protocols }: DoorParts, on: DoorEvents) {
    this.#options = options
    this.#on = on
    this.#sockets = new WebSocketServer({ noServer: true, clientTracking: false, ...socketOptions(options) })
    this.#sockets.on('headers', (headers) => headers.push(`${protocolHeader}: ${announce(protocols)}`))
    const plain = { maxHeaderSize: options.preauthBytes }
    const refuse = (_request: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' }).end()
    }
    this.#server = tls
      ? createSecureServer({ ...plain, ...peerPort(tls), handshakeTimeout: options.preauthMs }, refuse)
      : createServer(plain, refuse)
    // Strangers are counted once they speak TLS; so many may be about to.
    if (tls) this.#server.maxConnections = options.linksMax + 2 * options.strangersMax
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, raw: Socket) =>
      on.refused(raw.remoteAddress ?? '', `no TLS: ${error.code ?? error.message}`, closeCodes.wrongSecret),
    )
    this.#server.on(tls ? 'secureConnection' : 'connection', (raw) => this.#knock(raw))
    this.#server.on('upgrade', (request, raw, head) => this.#upgrade(request, raw as Socket, head))
    this.#server.on('clientError', (error: NodeJS.ErrnoException, raw) => this.#answer(raw as Socket, error.code))
  }

  renew(tls: Tls): void {
    if (this.#server instanceof SecureServer) this.#server.setSecureContext(peerPort(tls))
  }

  get strangers(): number {
    return this.#strangers.size
  }

  listen(host: string, port: number): Promise<{ port: number }> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        resolve({ port: (this.#server.address() as AddressInfo).port })
      })
    })
  }

  /** Lets nobody in any more, and turns out the strangers; done when all who came in are gone. */
  close(): Promise<void> {
    for (const { raw } of this.#strangers.values()) raw.destroy()
    if (!this.#server.listening) return Promise.resolve()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  #knock(raw: Socket): void {
    raw.setNoDelay(true)
    if (this.#strangers.size >= this.#options.strangersMax) {
      this.#drop(raw, 'too many strangers', closeCodes.tryLater)
      return
    }
    const timer = setTimeout(() => this.#expire(raw), this.#options.preauthMs)
    this.#strangers.set(raw, { raw, timer, refuse: ({ reason, code }) => this.#drop(raw, reason, code) })
    raw.on('close', () => this.#release(raw))
  }

  #expire(raw: Socket): void {
    this.#strangers.get(raw)?.refuse(new Refusal(closeCodes.tooSlow, 'too slow'))
  }

  #release(raw: Socket): void {
    clearTimeout(this.#strangers.get(raw)?.timer)
    this.#strangers.delete(raw)
  }

  #drop(raw: Socket, reason: string, code: number): void {
    this.#on.refused(raw.remoteAddress ?? '', reason, code)
    raw.destroy()
  }

  #upgrade(request: IncomingMessage, raw: Socket, head: Buffer): void {
    const from = raw.remoteAddress ?? ''
    const waiting = this.#strangers.get(raw)
    if (!waiting) return
    // An error is followed by 'close', which is where it is dealt with.
    raw.on('error', () => {})
    if (request.headers.origin !== undefined) {
      this.#on.refused(from, 'a web page', 403)
      raw.end(plain(403), () => raw.destroy())
      return
    }
    this.#sockets.handleUpgrade(request, raw, head, (socket) => {
      socket.on('error', () => this.#on.refused(from, 'broken frames', closeCodes.badFrame))
      const announced = request.headers[protocolHeader.toLowerCase()]
      const refuse = this.#on.stranger({ socket, raw, from, announced, release: () => this.#release(raw) })
      waiting.refuse = refuse
    })
  }

  /** Not HTTP, or headers too large. Since it is listened for, Node leaves the answer to us. */
  #answer(raw: Socket, code: string | undefined): void {
    if (!raw.writable) {
      raw.destroy()
      return
    }
    const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
    this.#on.refused(raw.remoteAddress ?? '', 'not a WebSocket', status)
    raw.end(plain(status), () => raw.destroy())
  }
}
