import type { WebSocket } from 'ws'
import type { Inbound } from '../http/body.js'

/** What stands before the data of a client's control frame: two bytes, and the mask. */
const controlHead = 6

/**
 * Counts what has come in on a socket and is not a whole message yet, together with all bodies that are being received:
 * many clients that each send a part of a large frame are refused as those are that send a part of a body.
 */
export class Intake {
  readonly #inbound: Inbound
  readonly #tooMuch: () => void
  #bytes = 0

  constructor(inbound: Inbound, ws: WebSocket, tooMuch: () => void) {
    this.#inbound = inbound
    this.#tooMuch = tooMuch
    const control = (data: Buffer): void => this.#release(data.length + controlHead)
    const all = (): void => this.#release(this.#bytes)
    ws.on('message', all).on('close', all).on('ping', control).on('pong', control)
  }

  readonly received = (chunk: Buffer): void => {
    if (this.#inbound.hasRoom(chunk.length)) {
      this.#inbound.claim(chunk.length)
      this.#bytes += chunk.length
    } else this.#tooMuch()
  }

  #release(bytes: number): void {
    const released = Math.min(bytes, this.#bytes)
    this.#inbound.release(released)
    this.#bytes -= released
  }
}
