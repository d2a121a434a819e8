import type { Socket } from 'node:net'
import type { Answer, Effect, From } from '../effect.js'
import type { Visitor } from '../http/guard.js'
import { isClear, isFull, put } from '../http/outlet.js'
import { type Refusal, refusalOf } from '../http/refusal.js'
import type { Body } from '../http/rope.js'
import type { Patron } from '../ports.js'
import type { Format } from './format.js'
import type { Streams } from './streams.js'

/** Why a stream is ended from this side, when it is not for a refusal: it takes too little of what it is given. */
export type End = Refusal | 'slow'

/** How what a stream is told gets to its reader. */
export type Transport = 'sse' | 'ws'

/** Whose stream it is: what it says itself, in its own way. */
export interface Owner {
  readonly transport: Transport
  readonly format: Format
  readonly socket: Socket
  /** False when nothing more may be written. */
  readonly isOpen: boolean
  /** The stream, or another set of channels of it, begins at this cursor. */
  placed(cursor: string): void
  end(why: End): void
  /** Who it is may have changed by now: rejects, or throws an EngineError, if this one may stay no longer. */
  admit(): Visitor | Promise<Visitor>
  /** Once in a while: is the other side still there? */
  probe(): void
}

const sizeOf = ({ messages }: Answer): number =>
  messages.reduce((size, { head, tail }) => size + head.length + tail.length, 0)

const textOf = (from: From): string => (typeof from === 'string' ? from : 'cursor' in from ? from.cursor : 'earliest')

/**
 * One reader that stays, and the socket that it is written to.
 *
 * 1. Everything up to `cursor` has been written to the socket, and nothing after it.
 * 2. While the socket is full nothing is written to it: what is missed then is read from the rings when it has drained.
 *    So what lies here for it is one answer at the most, however far it is behind.
 */
export class Stream implements Patron {
  // What each message needs comes first, and is not looked up in the owner: where thousands are told the same, all of
  // this is out of the nearest caches each time.
  readonly socket: Socket
  readonly #format: Format
  readonly #streams: Streams
  readonly #transport: Transport
  #cursor = ''
  #behind = false
  #over = false
  /** When something was last written. A whole number takes no memory of its own. */
  saidMs: number
  waiter?: object | undefined
  channels: readonly string[] = []
  checkedMs: number
  /** When its reader must be gone, if there is such a time. */
  untilMs: number | undefined
  /** When it was first seen that the socket had something left to take, if it still has. */
  lateMs = Number.POSITIVE_INFINITY
  /** Message bytes that have passed it by. */
  missed = 0
  /** Bytes of it that count as owed. */
  owed = 0
  readonly database: string
  readonly #owner: Owner
  #from: From = 'now'
  #placed = false
  #stays = false

  constructor(streams: Streams, database: string, owner: Owner) {
    this.socket = owner.socket
    this.#format = owner.format
    this.#transport = owner.transport
    this.#streams = streams
    this.#owner = owner
    this.database = database
    this.saidMs = streams.nowMs
    this.checkedMs = streams.nowMs
  }

  get owner(): Owner {
    return this.#owner
  }

  get isOver(): boolean {
    return this.#over
  }

  /** It has all that there is, and takes it. */
  get isCurrent(): boolean {
    return this.#stays && !this.#behind
  }

  /** From these channels, none or more, from now on. Without `from` it goes on where it is. */
  follow(channels: readonly string[], from?: From): void {
    const before = this.channels
    this.channels = channels
    this.#placed = false
    // Who has all, and stays, goes on with what comes after this step.
    this.#from = from ?? (before.length === 0 || this.isCurrent ? 'now' : { cursor: this.#cursor })
    this.#stays = false
    if (channels.length > 0) this.#poll(this.#from)
    else this.#streams.bus.step({ type: 'cancel', reader: this })
  }

  settle(effect: Effect): void {
    if (this.#over) return
    switch (effect.type) {
      case 'stays':
        this.#stays = true
        this.#place(this.#behind ? this.#cursor : effect.cursor)
        break
      case 'answer':
        this.#stays = false
        this.#place(textOf(this.#from))
        if (!this.#behind) this.#take(effect.answer)
        this.#streams.goOn(this)
        break
      case 'tell':
        if (isFull(this.socket)) this.#miss(effect.answer)
        else if (!this.#behind) this.#take(effect.answer)
        break
      case 'refuse':
        this.#owner.end(refusalOf(effect.code, effect.reason))
        break
    }
  }

  /** Reads on, unless there is no room for it: then when there is. */
  resume(): void {
    if (this.#over || this.isCurrent || this.channels.length === 0) return
    this.#behind = isFull(this.socket)
    if (this.#behind) return
    this.#stays = false
    this.#poll({ cursor: this.#cursor })
  }

  /** The socket has taken what there was. */
  drained(): void {
    this.lateMs = Number.POSITIVE_INFINITY
    this.missed = 0
    this.#streams.settle(this, 0)
    // What comes until it reads on is missed, too.
    if (this.#behind) this.#streams.goOn(this)
  }

  /** Says that there is nothing to say; those that stay are told by the core where they are by now. */
  beat(cursor = this.#cursor): void {
    if (!this.#placed || this.#behind || isFull(this.socket)) return
    this.write(this.#format.beat(cursor, cursor !== this.#cursor))
    this.#cursor = cursor
  }

  write(body: Body): void {
    const { socket } = this
    // An owner that closes says so on the socket, by way of its stream, and then it is not clear.
    if (!isClear(socket) && !this.#owner.isOpen) return
    this.saidMs = this.#streams.nowMs
    put(socket, body)
    if (isFull(socket)) this.#streams.settle(this, socket.writableLength)
  }

  close(): void {
    if (this.#over) return
    this.#over = true
    this.#streams.remove(this)
    this.#streams.bus.step({ type: 'cancel', reader: this })
  }

  #poll(from: From): void {
    const { bus, options } = this.#streams
    bus.step({
      type: 'poll',
      reader: this,
      database: this.database,
      channels: this.channels,
      from,
      limit: options.pollLimitMax,
      bytes: options.pageBytes,
      waitMs: options.heartbeatMs,
      stays: true,
    })
  }

  /** Only at first: when it has caught up later, how far its cursor has moved is told with the next beat. */
  #place(cursor: string): void {
    if (this.#placed) return
    this.#placed = true
    this.#cursor = cursor
    this.#owner.placed(cursor)
  }

  #take(answer: Answer): void {
    if (answer.messages.length === 0 && !answer.gap) this.beat(answer.cursor)
    else {
      this.write(this.#format.answer(answer, this.#cursor))
      this.#streams.delivered[this.#transport] += answer.messages.length
      this.#cursor = answer.cursor
    }
  }

  #miss(answer: Answer): void {
    this.#behind = true
    this.missed += sizeOf(answer)
  }
}
