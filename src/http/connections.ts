import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Limit } from '../errors.js'
import { Connection, type Keeper } from './connection.js'
import type { HttpOptions } from './limits.js'
import { rawRefusal } from './raw.js'
import { refusalOf } from './refusal.js'
import type { Tally } from './tally.js'
import type { Turns } from './turns.js'

const ignore = (): void => {}

/**
 * All connections: how many there may be, and until when each must have done what it is late with.
 *
 * 1. Only connections with a deadline are looked at, once in a while; there are few, as most take their answers at once.
 * 2. A connection that was never let in is in no count, and in the set of those with a deadline only.
 */
export class Connections implements Keeper {
  owed = 0
  readonly outboundBytes: number
  readonly outboundTotalBytes: number
  readonly #options: HttpOptions
  readonly #tally: Tally
  readonly #turns: Turns
  readonly #all = new Map<Duplex, Connection>()
  readonly #relayed = new WeakMap<Duplex, Connection>()
  readonly #perAddress = new Map<string, number>()
  readonly #late = new Set<Connection>()
  #lingering = 0
  /** The same for all connections, which may be many. */
  readonly #onClose: (this: Socket) => void
  #onEmpty: (() => void) | undefined

  constructor(options: HttpOptions, tally: Tally, turns: Turns) {
    this.outboundBytes = options.outboundBytes
    this.outboundTotalBytes = options.outboundTotalBytes
    this.#options = options
    this.#tally = tally
    this.#turns = turns
    const closed = (connection: Connection | undefined): void => connection && this.#closed(connection)
    const all = this.#all
    this.#onClose = function () {
      closed(all.get(this))
    }
  }

  get size(): number {
    return this.#all.size
  }

  /** Closes those whose time is up. */
  check(nowMs: number): void {
    for (const connection of this.#late) {
      if (nowMs >= connection.deadlineMs) this.#turns.later(() => this.#expire(connection))
    }
  }

  /** It may have done it since. */
  #expire(connection: Connection): void {
    if (!this.#late.has(connection) || performance.now() < connection.deadlineMs) return
    if (connection.ended) connection.socket.destroy()
    else this.cut(connection)
  }

  of(socket: Duplex): Connection | undefined {
    return this.#all.get(socket) ?? this.#relayed.get(socket)
  }

  all(): Iterable<Connection> {
    return this.#all.values()
  }

  relay(connection: Connection, stream: Duplex): void {
    this.#relayed.set(stream, connection)
  }

  /** Undefined if it was turned away. */
  admit(socket: Socket): Connection | undefined {
    const { remoteAddress: address } = socket
    if (address === undefined) {
      // Gone before anybody looked.
      socket.destroy()
      return undefined
    }
    const connection = new Connection(socket, address, this)
    const ofAddress = this.#perAddress.get(address) ?? 0
    const limit = this.#reached(ofAddress)
    if (limit) {
      this.#turnAway(connection, limit)
      return undefined
    }
    this.#all.set(socket, connection)
    this.#perAddress.set(address, ofAddress + 1)
    socket.on('close', this.#onClose)
    return connection
  }

  #reached(ofAddress: number): Limit | undefined {
    if (this.size >= this.#options.connectionsMax) return 'connections'
    return ofAddress >= this.#options.connectionsPerAddressMax ? 'connections_per_address' : undefined
  }

  await(connection: Connection): void {
    const { writeTimeoutMs, writeBytesPerSecond } = this.#options
    const forBytesMs = (connection.socket.writableLength / writeBytesPerSecond) * 1000
    connection.deadlineMs = performance.now() + writeTimeoutMs + forBytesMs
    this.#late.add(connection)
  }

  excuse(connection: Connection): void {
    this.#late.delete(connection)
  }

  cut(connection: Connection): void {
    this.#tally.cutOff('slow_reader', connection.address)
    this.#giveUp(connection)
    connection.socket.destroy()
  }

  linger(connection: Connection): void {
    if (this.#lingering >= this.#options.lingerMax) {
      connection.socket.destroySoon()
      return
    }
    this.#lingering++
    connection.deadlineMs = performance.now() + this.#options.lingerMs
    this.#late.add(connection)
    connection.socket.once('close', () => {
      this.#lingering--
      this.#late.delete(connection)
    })
  }

  /** Closes those that nobody will miss: nothing was asked on them yet, not even in part, or all is answered. */
  closeUnused(): void {
    for (const { socket, waiting, line } of this.#all.values()) {
      if (waiting > 0 || socket.writableLength > 0) continue
      if (socket.bytesRead === 0 || line?.idleSinceMs !== undefined) socket.destroy()
    }
  }

  /** Calls back once there is none left. */
  whenEmpty(callback: () => void): void {
    if (this.size === 0) callback()
    else this.#onEmpty = callback
  }

  closeAll(): void {
    for (const connection of this.#late) connection.socket.destroy()
    for (const socket of this.#all.keys()) socket.destroy()
  }

  #turnAway(connection: Connection, limit: Limit): void {
    const refusal = refusalOf('overloaded', 'too many connections', { limit })
    this.#tally.refuse(refusal, connection.address)
    connection.socket.on('error', ignore)
    connection.socket.resume()
    connection.end(rawRefusal(refusal))
  }

  #closed(connection: Connection): void {
    const { socket, address } = connection
    this.#all.delete(socket)
    this.#late.delete(connection)
    const ofAddress = this.#perAddress.get(address) ?? 0
    if (ofAddress > 1) this.#perAddress.set(address, ofAddress - 1)
    else this.#perAddress.delete(address)
    this.#giveUp(connection)
    if (this.size === 0) this.#onEmpty?.()
  }

  #giveUp(connection: Connection): void {
    connection.deaf = true
    connection.ended = true
    connection.abandon()
  }
}
