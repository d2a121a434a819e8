import { randomBytes } from 'node:crypto'
import type { WebSocket } from 'ws'
import type { NodeId } from '../log/node-id.js'
import type { Tls } from '../tls.js'
import type { Outcome } from './addresses.js'
import { dial, type Failure } from './dial.js'
import type { Stranger } from './door.js'
import { Greeting } from './greeting.js'
import { Handshake, type Hello, nonceBytes, type Role } from './handshake.js'
import type { PeerOptions } from './limits.js'
import type { Link } from './link.js'
import { agree, type Protocols } from './protocol.js'
import { closeCodes, meaningOf, Refusal } from './refusal.js'

/** Who dialled, and what is spoken. */
export interface Meeting {
  readonly dialled: boolean
  readonly protocol: number
}

interface MeetingsParts {
  readonly self: { readonly id: NodeId; readonly name: string; readonly address: string }
  readonly cluster: string
  readonly secrets: readonly Uint8Array[]
  readonly tls?: Tls | undefined
  readonly options: PeerOptions
  readonly protocols: Protocols
  /** Those that stand. */
  readonly links: ReadonlyMap<NodeId, Link>
  readonly signal: AbortSignal
  /** How long to keep away from this peer yet. */
  awayMs(peer: NodeId): number
  /** Both are proven, and agree that this is their link. */
  met(hello: Hello, socket: WebSocket, how: Meeting): void
  refused(from: string, reason: string, code: number | string): void
}

/** No fault of anyone's, and nothing to report. */
const quiet = new Set<number | string>([closeCodes.itself, closeCodes.doubled, closeCodes.goingAway, 'ECONNREFUSED'])

const doubled = new Refusal(closeCodes.doubled, 'linked already')

/** First meetings, by either side: greets, and decides which ones become links. */
export class Meetings {
  readonly #parts: MeetingsParts
  tls: Tls | undefined
  /** Peers that this side has dialled and greeted. To dial one on two of its addresses makes one link. */
  readonly #greeting = new Set<NodeId>()

  constructor(parts: MeetingsParts) {
    this.#parts = parts
    this.tls = parts.tls
  }

  /** Answers how to turn the stranger out. */
  accept({ socket, raw, from, announced, release }: Stranger): (refusal: Refusal) => void {
    const { options, protocols, met, refused } = this.#parts
    const agreed = agree(protocols, announced)
    const protocol = agreed instanceof Refusal ? protocols.max : agreed
    const greeting = new Greeting({
      socket,
      raw,
      role: 'accept',
      handshake: this.#handshake('accept', protocol),
      options,
      on: {
        met: (hello) => this.#objection(hello.id),
        admit: (hello, decide) => this.#admit(hello.id, decide),
        greeted: (hello) => {
          release()
          met(hello, socket, { dialled: false, protocol })
        },
        refused: ({ code, reason }) => {
          if (!quiet.has(code)) refused(from, reason, code)
        },
      },
    })
    if (agreed instanceof Refusal) greeting.refuse(agreed)
    return (refusal) => greeting.refuse(refusal)
  }

  async dial(address: string): Promise<Outcome> {
    let reached: Hello | undefined
    let greeting = false
    const failure = await dial({
      address,
      name: this.#parts.self.name,
      protocols: this.#parts.protocols,
      handshake: (protocol) => this.#handshake('dial', protocol),
      options: this.#parts.options,
      tls: this.tls,
      signal: this.#parts.signal,
      met: (hello) => {
        reached = hello
        const taken = this.#parts.links.has(hello.id) || this.#greeting.has(hello.id)
        const refusal = this.#objection(hello.id) ?? (taken ? doubled : undefined)
        greeting = refusal === undefined
        if (greeting) this.#greeting.add(hello.id)
        return refusal
      },
      greeted: (hello, socket, protocol) => this.#settle(hello, socket, protocol),
    })
    if (greeting && reached) this.#greeting.delete(reached.id)
    return this.#outcome(address, reached, failure)
  }

  #handshake(role: Role, protocol: number): Handshake {
    const { self, cluster, secrets } = this.#parts
    const { id, name, address } = self
    const own = { cluster, id, name, address, nonce: randomBytes(nonceBytes) }
    return new Handshake({ role, self: own, secrets, protocol })
  }

  /** Before any proof: what makes it pointless to go on. */
  #objection(peer: NodeId): Refusal | undefined {
    const { self, links, options } = this.#parts
    if (peer === self.id) return new Refusal(closeCodes.itself, 'itself')
    if (this.#parts.awayMs(peer) > 0) return new Refusal(closeCodes.tryLater, 'kept away')
    if (links.size >= options.linksMax && !links.has(peer)) return new Refusal(closeCodes.tryLater, 'too many links')
    return undefined
  }

  /**
   * The accepter's decision. Who dials has no link: so an old one that the other dialled is dead, and so may be one
   * that this side dialled, unless both dialled at once. If this side's is the one to keep, it is asked for a sign of
   * life.
   */
  #admit(peer: NodeId, decide: (refusal?: Refusal) => void): void {
    const old = this.#parts.links.get(peer)
    if (!old?.partner.dialled || peer < this.#parts.self.id) decide()
    else old.probe((alive) => decide(alive ? doubled : undefined))
  }

  /** The dialler's: the accepter has agreed, but it may have dialled, too, and this side agreed to that. */
  #settle(hello: Hello, socket: WebSocket, protocol: number): void {
    const { links, self, met } = this.#parts
    if (links.get(hello.id)?.open && hello.id < self.id) socket.close(closeCodes.doubled)
    else met(hello, socket, { dialled: true, protocol })
  }

  #outcome(address: string, reached: Hello | undefined, failure: Failure | undefined): Outcome {
    if (reached?.id === this.#parts.self.id) return { type: 'self' }
    if (reached && (!failure || failure.code === closeCodes.doubled)) {
      return { type: 'found', peer: reached.id, own: reached.address === address }
    }
    if (failure && !quiet.has(failure.code)) {
      this.#parts.refused(address, failure.reason ?? meaningOf(failure.code), failure.code)
    }
    if (failure?.code === closeCodes.wrongVersion) return { type: 'incompatible' }
    return { type: failure?.code === 'ECONNREFUSED' ? 'nobody' : 'failed' }
  }
}
