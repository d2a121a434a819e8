import type { NodeId } from '../../src/log/node-id.js'
import type { Host, Life } from './life.js'
import type { Network } from './network.js'

interface Target {
  readonly host: Host
  /** Who is expected there; nobody in particular at an address to join. */
  readonly peers: Set<NodeId>
  readonly seed: boolean
  tries: number
  busy: boolean
  notBeforeMs: number
}

const firstRetryMs = 30
const lastRetryMs = 800
const handshakeTimeoutMs = 1000
const keepAwayMs = 4000

/** Sees to it that one life has a connection to every address that it was told of, as `Links` of a real node does. */
export class Dialer {
  readonly #targets = new Map<Host, Target>()

  constructor(
    readonly life: Life,
    readonly network: Network,
    readonly random: () => number,
    seeds: readonly Host[],
  ) {
    for (const host of seeds) this.#attempt(this.#target(host, true))
  }

  #target(host: Host, seed: boolean): Target {
    const known = this.#targets.get(host)
    if (known) return known
    const target = { host, peers: new Set<NodeId>(), seed, tries: 0, busy: false, notBeforeMs: 0 }
    this.#targets.set(host, target)
    return target
  }

  dial(host: Host, peer: NodeId): void {
    const target = this.#target(host, false)
    target.peers.add(peer)
    this.#attempt(target)
  }

  forget(host: Host, peer: NodeId): void {
    const target = this.#targets.get(host)
    if (!target) return
    target.peers.delete(peer)
    if (target.peers.size === 0 && !target.seed) this.#targets.delete(host)
  }

  hangup(peer: NodeId): void {
    const link = this.life.links.get(peer)
    if (!link) return
    const { host } = link.ends[link.sideOf(this.life) === 0 ? 1 : 0].life
    const target = this.#targets.get(host)
    if (target) target.notBeforeMs = this.network.schedule.nowMs + keepAwayMs
    link.close(this.life, true)
  }

  closed({ host }: Life): void {
    const target = this.#targets.get(host)
    if (!target) return
    target.tries = 0
    this.#later(target)
  }

  #later(target: Target): void {
    if (target.busy) return
    target.busy = true
    const { schedule } = this.network
    const backoffMs = Math.min(lastRetryMs, firstRetryMs * 2 ** target.tries++) * (0.5 + this.random())
    schedule.at(Math.max(schedule.nowMs + backoffMs, target.notBeforeMs), () =>
      this.network.when(this.life, () => {
        target.busy = false
        this.#attempt(target)
      }),
    )
  }

  #linked({ host }: Target): boolean {
    for (const link of this.life.links.values())
      if (link.ends[0].life.host === host || link.ends[1].life.host === host) return true
    return false
  }

  #attempt(target: Target): void {
    const { life, network } = this
    if (target.busy || this.#linked(target) || this.#targets.get(target.host) !== target) return
    target.busy = true
    const ways = network.delayMs(life.host, target.host)
    const cut = network.blocked(life.host, target.host) || network.blocked(target.host, life.host)
    const lateMs = cut ? handshakeTimeoutMs : ways * 2
    network.schedule.after(lateMs, () =>
      network.when(life, () => {
        target.busy = false
        if (!cut) this.#arrive(target)
        if (!this.#linked(target)) this.#later(target)
      }),
    )
  }

  #arrive(target: Target): void {
    const { life, network } = this
    const there = target.host.life
    if (there === undefined) {
      for (const peer of [...target.peers]) network.input(life, { type: 'refused', peer })
    } else if (network.schedule.nowMs >= target.host.pausedUntilMs && !life.leaving && !there.leaving)
      network.connect(life, there)
  }
}
