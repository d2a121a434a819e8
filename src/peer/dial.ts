import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { peerDial, type Tls } from '../tls.js'
import { Greeting } from './greeting.js'
import type { Handshake, Hello } from './handshake.js'
import type { PeerOptions } from './limits.js'
import { agree, announce, type Protocols, protocolHeader } from './protocol.js'
import { closeCodes, Refusal } from './refusal.js'
import { socketOptions } from './socket-options.js'

interface DialParts {
  readonly address: string
  /** Of this node: what stands between the two can tell in its own log who dials. */
  readonly name: string
  readonly protocols: Protocols
  handshake(protocol: number): Handshake
  readonly options: PeerOptions
  readonly tls: Tls | undefined
  /** Gives up at once when this node closes. */
  readonly signal: AbortSignal
  met(hello: Hello): Refusal | undefined
  greeted(hello: Hello, socket: WebSocket, protocol: number): void
}

/** Why there is no link: the code of a WebSocket's close, or of an error of the system. */
export interface Failure {
  readonly code: number | string
  /** In words, if this side found it out. */
  readonly reason?: string
}

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : error.message)

const tooSlow = new Refusal(closeCodes.tooSlow, 'too slow')

/** A name may be any text, a header may not. */
export const userAgentOf = (name: string): string => `carillon (${encodeURIComponent(name)})`

/** One attempt at an address: connect, greet whoever is there, and say once how it went. */
class Dial {
  readonly #parts: DialParts
  readonly #socket: WebSocket
  #raw: Socket | undefined
  #announced: unknown
  #greeting: Greeting | undefined
  #failure: Failure | undefined

  constructor(parts: DialParts) {
    this.#parts = parts
    const { address, name, tls, protocols } = parts
    this.#socket = new WebSocket(`${tls ? 'wss' : 'ws'}://${address}/`, {
      ...(tls ? peerDial(tls) : {}),
      ...socketOptions(parts.options),
      headers: { 'User-Agent': userAgentOf(name), [protocolHeader]: announce(protocols) },
      // Masks guard old proxies against what pages in browsers make them send; peers save the work by a mask of zeros.
      generateMask: (mask) => mask.fill(0),
    })
  }

  run(): Promise<Failure | undefined> {
    const { options, signal } = this.#parts
    const socket = this.#socket
    return new Promise((resolve) => {
      const abort = (): void => socket.terminate()
      const timer = setTimeout(() => this.#expire(), options.preauthMs)
      const settle = (failure?: Failure): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        resolve(failure)
      }
      signal.addEventListener('abort', abort)
      socket.on('upgrade', ({ socket: raw, headers }) => {
        this.#raw = raw.setNoDelay(true)
        this.#announced = headers[protocolHeader.toLowerCase()]
      })
      socket.on('open', () => this.#greet(settle))
      socket.on('error', (error) => this.#fail({ code: codeOf(error) }))
      socket.on('close', (code) => settle(this.#failure ?? { code }))
    })
  }

  /** The first cause counts: what follows is its consequence. */
  #fail(failure: Failure): void {
    this.#failure ??= failure
  }

  #expire(): void {
    this.#fail(tooSlow)
    if (this.#greeting) this.#greeting.refuse(tooSlow)
    else this.#socket.terminate()
  }

  #greet(done: () => void): void {
    const { protocols, handshake, options, met, greeted } = this.#parts
    if (!this.#raw) return
    const protocol = agree(protocols, this.#announced)
    if (protocol instanceof Refusal) {
      this.#fail(protocol)
      this.#socket.close(protocol.code)
      return
    }
    this.#greeting = new Greeting({
      socket: this.#socket,
      raw: this.#raw,
      role: 'dial',
      handshake: handshake(protocol),
      options,
      on: {
        met,
        admit: (_hello, decide) => decide(undefined),
        greeted: (hello) => {
          greeted(hello, this.#socket, protocol)
          done()
        },
        refused: (refusal) => this.#fail(refusal),
      },
    })
  }
}

/** Undefined when there is a link. */
export const dial = (parts: DialParts): Promise<Failure | undefined> => new Dial(parts).run()
