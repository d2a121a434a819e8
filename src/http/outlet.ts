import { Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { type Body, keepSheet, plain, Rope, stringMax } from './rope.js'

/** A write that the system has not finished; which object stands for it is node's affair. */
interface WriteRequest {
  oncomplete?: (status: number) => void
  /** Kept alive until it is written. */
  bytes?: Buffer
}

interface Handle {
  writeLatin1String(request: WriteRequest, text: string): number
  writeBuffer(request: WriteRequest, bytes: Buffer): number
  readonly writeQueueSize: number
}

interface StreamWrap {
  readonly WriteWrap: new () => WriteRequest
  readonly streamBaseState: { readonly [index: number]: number }
  readonly kLastWriteWasAsync: number
}

/**
 * What net.Socket itself writes with. It is not documented, and may be missing one day, or be forbidden (`--permission`):
 * then all is written by way of the stream.
 */
const streamWrap = (): StreamWrap | undefined => {
  try {
    const { binding } = process as unknown as { binding(name: string): Partial<StreamWrap> }
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = binding.call(process, 'stream_wrap')
    if (!WriteWrap || !streamBaseState || kLastWriteWasAsync === undefined) return undefined
    return { WriteWrap, streamBaseState, kLastWriteWasAsync }
  } catch {
    return undefined
  }
}

/** Writes to handles. An object that stands for a write is used again and again, until one is not finished at once. */
class Pen {
  readonly #wrap: StreamWrap
  #request: WriteRequest

  constructor(wrap: StreamWrap) {
    this.#wrap = wrap
    this.#request = new wrap.WriteWrap()
  }

  /** Of a write that goes on, the request; true if it is done, false if nothing was written. */
  write(handle: Handle, body: string | Buffer): WriteRequest | boolean {
    const request = this.#request
    const { streamBaseState, kLastWriteWasAsync, WriteWrap } = this.#wrap
    const isText = typeof body === 'string'
    const error = isText ? handle.writeLatin1String(request, body) : handle.writeBuffer(request, body)
    if (error !== 0) return false
    if (streamBaseState[kLastWriteWasAsync] === 0) return true
    this.#request = new WriteWrap()
    return request
  }
}

const wrap = streamWrap()
const pen = wrap && new Pen(wrap)

const failed = (status: number): Error | null =>
  status < 0
    ? Object.assign(new Error(`write ${getSystemErrorName(status)}`), { errno: status, syscall: 'write' })
    : null

/**
 * A socket that can be written to past its stream. The stream makes several objects for each write, to be told when it is
 * done; but nearly all writes are done when the call returns, and then nobody asks.
 *
 * 1. Only while nothing waits in the stream is anything written past it, so all goes out in its order.
 * 2. What the system does not take at once is handed to the stream as what it is writing: so how much waits, whether the
 *    socket is full, and when it has drained, is known as ever.
 */
export class Outlet extends Socket {
  /** See `isClear`. */
  #isClear = false
  /** It goes on, and the stream is about to be told. */
  #carried: WriteRequest | undefined
  /** The stream waits for it. */
  #isCarrying = false

  /**
   * When last looked at, the stream was open, had room and nothing that waits; and nobody has used it since. The state of
   * a stream is in another object: where thousands are told the same, to look into it costs as much as the rest.
   */
  get isClear(): boolean {
    return this.#isClear
  }

  /** The same as `write` of latin1 text; what it returns, too. */
  put(body: Body): boolean {
    const handle = this.#isClear ? this.#handle() : this.#look()
    if (!pen || !handle || (typeof body === 'string' && body.length > stringMax))
      return this.write(plain(body), 'latin1')
    const bytes = body instanceof Rope ? body.lend() : body
    const outcome = pen.write(handle, bytes)
    // What fails, fails once more, and is told as ever.
    if (outcome === false) return this.write(plain(body), 'latin1')
    return outcome === true || this.#carry(outcome, bytes, handle.writeQueueSize)
  }

  #handle(): Handle | undefined {
    return (this as unknown as { readonly _handle?: Handle | null })._handle ?? undefined
  }

  /** The handle, if it may be written to past the stream. */
  #look(): Handle | undefined {
    if (this.writableLength > 0 || this.#isCarrying || this.writableEnded || this.writableCorked > 0) return undefined
    this.#isClear = this.writable && !this.writableNeedDrain
    return this.#handle()
  }

  /** `left` bytes of the body have not been taken yet. */
  #carry(request: WriteRequest, body: string | Buffer, left: number): boolean {
    this.#carried = request
    if (typeof body !== 'string') {
      request.bytes = body
      keepSheet(body)
    }
    const rest = body.length - left
    return this.write(typeof body === 'string' ? body.slice(rest) : body.subarray(rest), 'latin1')
  }

  // Whatever is done with the stream comes by one of these at once, unless something else came before and is not done.

  override cork(): void {
    this.#isClear = false
    super.cork()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#isClear = false
    super._final(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#isClear = false
    super._destroy(error, done)
  }

  override _write(chunk: unknown, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#isClear = false
    const request = this.#carried
    if (!request) {
      super._write(chunk, encoding, done)
      return
    }
    this.#carried = undefined
    this.#isCarrying = true
    request.oncomplete = (status) => {
      this.#isCarrying = false
      done(this.destroyed ? null : failed(status))
    }
  }
}

/** Writes latin1 text; false if the socket is full. */
export const put = (socket: Socket, body: Body): boolean =>
  socket instanceof Outlet ? socket.put(body) : socket.write(plain(body), 'latin1')

/** Whether it is known, without a look at its stream, that the socket is open and takes what it is given. */
export const isClear = (socket: Socket): boolean => socket instanceof Outlet && socket.isClear

/** It takes no more for now. */
export const isFull = (socket: Socket): boolean => !isClear(socket) && socket.writableNeedDrain

/** The system has all that was written. */
export const isEmpty = (socket: Socket): boolean => isClear(socket) || socket.writableLength === 0
