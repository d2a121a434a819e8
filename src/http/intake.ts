import { Socket, type SocketConstructorOpts } from 'node:net'

const bufferBytes = 64 * 1024

/** What may wait to be written before a socket counts as full: an answer or two, or each large one would stop the reading. */
const fullBytes = 64 * 1024

/** Where all connections read into, one after the other: who takes bytes from it uses them at once, or copies them. */
const shared = Buffer.allocUnsafeSlow(bufferBytes)

type Take = (bytes: Buffer, size: number) => void

/** What net.Socket keeps under this name is not documented; without it a socket is read in the usual way. */
interface Holder {
  _handle?: { readonly useUserBuffer?: unknown } | null
}

/**
 * What comes in on an accepted socket, taken where it was read. The usual way makes a new buffer for each read, which
 * costs a server of small requests more than all it does with them. net.Socket can read into a buffer that it is given
 * (`onread`), though only from its construction on: so the connection is moved to a socket that has one.
 */
export class Intake {
  readonly socket: Socket
  #take: Take | undefined
  readonly #onData = (chunk: Buffer): void => this.#take?.(chunk, chunk.length)

  constructor(accepted: Socket) {
    this.socket = this.#moved(accepted) ?? accepted
  }

  /** From now on every chunk goes to `take`, as the first so many of some bytes that are good during the call only. */
  begin(take: Take): void {
    this.#take = take
    if (this.#owns) this.socket.resume()
    else this.socket.on('data', this.#onData)
  }

  /** From now on it is a stream like any other, beginning with these bytes, which are copied. Who takes over resumes it. */
  end(bytes: Buffer): void {
    this.#take = undefined
    this.socket.off('data', this.#onData)
    this.socket.pause()
    this.socket.unshift(Buffer.from(bytes))
  }

  #owns = false

  #moved(accepted: Socket): Socket | undefined {
    const holder = accepted as unknown as Holder
    const handle = holder._handle
    if (!handle?.useUserBuffer) return undefined
    holder._handle = null
    accepted.destroy()
    this.#owns = true
    const onread = { buffer: shared, callback: (size: number): boolean => this.#read(size) }
    const options = { handle, allowHalfOpen: true, onread, writableHighWaterMark: fullBytes }
    return new Socket(options as SocketConstructorOpts)
  }

  /** False makes the socket pause. */
  #read(size: number): boolean {
    if (!this.#take) return this.socket.push(Buffer.from(shared.subarray(0, size)))
    this.#take(shared, size)
    return true
  }
}
