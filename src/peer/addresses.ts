import type { NodeId } from '../log/node-id.js'
import { parseAddress } from '../options.js'
import type { PeerOptions } from './limits.js'

/** How an attempt to reach an address went. */
export type Outcome =
  /** This peer is there: linked now, or it was already. */
  | { readonly type: 'found'; readonly peer: NodeId; readonly own: boolean }
  | { readonly type: 'self' }
  /** Nothing listens there. */
  | { readonly type: 'nobody' }
  /** A node, and no protocol that both speak. */
  | { readonly type: 'incompatible' }
  | { readonly type: 'failed' }

interface Target {
  readonly address: string
  readonly seed: boolean
  /** Who was last found there, or is said to be. */
  peer: NodeId | undefined
  /** It is the address that the peer gives as its own, and not another that leads there, too. */
  own: boolean
  /** Attempts since there was a link. */
  attempts: number
  dialling: boolean
  /** As far as the last attempt told. */
  incompatible: boolean
  timer: NodeJS.Timeout | undefined
}

interface Parts {
  readonly options: PeerOptions
  readonly random: () => number
  linked(peer: NodeId): boolean
  /** How long to keep away from it yet. */
  awayMs(peer: NodeId): number
  connect(address: string): Promise<Outcome>
  refused(peer: NodeId): void
  /** At these addresses are nodes that no protocol is common with; said when that changes. */
  incompatible(addresses: readonly string[]): void
}

/**
 * The addresses to keep a link to, and when to dial each: at once when it is new, twice in quick succession after a
 * link is lost, then ever more rarely, but for ever. While its peer is linked, over whatever address and whoever
 * dialled, an address rests.
 */
export class Addresses {
  readonly #parts: Parts
  readonly #targets = new Map<string, Target>()
  #closed = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get all(): readonly { readonly address: string; readonly peer: NodeId | undefined; readonly attempts: number }[] {
    return [...this.#targets.values()].map(({ address, peer, attempts }) => ({ address, peer, attempts }))
  }

  seeds(addresses: readonly string[]): void {
    for (const address of addresses) this.#add(address, true)
  }

  /** This is where the peer says it is. Ids sort by age: of two that claim one address the younger is there. */
  learn(peer: NodeId, address: string): void {
    const target = this.#targets.get(address) ?? this.#add(address, false)
    if (!target || (target.peer !== undefined && target.peer > peer)) return
    this.#assign(target, peer, true)
    if (!target.dialling && !target.timer) this.#plan(target, 0)
  }

  /** The peer is no more. A seed's address is worth an attempt even so: someone may come back there. */
  forget(peer: NodeId): void {
    for (const target of this.#targets.values()) {
      if (target.peer !== peer) continue
      if (target.seed) target.peer = undefined
      else this.#remove(target)
    }
  }

  linked(peer: NodeId): void {
    for (const target of this.#of(peer)) {
      target.attempts = 0
      this.#rest(target)
    }
  }

  unlinked(peer: NodeId): void {
    for (const target of this.#of(peer)) {
      if (!target.dialling) this.#retry(target)
    }
  }

  close(): void {
    this.#closed = true
    for (const target of this.#targets.values()) this.#rest(target)
    this.#targets.clear()
  }

  #of(peer: NodeId): Target[] {
    return [...this.#targets.values()].filter((target) => target.peer === peer)
  }

  #add(address: string, seed: boolean): Target | undefined {
    const full = this.#targets.size >= this.#parts.options.addressesMax
    if (this.#closed || full || this.#targets.has(address) || !canDial(address)) return undefined
    const fresh = { own: false, attempts: 0, dialling: false, incompatible: false, timer: undefined }
    const target: Target = { address, seed, peer: undefined, ...fresh }
    this.#targets.set(address, target)
    this.#plan(target, 0)
    return target
  }

  #remove(target: Target): void {
    this.#rest(target)
    this.#judge(target, false)
    this.#targets.delete(target.address)
  }

  #judge(target: Target, incompatible: boolean): void {
    if (target.incompatible === incompatible) return
    target.incompatible = incompatible
    const all = [...this.#targets.values()].filter((each) => each.incompatible)
    this.#parts.incompatible(all.map(({ address }) => address))
  }

  #rest(target: Target): void {
    clearTimeout(target.timer)
    target.timer = undefined
  }

  #assign(target: Target, peer: NodeId, own: boolean): void {
    if (target.peer !== peer) target.attempts = 0
    target.peer = peer
    target.own = own
  }

  #plan(target: Target, ms: number): void {
    this.#rest(target)
    target.timer = setTimeout(() => {
      target.timer = undefined
      void this.#dial(target)
    }, ms)
  }

  #retry(target: Target): void {
    this.#plan(target, delayMs(target.attempts, this.#parts.options, this.#parts.random()))
  }

  async #dial(target: Target): Promise<void> {
    const { peer } = target
    if (peer !== undefined && this.#parts.linked(peer)) return
    const awayMs = peer === undefined ? 0 : this.#parts.awayMs(peer)
    if (awayMs > 0) {
      this.#plan(target, awayMs)
      return
    }
    target.dialling = true
    target.attempts++
    const outcome = await this.#parts.connect(target.address)
    target.dialling = false
    if (this.#targets.get(target.address) === target) this.#settle(target, outcome)
  }

  #settle(target: Target, outcome: Outcome): void {
    this.#judge(target, outcome.type === 'incompatible')
    if (outcome.type === 'self') {
      this.#remove(target)
      return
    }
    if (outcome.type === 'found') this.#assign(target, outcome.peer, outcome.own)
    const { peer } = target
    if (peer !== undefined && this.#parts.linked(peer)) {
      target.attempts = 0
      return
    }
    this.#retry(target)
    if (outcome.type === 'nobody' && peer !== undefined && target.own) this.#parts.refused(peer)
  }
}

/** Others may say anything of where they are. */
const canDial = (address: string): boolean => parseAddress(address) !== undefined && URL.canParse(`ws://${address}/`)

/** Before the attempt after `attempts` since the last link. Chance keeps nodes from dialling in step. */
export const delayMs = (attempts: number, options: PeerOptions, chance: number): number => {
  if (attempts === 0) return options.redialMs * chance
  if (attempts === 1) return options.redialAgainMs * (0.75 + chance / 2)
  const full = Math.min(options.dialMaxMs, options.dialMinMs * 2 ** Math.min(attempts - 2, 30))
  return full * (0.5 + chance / 2)
}
