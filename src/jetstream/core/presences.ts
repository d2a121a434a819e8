import type { MemberStatus } from '../../effect.js'
import type { CoreOptions } from '../../limits.js'
import type { LogRequest, Presence } from './port.js'

/** How often a node says that it is there, in heartbeats. */
const beatsEach = 4
/** Others that are remembered. */
const othersMax = 4096

interface Other {
  presence: Presence
  heardMs: number
}

interface Parts {
  readonly options: CoreOptions
  own(): Presence
  ask(request: LogRequest): void
}

/** Who else runs on the log: told for people, and for clients that spread over nodes. Nothing of the order depends on it. */
export class Presences {
  readonly #parts: Parts
  readonly #others = new Map<string, Other>()
  #tellMs = Number.NEGATIVE_INFINITY

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get nextMs(): number {
    return this.#tellMs + beatsEach * this.#parts.options.heartbeatMs
  }

  tell(nowMs: number): void {
    this.#tellMs = nowMs
    this.#parts.ask({ is: 'tell', presence: this.#parts.own() })
  }

  tick(nowMs: number): void {
    if (nowMs < this.nextMs) return
    this.tell(nowMs)
    const { retentionMs } = this.#parts.options
    for (const [id, { heardMs }] of this.#others) if (nowMs - heardMs > retentionMs) this.#others.delete(id)
  }

  heard(presence: Presence, nowMs: number): void {
    if (presence.id === this.#parts.own().id) return
    // A new life of a name takes the place of the old one.
    for (const [id, other] of this.#others)
      if (other.presence.name === presence.name && id < presence.id) this.#others.delete(id)
    if (this.#others.size < othersMax || this.#others.has(presence.id))
      this.#others.set(presence.id, { presence, heardMs: nowMs })
  }

  statuses(nowMs: number): MemberStatus[] {
    const rest = { address: '', lag: 0, unheard: [] }
    const { leaving: _, ...own } = this.#parts.own()
    const mine: MemberStatus = { ...own, ...rest, self: true, state: 'alive', inView: true, heardMs: 0 }
    const others = [...this.#others.values()].map(({ presence, heardMs }): MemberStatus => {
      const { leaving, ...told } = presence
      const isAlive = !leaving && nowMs - heardMs < this.#parts.options.suspectMs
      const state = leaving ? 'down' : isAlive ? 'alive' : 'suspect'
      return { ...told, ...rest, self: false, state, inView: isAlive, heardMs: Math.round(nowMs - heardMs) }
    })
    return [mine, ...others].sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}
