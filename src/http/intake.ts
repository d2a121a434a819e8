import type { Socket, SocketConstructorOpts } from 'node:net'
import type { Arrival } from './arrivals.js'
import { Inlet, type Receiver } from './inlet.js'
import type { Turns } from './turns.js'

/** What may wait to be written before a socket counts as full: an answer or two, or each large one would stop the reading. */
const fullBytes = 64 * 1024

const ignore = (): void => {}

/**
 * What comes in on an accepted socket, taken where it was read. The usual way makes a new buffer for each read, which
 * costs a server of small requests more than all it does with them. net.Socket can read into a buffer that it is given
 * (`onread`), though only from its construction on, and node:net makes its own: so it is made here; see `takeInTurns`.
 */
export class Intake {
  readonly socket: Socket
  readonly #owns: Inlet | undefined

  constructor(accepted: Socket) {
    this.socket = accepted
    this.#owns = accepted instanceof Inlet ? accepted : undefined
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

/** Undefined if none can be made of it. */
export const inletOf = (
  handle: Arrival,
  turns: Turns,
  options: { readonly keepAliveMs: number },
): Inlet | undefined => {
  if (!handle.useUserBuffer) return undefined
  handle.setNoDelay(true)
  // Without it, who vanished while waiting would be noticed only when there is something to send.
  handle.setKeepAlive(true, Math.floor(options.keepAliveMs / 1000))
  const made = { handle, allowHalfOpen: true, writableHighWaterMark: fullBytes }
  return new Inlet(made as SocketConstructorOpts, turns)
}
