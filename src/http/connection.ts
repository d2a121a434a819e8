import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Line } from './line.js'

/** A request on a connection, until its answer is taken. */
export interface Pending {
  /** Its body is still coming in. */
  readonly receiving: boolean
  /** It has its answer, or what may be said of it is said. */
  readonly answered: boolean
  /** The connection is gone, or will not carry the answer: nothing more is wanted. */
  abandon(): void
}

/** What a connection tells the one who keeps all of them. */
export interface Keeper {
  /** Answers that all connections together have not taken yet, in bytes. */
  owed: number
  readonly outboundBytes: number
  readonly outboundTotalBytes: number
  /** The connection does not take its answer at once: it must by a certain time. */
  await(connection: Connection): void
  /** It has. */
  excuse(connection: Connection): void
  /** It is too far behind. */
  cut(connection: Connection): void
  /** It is being closed, but may still be sending. */
  linger(connection: Connection): void
  /** For node:http this stream stands for it. */
  relay(connection: Connection, stream: Duplex): void
}

/** One socket: the requests on it, in their order, and how much of the answers lies here because it is not read. */
export class Connection {
  readonly socket: Socket
  readonly address: string
  /** The oldest request; nearly always the only one. */
  first: Pending | undefined
  /** When the keeper closes it; see `Keeper.await` and `linger`. */
  deadlineMs = Number.POSITIVE_INFINITY
  /** What still comes is not looked at; what has come before is answered. */
  deaf = false
  /** The last words are said. */
  ended = false
  /** Reads it until something comes that is for node:http; see `Line`. */
  line: Line | undefined
  /** Those behind it, if there were ever any: a list for each connection would be a good part of what a waiter costs. */
  #behind: Pending[] | undefined
  #owed = 0
  readonly #keeper: Keeper

  constructor(socket: Socket, address: string, keeper: Keeper) {
    this.socket = socket
    this.address = address
    this.#keeper = keeper
  }

  /** Whether what is written now comes behind all answers that are due, or in place of the first one. */
  get isSpeakable(): boolean {
    const { first } = this
    return !first || first.receiving || (first.answered && this.waiting === 1)
  }

  /** How many requests wait on it. */
  get waiting(): number {
    if (!this.first) return 0
    return this.#behind ? this.#behind.length + 1 : 1
  }

  /** All of them, in their order. */
  get pending(): readonly Pending[] {
    return this.first ? [this.first, ...(this.#behind ?? [])] : []
  }

  add(pending: Pending): void {
    if (!this.first) this.first = pending
    else if (this.#behind) this.#behind.push(pending)
    else this.#behind = [pending]
  }

  /** False if it is not here. */
  remove(pending: Pending): boolean {
    if (this.first === pending) {
      this.first = this.#behind?.shift()
      return true
    }
    const at = this.#behind?.indexOf(pending) ?? -1
    if (at >= 0) this.#behind?.splice(at, 1)
    return at >= 0
  }

  /** Says the last words on the wire, past node:http, and reads on for a while, or a reset would take them away. */
  end(words: Buffer): void {
    this.deaf = true
    this.ended = true
    this.abandon()
    this.socket.end(words)
    this.#keeper.linger(this)
  }

  relay<Stream extends Duplex>(stream: Stream): Stream {
    this.#keeper.relay(this, stream)
    return stream
  }

  /** Node:http resumes it whenever a request before wants its body; what came then would be kept, and never be done. */
  stopReading(): void {
    const { socket } = this
    const pause = (): void => {
      if (!this.ended) socket.pause()
    }
    if (!this.deaf) socket.on('resume', pause)
    this.deaf = true
    pause()
  }

  /** An answer of this size was written, or put in line behind one that is not yet. */
  sent(pending: Pending, bytes: number): void {
    const { socket } = this
    this.#owed += bytes
    this.#keeper.owed += bytes
    const { owed, outboundBytes, outboundTotalBytes } = this.#keeper
    const taken = socket.writableLength === 0 && this.first === pending
    // One answer, however large, is the least that a connection can be given.
    const isBehind = this.#owed > outboundBytes && this.#owed > bytes
    if (!taken && (isBehind || owed > outboundTotalBytes)) this.#keeper.cut(this)
    else if (socket.writableLength > 0) this.#keeper.await(this)
  }

  /** The system has all of the answer. The next one, if there is one in line, has just been written. */
  taken(pending: Pending, bytes: number): void {
    if (!this.remove(pending)) return
    this.#owed -= bytes
    this.#keeper.owed -= bytes
    if (this.ended) return
    if (this.socket.writableLength > 0) this.#keeper.await(this)
    else this.#keeper.excuse(this)
  }

  abandon(): void {
    this.line?.drop()
    const { pending } = this
    this.first = undefined
    this.#behind = undefined
    for (const each of pending) each.abandon()
    this.#keeper.owed -= this.#owed
    this.#owed = 0
  }
}
