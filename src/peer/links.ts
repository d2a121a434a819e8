import type { WebSocket } from 'ws'
import type { Message } from '../cluster/message.js'
import type { Report } from '../effect.js'
import type { NodeId } from '../log/node-id.js'
import type { Tls } from '../tls.js'
import { Addresses } from './addresses.js'
import { encode } from './codec.js'
import { Door } from './door.js'
import type { Hello } from './handshake.js'
import type { PeerOptions } from './limits.js'
import { Link, type LinkEvents, looks } from './link.js'
import { type Meeting, Meetings } from './meetings.js'
import { protocols as ours, type Protocols } from './protocol.js'
import { closeCodes } from './refusal.js'
import { Refusals } from './refusals.js'

const empty: Uint8Array = new Uint8Array()

export interface LinksParts {
  /** Filled in before anyone can connect. */
  readonly self: { readonly id: NodeId; readonly name: string; readonly address: string }
  readonly cluster: string
  /** The first is proven to others, any is accepted; none: no proof is asked for. */
  readonly secrets: readonly Uint8Array[]
  readonly tls?: Tls | undefined
  readonly options: PeerOptions
  /** Others than this build's only in tests. */
  readonly protocols?: Protocols
  readonly random: () => number
  readonly on: {
    linked(peer: NodeId): void
    unlinked(peer: NodeId): void
    /** Nothing listens any more where this peer said it was. */
    refused(peer: NodeId): void
    /** Nodes that speak no protocol of ours are where these addresses lead; none any more, if it is empty. */
    incompatible(addresses: readonly string[]): void
    message(from: NodeId, message: Message): void
    report(report: Report): void
  }
}

/**
 * All links of a node to its peers.
 *
 * 1. At most one link a peer: when both dialled at once, the one that the lower id dialled is kept, unless it is dead.
 * 2. Whoever lacks a link to a peer dials it, so who dials again has no use for the link that it had.
 * 3. The accepter decides, by sending its proof: the dialler never has a link that the accepter does not.
 */
export class Links {
  readonly #parts: LinksParts
  readonly #links = new Map<NodeId, Link>()
  /** Those that have been replaced included, until they are closed. */
  readonly #open = new Set<Link>()
  readonly #away = new Map<NodeId, number>()
  readonly #door: Door
  readonly #meetings: Meetings
  readonly #addresses: Addresses
  readonly #refusals: Refusals
  readonly #closing = new AbortController()
  readonly #events: LinkEvents
  readonly #sent = { frames: 0, bytes: 0 }
  #looking: NodeJS.Timeout | undefined
  #onEmpty = (): void => {}

