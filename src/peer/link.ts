import type { RawData, WebSocket } from 'ws'
import type { Message } from '../cluster/message.js'
import type { NodeId } from '../log/node-id.js'
import { decode } from './codec.js'
import type { PeerOptions } from './limits.js'
import { badFrame, closeCodes, Refusal } from './refusal.js'

/** The peer at the other end, proven, and who dialled whom. */
export interface Partner {
  readonly id: NodeId
  readonly name: string
  readonly address: string
  /** This side dialled. */
  readonly dialled: boolean
  /** That both speak. */
  readonly protocol: number
}

export interface LinkEvents {
  message(link: Link, message: Message): void
  /** The peer sent what it must not; the link still stands. */
  broken(link: Link, refusal: Refusal): void
  /** Too much waits to be sent; the link is being closed. */
  full(link: Link): void
  closed(link: Link, code: number): void
}

/** In front of a frame stands its length, and the mask of who has dialled. */
const headerBytes = (bytes: number, isMasked: boolean): number =>
  (bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10) + (isMasked ? 4 : 0)

/** In `silentMs` a link is looked at so many times. */
export const looks = 8

/** A frame as it came; ws gives one buffer unless it is told to give the fragments. */
export const frameOf = (data: RawData, isBinary: boolean): Uint8Array | Refusal =>
  isBinary && data instanceof Uint8Array ? data : badFrame('a frame of text')

/**
 * One authenticated WebSocket to one peer: messages in, bytes out. What it is sent beyond its queue cuts it off: a
 * peer that is too slow is left out by the cluster, and gets what it missed when it is back. Whether the peer lives is
 * for the heartbeats to say. Whether the connection does is seen here: after a long cut TCP would wait for minutes
 * before it tries again, and nobody dials a peer that is linked.
 */
export class Link {
  readonly partner: Partner
  readonly #socket: WebSocket
  readonly #options: PeerOptions
  readonly #on: LinkEvents
  #deaf = false
  #quietLooks = 0

  constructor(parts: { socket: WebSocket; partner: Partner; options: PeerOptions; on: LinkEvents }) {
    this.#socket = parts.socket
    this.partner = parts.partner
    this.#options = parts.options
    this.#on = parts.on
    this.#socket.on('message', (data, isBinary) => this.#receive(frameOf(data, isBinary)))
    this.#socket.on('pong', () => this.#heard())
    this.#socket.on('close', (code) => this.#on.closed(this, code))
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  /** Bytes that wait to be sent. */
  get queued(): number {
    return this.#socket.bufferedAmount
  }

  /** Returns what it puts on the line, in bytes. */
  send(bytes: Uint8Array): number {
    if (!this.open) return 0
    if (this.queued + bytes.length <= this.#options.queueBytes) {
      this.#socket.send(bytes)
      return bytes.length + headerBytes(bytes.length, this.partner.dialled)
    }
    this.close(closeCodes.tryLater, 'queue full')
    this.#on.full(this)
    return 0
  }

  /** What the peer has sent until it learns of this is still taken in. */
  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  /** Closes, and listens no more. */
  cut(code: number, reason: string): void {
    this.#deaf = true
    this.close(code, reason)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  /** Does the other end still answer? Told once; a link that does not answer in time is destroyed. */
  probe(answer: (alive: boolean) => void): void {
    const socket = this.#socket
    if (!this.open) {
      answer(false)
      return
    }
    const finish = (alive: boolean) => (): void => {
      clearTimeout(timer)
      socket.off('pong', live)
      socket.off('close', dead)
      if (!alive) socket.terminate()
      answer(alive)
    }
    const live = finish(true)
    const dead = finish(false)
    const timer = setTimeout(dead, this.#options.probeMs)
    socket.on('pong', live)
    socket.on('close', dead)
    socket.ping()
  }

  /**
   * Called at equal intervals. It counts them and asks no clock: a process that was stopped for a while finds one more
   * look, and not that all of its links were silent.
   */
  look(): void {
    this.#quietLooks++
    if (this.#quietLooks > looks) this.terminate()
    else if (this.#quietLooks > looks / 2 && this.open) this.#socket.ping()
  }

  #heard(): void {
    this.#quietLooks = 0
  }

  #receive(frame: Uint8Array | Refusal): void {
    this.#heard()
    if (this.#deaf) return
    const message = frame instanceof Refusal ? frame : decode(frame)
    if (message instanceof Refusal) this.#on.broken(this, message)
    else this.#on.message(this, message)
  }
}
