import type { Socket, SocketConstructorOpts } from 'node:net'
import { Outlet } from './outlet.js'

const bufferBytes = 64 * 1024

/** What may wait to be written before a socket counts as full: an answer or two, or each large one would stop the reading. */
const fullBytes = 64 * 1024

/** Where all connections read into, one after the other: who takes bytes from it uses them at once, or copies them. */
const shared = Buffer.allocUnsafeSlow(bufferBytes)

export interface Receiver {
  /** The first `size` of these bytes have come; they are good during the call only. */
  received(bytes: Buffer, size: number): void
}

/** What net.Socket keeps under this name is not documented; without it a socket is read in the usual way. */
interface Holder {
  _handle?: { readonly useUserBuffer?: unknown } | null
}

/** A socket that reads into the shared buffer. It knows who takes what it reads: closures in between would be a good part of the cost. */
interface Reading extends Outlet {
  receiver?: Receiver | undefined
}

/** node:net calls it as a method of the socket. False would make the socket pause. */
function onRead(this: Reading, size: number): boolean {
  if (!this.receiver) return this.push(Buffer.from(shared.subarray(0, size)))
  this.receiver.received(shared, size)
  return true
}

const onread = { buffer: shared, callback: onRead }

/**
 * What comes in on an accepted socket, taken where it was read. The usual way makes a new buffer for each read, which
 * costs a server of small requests more than all it does with them. net.Socket can read into a buffer that it is given
 * (`onread`), though only from its construction on: so the connection is moved to a socket that has one.
 */
export class Intake {
  readonly socket: Socket
  readonly #owns: Reading | undefined

  constructor(accepted: Socket) {
    this.#owns = moved(accepted)
    this.socket = this.#owns ?? accepted
  }

  /** From now on every chunk goes to the receiver. */
  begin(receiver: Receiver): void {
    if (this.#owns) {
      this.#owns.receiver = receiver
      this.#owns.resume()
    } else this.socket.on('data', (chunk: Buffer) => receiver.received(chunk, chunk.length))
  }

  /** From now on it is a stream like any other, beginning with these bytes, which are copied. Who takes over resumes it. */
  end(bytes: Buffer): void {
    const { socket } = this
    if (this.#owns) this.#owns.receiver = undefined
    socket.removeAllListeners('data')
    socket.pause()
    socket.unshift(Buffer.from(bytes))
  }
}

const moved = (accepted: Socket): Reading | undefined => {
  const holder = accepted as unknown as Holder
  const handle = holder._handle
  if (!handle?.useUserBuffer) return undefined
  holder._handle = null
  accepted.destroy()
  const options = { handle, allowHalfOpen: true, onread, writableHighWaterMark: fullBytes }
  return new Outlet(options as unknown as SocketConstructorOpts)
}