  constructor(parts: LinksParts) {
    this.#parts = parts
    const { options, random, on, tls, protocols = ours } = parts
    this.#refusals = new Refusals(options.reportMs, (report) => on.report(report))
    const refused = (from: string, reason: string, code: number | string): void =>
      this.#refusals.add(from, reason, code)
    const meetings = new Meetings({
      ...parts,
      protocols,
      links: this.#links,
      awayMs: (peer) => this.#awayMs(peer),
      signal: this.#closing.signal,
      met: (hello, socket, how) => this.#adopt(hello, socket, how),
      refused,
    })
    this.#meetings = meetings
    this.#door = new Door({ options, tls, protocols }, { stranger: (stranger) => meetings.accept(stranger), refused })
    this.#addresses = new Addresses({
      options,
      random,
      linked: (peer) => this.#links.has(peer),
      awayMs: (peer) => this.#awayMs(peer),
      connect: (address) => meetings.dial(address),
      refused: (peer) => on.refused(peer),
      incompatible: (addresses) => on.incompatible(addresses),
    })
    this.#events = {
      message: ({ partner }, message) => on.message(partner.id, message),
      broken: ({ partner }, { code, reason }) => this.hangup(partner.id, code, reason),
      full: ({ partner }) => on.report({ event: 'peer too slow', detail: { peer: partner.name, id: partner.id } }),
      closed: (link, code) => this.#closed(link, code),
    }
  }

  listen(host: string, port: number): Promise<{ port: number }> {
    if (this.#parts.secrets.length === 0 && !this.#parts.tls?.peerCa)
      this.#parts.on.report({ event: 'no peer secret', detail: { host } })
    return this.#door.listen(host, port)
  }

  /** Another certificate, for new connections. */
  renew(tls: Tls | undefined): void {
    if (!tls) return
    this.#door.renew(tls)
    this.#meetings.tls = tls
  }

  /** Addresses to dial for ever, whoever is there. */
  seeds(addresses: readonly string[]): void {
    this.#addresses.seeds(addresses)
  }

  /** Keeps a link to this peer, for as long as it is not forgotten. */
  dial(peer: NodeId, address: string): void {
    if (peer !== this.#parts.self.id && address !== this.#parts.self.address) this.#addresses.learn(peer, address)
  }

  /** Dials it no more, wherever it was; a link that stands is the peer's to close. */
  forget(peer: NodeId, _address: string): void {
    this.#addresses.forget(peer)
  }

  /** To those of them that are linked. It is encoded once, while all speak the same protocol. */
  send(to: readonly NodeId[], message: Message): void {
    const links = to.flatMap((peer) => this.#links.get(peer) ?? [])
    let bytes = empty
    let spoken = 0
    for (const link of links) {
      const { protocol } = link.partner
      if (protocol !== spoken) bytes = this.#encode(message, protocol)
      spoken = protocol
      if (bytes.length > 0) this.#count(link.send(bytes))
    }
  }

  /** Nothing if it would be too large. */
  #encode(message: Message, protocol: number): Uint8Array {
    const bytes = encode(message, protocol)
    if (bytes.length <= this.#parts.options.frameBytes) return bytes
    // It would cost the link, and then the next one, for as long as it is sent again.
    const detail = { type: message.type, bytes: bytes.length }
    this.#parts.on.report({ event: 'frame too large', detail })
    return empty
  }

  /** What was sent to peers until now; one frame to two of them is two. */
  get counters(): { readonly peer_frames_sent: number; readonly peer_bytes_sent: number } {
    return { peer_frames_sent: this.#sent.frames, peer_bytes_sent: this.#sent.bytes }
  }

  /** The peer breaks the rules: closes its link, and keeps away from it for a while. */
  hangup(peer: NodeId, code: number, reason: string): void {
    const now = performance.now()
    for (const [id, until] of this.#away) if (until <= now) this.#away.delete(id)
    this.#away.set(peer, now + this.#parts.options.awayMs)
    const link = this.#links.get(peer)
    if (!link) return
    this.#refusals.add(link.partner.address, reason, code)
    link.cut(code, '')
    this.#unlink(link, code)
  }

  status() {
    return {
      links: [...this.#links.values()].map(({ partner, queued }) => ({ ...partner, queued })),
      addresses: this.#addresses.all,
      strangers: this.#door.strangers,
      refused: this.#refusals.count,
    }
  }

  /** Tells all peers, and is done when every socket is closed. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#addresses.close()
    for (const link of this.#open) link.close(closeCodes.goingAway, 'going away')
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
    if (this.#open.size === 0) this.#onEmpty()
    await Promise.all([this.#door.close(), empty])
  }

  #count(bytes: number): void {
    if (bytes > 0) this.#sent.frames++
    this.#sent.bytes += bytes
  }

  #awayMs(peer: NodeId): number {
    return Math.max(0, (this.#away.get(peer) ?? 0) - performance.now())
  }

  #adopt(hello: Hello, socket: WebSocket, how: Meeting): void {
    if (this.#closing.signal.aborted) {
      socket.terminate()
      return
    }
    const { id, name, address } = hello
    const old = this.#links.get(id)
    const link = new Link({
      socket,
      partner: { id, name, address, ...how },
      options: this.#parts.options,
      on: this.#events,
    })
    this.#open.add(link)
    this.#looking ??= setInterval(() => this.#look(), this.#parts.options.silentMs / looks)
    if (old) {
      old.close(closeCodes.doubled, '')
      this.#unlink(old, closeCodes.doubled)
    }
    this.#links.set(id, link)
    this.dial(id, address)
    this.#addresses.linked(id)
    this.#parts.on.report({ event: 'linked', detail: { peer: name, id, address, ...how } })
    this.#parts.on.linked(id)
  }

  #unlink(link: Link, code: number): void {
    const { id, name } = link.partner
    this.#links.delete(id)
    this.#parts.on.report({ event: 'unlinked', detail: { peer: name, id, code } })
    this.#parts.on.unlinked(id)
  }

  #closed(link: Link, code: number): void {
    const { id } = link.partner
    this.#open.delete(link)
    if (this.#links.get(id) === link) this.#unlink(link, code)
    if (!this.#links.has(id)) this.#addresses.unlinked(id)
    if (this.#open.size > 0) return
    clearInterval(this.#looking)
    this.#looking = undefined
    this.#onEmpty()
  }

  #look(): void {
    for (const link of this.#open) link.look()
  }
}
