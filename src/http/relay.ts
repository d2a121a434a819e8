import { Duplex } from 'node:stream'
import type { Connection } from './connection.js'
import type { Line } from './line.js'

type Done = (error?: Error | null) => void

interface Chunk {
  readonly chunk: Buffer
  readonly encoding: BufferEncoding
}

/**
 * A connection as node:http sees it when it takes over in the middle, while answers are still due that it knows nothing
 * of: what it writes waits until those have gone out. It goes on being used when they have; that is rare, and costs
 * only time.
 */
export class Relay extends Duplex {
  readonly #connection: Connection
  #held: (() => void) | undefined
  #open = false

  constructor(line: Line) {
    super({ allowHalfOpen: true })
    const { connection } = line
    this.#connection = connection
    line.onIdle = () => this.#release()
    const { socket } = connection
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause()
    })
    socket.on('end', () => {
      this.push(null)
      // What node:http has written would wait for answers that nobody reads any more, and they for a message.
      if (!this.#open) socket.end()
    })
    socket.on('timeout', () => this.emit('timeout'))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.destroy())
  }

  // The following are what node:http uses of a socket beyond a stream's methods.

  setTimeout(ms: number): this {
    this.#connection.socket.setTimeout(ms)
    return this
  }

  destroySoon(): void {
    this.#connection.socket.destroySoon()
  }

  override _read(): void {
    if (!this.#connection.deaf) this.#connection.socket.resume()
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: Done): void {
    this.#whenOpen(() => this.#connection.socket.write(chunk, encoding, done))
  }

  /** What was written together stays together: streams put what they are told on the socket itself, in between. */
  override _writev(chunks: readonly Chunk[], done: Done): void {
    const { socket } = this.#connection
    const last = chunks.length - 1
    this.#whenOpen(() => {
      socket.cork()
      chunks.forEach(({ chunk, encoding }, i) => {
        socket.write(chunk, encoding, i === last ? done : undefined)
      })
      socket.uncork()
    })
  }

  #whenOpen(write: () => void): void {
    if (this.#open) write()
    else this.#held = write
  }

  /** Waits for nothing: once the client has ended its side, node:http gives no answers that are not written yet. */
  override _final(done: () => void): void {
    this.#connection.socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#connection.socket.destroy()
    done(error)
  }

  /** All that was due before has gone out. */
  #release(): void {
    this.#open = true
    this.#held?.()
    this.#held = undefined
  }
}
