import type { SocketConstructorOpts } from 'node:net'
import { Duplex } from 'node:stream'
import { Outlet } from './outlet.js'
import type { Turns } from './turns.js'
import { shared } from './unfit.js'

/** The least and the most of a chunk that a stream is given at a time. */
const leastBytes = 1024
const mostBytes = 16 * 1024

/** What costs less than this is no flood of requests: twice as much can be given at a time. */
const cheapMs = 0.2

export interface Receiver {
  /** The first `size` of these bytes have come; they are good during the call only. */
  received(bytes: Buffer, size: number): void
}

/** node:net calls it as a method of the socket. After false the system reads no more. */
function onRead(this: Inlet, size: number): boolean {
  return this.arrived(size)
}

const onread = { buffer: shared, callback: onRead }

/**
 * A socket that reads into the shared buffer. What comes is its receiver's; without one it is a stream like any other,
 * whose chunks flow a piece at a time: one of them may be hundreds of requests, and others have their turn in between.
 */
export class Inlet extends Outlet {
  receiver: Receiver | undefined
  readonly #turns: Turns
  /** Has come, and waits for its turn; nothing more is read meanwhile. */
  #held: Buffer | undefined
  /** It waits for who reads the stream. */
  #stalled = false
  #bytes = leastBytes

  constructor(options: SocketConstructorOpts, turns: Turns) {
    // Node:net would begin to read at once, before there are any fields here.
    super({ ...options, onread, manualStart: true } as SocketConstructorOpts)
    this.#turns = turns
  }

  /** False if the system is to read no more. */
  arrived(size: number): boolean {
    if (this.receiver) {
      this.receiver.received(shared, size)
      return true
    }
    const chunk = Buffer.from(shared.subarray(0, size))
    const before = this.#held
    this.#held = before ? Buffer.concat([before, chunk]) : chunk
    return before ? false : this.#pour(chunk)
  }

  /** From now on it is a stream, paused, that begins with these bytes. */
  hold(bytes: Buffer): void {
    this.receiver = undefined
    this.pause()
    this.#held = Buffer.from(bytes)
    this.#stalled = true
  }

  // While something is held these go past node:net, each of which would have the system read on.

  override resume(): this {
    if (!this.#holds) return super.resume()
    Duplex.prototype.resume.call(this)
    this.#unstall()
    return this
  }

  override read(size?: number): unknown {
    return this.#holds ? Duplex.prototype.read.call(this, size) : super.read(size)
  }

  override _read(size: number): void {
    if (this.#holds) this.#unstall()
    else super._read(size)
  }

  get #holds(): boolean {
    return this.#held !== undefined
  }

  #unstall(): void {
    if (!this.#stalled) return
    this.#stalled = false
    process.nextTick(() => this.#goOn())
  }

  #goOn(): void {
    const held = this.#held
    if (!held || this.destroyed) return
    if (this.isPaused()) {
      this.#stalled = true
      return
    }
    if (this.#pour(held)) super._read(0)
  }

  /** What is held. Returns false if not all of it has flowed, or no more can. Until it is known, nothing more is read. */
  #pour(bytes: Buffer): boolean {
    const turns = this.#turns
    const untilMs = turns.untilMs()
    let at = 0
    let hasRoom = true
    do {
      const piece = bytes.subarray(at, at + this.#bytes)
      at += piece.length
      hasRoom = this.#give(piece)
    } while (at < bytes.length && hasRoom && !turns.isOver(untilMs))
    this.#held = at < bytes.length ? bytes.subarray(at) : undefined
    if (!this.#held) return hasRoom
    if (hasRoom) turns.later(() => this.#goOn())
    else this.#stalled = true
    return false
  }

  #give(piece: Buffer): boolean {
    const beganMs = performance.now()
    const hasRoom = this.push(piece)
    const isCheap = performance.now() - beganMs < cheapMs
    this.#bytes = isCheap ? Math.min(2 * this.#bytes, mostBytes) : leastBytes
    return hasRoom && !this.isPaused()
  }
}
