import type { Socket } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import type { Handshake, Hello, Role } from './handshake.js'
import type { PeerOptions } from './limits.js'
import { frameOf } from './link.js'
import { badFrame, Refusal } from './refusal.js'

const tooMuch = (): Refusal => badFrame('too much before the proof')

/** What the cluster has to say to one handshake. */
export interface GreetingEvents {
  /** Who the other says it is, unproven. Shall the handshake go on? */
  met(hello: Hello): Refusal | undefined
  /** It has proven itself to the accepter, who may take its time to decide. */
  admit(hello: Hello, decide: (refusal: Refusal | undefined) => void): void
  /** Both are proven: the socket is a link from here, and its next frame a message. */
  greeted(hello: Hello): void
  /** Refused by this side, which has closed the socket. */
  refused(refusal: Refusal): void
}

interface GreetingParts {
  readonly socket: WebSocket
  readonly raw: Socket
  readonly role: Role
  readonly handshake: Handshake
  readonly options: PeerOptions
  readonly on: GreetingEvents
}

/**
 * Runs a handshake over a fresh WebSocket. Until it is through, bytes are counted where they are read: a frame's
 * announced length would be believed by the WebSocket, which allows it what a peer may send.
 */
export class Greeting {
  readonly #parts: GreetingParts
  #hello: Hello | undefined
  #deciding = false
  #over = false
  #greeted = false
  #read = 0
  readonly #onFrame: (data: RawData, isBinary: boolean) => void
  readonly #onData: (chunk: Buffer) => void

  constructor(parts: GreetingParts) {
    this.#parts = parts
    this.#onFrame = (data, isBinary) => this.#receive(frameOf(data, isBinary))
    this.#onData = (chunk) => this.#count(chunk.length)
    parts.socket.on('message', this.#onFrame)
    // After the WebSocket's own listener: what is behind the last frame of the handshake is the link's already.
    parts.raw.on('data', this.#onData)
    if (parts.role === 'dial') parts.socket.send(parts.handshake.hello)
  }

  /** Closes the socket for this reason, unless the handshake is over. */
  refuse(refusal: Refusal): void {
    if (this.#over) return
    this.#over = true
    this.#parts.socket.off('message', this.#onFrame)
    this.#parts.socket.close(refusal.code)
    this.#parts.on.refused(refusal)
  }

  #count(length: number): void {
    this.#read += length
    if (this.#greeted || this.#read <= this.#parts.options.preauthBytes) return
    this.refuse(tooMuch())
    // It would be collected even now; the close timeout destroys the socket.
    this.#parts.socket.pause()
  }

  #receive(frame: Uint8Array | Refusal): void {
    if (this.#over) return
    const refusal = frame instanceof Refusal ? frame : this.#take(frame)
    if (refusal) this.refuse(refusal)
  }

  #take(frame: Uint8Array): Refusal | undefined {
    if (frame.length > this.#parts.options.preauthBytes) return tooMuch()
    if (this.#deciding) return badFrame('a frame too early')
    return this.#hello ? this.#verify(this.#hello, frame) : this.#meet(frame)
  }

  #meet(frame: Uint8Array): Refusal | undefined {
    const { socket, role, handshake, on } = this.#parts
    const hello = handshake.meet(frame)
    if (hello instanceof Refusal) return hello
    this.#hello = hello
    // The dialler learns whom it has reached in any case: it may be itself.
    if (role === 'accept') socket.send(handshake.hello)
    const refusal = on.met(hello)
    if (!refusal && role === 'dial') socket.send(handshake.proof())
    return refusal
  }

  #verify(hello: Hello, frame: Uint8Array): Refusal | undefined {
    const { socket, role, handshake, on } = this.#parts
    const refusal = handshake.verify(frame)
    if (refusal) return refusal
    if (role === 'dial') {
      this.#finish(hello)
      return undefined
    }
    this.#deciding = true
    on.admit(hello, (objection) => {
      if (this.#over || socket.readyState !== socket.OPEN) return
      if (objection) {
        this.refuse(objection)
        return
      }
      socket.send(handshake.proof())
      this.#finish(hello)
    })
    return undefined
  }

  #finish(hello: Hello): void {
    this.#over = true
    this.#greeted = true
    this.#parts.socket.off('message', this.#onFrame)
    this.#parts.raw.off('data', this.#onData)
    this.#parts.on.greeted(hello)
  }
}
