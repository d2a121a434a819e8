import type { Socket, SocketConstructorOpts } from 'node:net'
import { Inlet, type Receiver } from './inlet.js'
import type { Turns } from './turns.js'

/** What may wait to be written before a socket counts as full: an answer or two, or each large one would stop the reading. */
const fullBytes = 64 * 1024

/** What net.Socket keeps under this name is not documented; without it a socket is read in the usual way. */
interface Holder {
  _handle?: { readonly useUserBuffer?: unknown } | null
}

const ignore = (): void => {}

/**
 * What comes in on an accepted socket, taken where it was read. The usual way makes a new buffer for each read, which
 * costs a server of small requests more than all it does with them. net.Socket can read into a buffer that it is given
 * (`onread`), though only from its construction on: so the connection is moved to a socket that has one.
 */
export class Intake {
  readonly socket: Socket
  readonly #owns: Inlet | undefined

  constructor(accepted: Socket, turns: Turns) {
    this.#owns = moved(accepted, turns)
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
    if (this.#owns) this.#owns.hold(bytes)
    else {
      socket.removeAllListeners('data')
      socket.pause()
      socket.unshift(Buffer.from(bytes))
    }
  }

  /** Has node:http, which has taken over, read it as a stream: else it reads past the socket, whole chunks at a time. */
  keep(): void {
    this.#owns?.on('data', ignore).off('data', ignore)
  }
}

const moved = (accepted: Socket, turns: Turns): Inlet | undefined => {
  const holder = accepted as unknown as Holder
  const handle = holder._handle
  if (!handle?.useUserBuffer) return undefined
  holder._handle = null
  accepted.destroy()
  const options = { handle, allowHalfOpen: true, writableHighWaterMark: fullBytes }
  return new Inlet(options as SocketConstructorOpts, turns)
}
