import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Connection } from './connection.js'
import type { Connections } from './connections.js'
import type { House } from './house.js'
import type { Intake } from './intake.js'
import { Line, type Switchboard } from './line.js'
import { type Refusal, refusalOf } from './refusal.js'
import { Relay } from './relay.js'

interface Parts {
  readonly house: House
  readonly connections: Connections
  /** Has node:http read on. */
  readonly takeOver: (stream: Duplex) => void
  readonly lastWords: (socket: Socket, refusal: Refusal, headers: IncomingMessage['headers']) => void
}

/** The lines of all connections that node:http has not taken over: what happens on their sockets, and when they are late. */
export class Lines implements Switchboard {
  readonly #parts: Parts
  readonly #onEnd: (this: Socket) => void
  readonly #onDrain: (this: Socket) => void
  readonly #onError: (this: Socket, error: Error) => void

  constructor(parts: Parts) {
    const { connections } = parts
    this.#parts = parts
    // The same three for all connections, which may be many.
    const { turns } = parts.house
    this.#onEnd = function () {
      turns.later(() => connections.of(this)?.line?.ended())
    }
    this.#onDrain = function () {
      connections.of(this)?.line?.drained()
    }
    // It closes, and that is told.
    this.#onError = () => {}
  }

  open(connection: Connection, intake: Intake): void {
    const { socket } = connection
    const line = new Line(this.#parts.house, connection, this, intake)
    connection.line = line
    socket.on('error', this.#onError).on('end', this.#onEnd).on('drain', this.#onDrain)
    intake.begin(line)
  }

  stepAside(line: Line, bytes: Buffer): void {
    const { connection, intake } = line
    const { socket } = connection
    socket.off('end', this.#onEnd).off('drain', this.#onDrain)
    intake.end(bytes)
    if (connection.first) this.#parts.takeOver(connection.relay(new Relay(line)))
    else {
      this.#parts.takeOver(socket)
      intake.keep()
      socket.off('error', this.#onError)
    }
    socket.resume()
  }

  brokenOff({ connection }: Line): void {
    this.#parts.lastWords(connection.socket, refusalOf('bad_request', 'this is not HTTP/1.1'), {})
  }

  /** Looks whose time is up. */
  check(nowMs: number): void {
    const { connections, house } = this.#parts
    for (const { line } of connections.all()) {
      if (line && this.#isLate(line, nowMs)) house.turns.later(() => this.#giveUp(line))
    }
  }

  #isLate(line: Line, nowMs: number): boolean {
    const { headerTimeoutMs, bodyTimeoutMs, keepAliveMs } = this.#parts.house.options
    const { dueSinceMs, idleSinceMs } = line
    if (dueSinceMs !== undefined) return nowMs - dueSinceMs >= (line.isReceiving ? bodyTimeoutMs : headerTimeoutMs)
    return idleSinceMs !== undefined && nowMs - idleSinceMs >= keepAliveMs
  }

  /** It is looked at once more: something may have come. */
  #giveUp(line: Line): void {
    const { connection } = line
    if (connection.deaf || !this.#isLate(line, performance.now())) return
    if (line.dueSinceMs === undefined) connection.socket.destroy()
    else this.#parts.lastWords(connection.socket, refusalOf('timeout', 'the request did not arrive in time'), {})
  }
}
