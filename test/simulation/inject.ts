import type { Fault } from './faults.js'
import { faultText } from './faults.js'
import type { Host } from './life.js'
import type { World } from './world.js'

/** Makes faults happen when their time comes, and undoes all of them when everything is to heal. */
export class Inject {
  readonly #world: World
  #undo = new Set<() => void>()
  #healed = false

  constructor(world: World, faults: readonly Fault[]) {
    this.#world = world
    for (const fault of faults)
      world.schedule.at(fault.atMs, () => {
        if (this.#healed) return
        world.trace.tell(world.nowMs, () => `fault: ${faultText(fault)}`)
        this.#begin(fault)
      })
  }

  #begin(fault: Fault): void {
    const world = this.#world
    switch (fault.kind) {
      case 'crash':
        this.#crash(this.#host(fault.host), fault)
        break
      case 'pause':
        world.pause(this.#host(fault.host), fault.forMs)
        break
      case 'cut':
        this.#cut([[fault.a, fault.b], ...(fault.oneWay ? [] : [[fault.b, fault.a] as const])], fault.forMs)
        break
      case 'partition':
        this.#cut(this.#across(fault.side), fault.forMs)
        break
      case 'reset':
        world.network.break(this.#host(fault.a), this.#host(fault.b))
        break
      case 'slow':
        this.#slow(this.#host(fault.host), fault.byMs, fault.forMs)
        break
      case 'jump':
        this.#host(fault.host).skewMs += Math.round(fault.byMs)
        break
      case 'leave':
        this.#leave(this.#host(fault.host), fault)
        break
      default:
        fault satisfies never
    }
  }

  #host(index: number): Host {
    const host = this.#world.hosts[index]
    if (!host) throw new RangeError(`no host ${index}`)
    return host
  }

  #across(side: readonly number[]): (readonly [number, number])[] {
    const rest = this.#world.hosts.map(({ index }) => index).filter((index) => !side.includes(index))
    return side.flatMap((a) => rest.flatMap((b) => [[a, b] as const, [b, a] as const]))
  }

  /** Undone after a while, or when everything heals, whichever is first. */
  #for(forMs: number, undo: () => void): void {
    const once = (): void => {
      if (this.#undo.delete(once)) undo()
    }
    this.#undo.add(once)
    this.#world.schedule.after(forMs, once)
  }

  #crash(host: Host, fault: Fault & { readonly kind: 'crash' }): void {
    const world = this.#world
    if (!host.life) return
    if (fault.effects > 0) host.life.effectsLeft = fault.effects
    else world.crash(host, fault)
    this.#for(fault.forMs, () => world.start(host))
  }

  #cut(ways: readonly (readonly [number, number])[], forMs: number): void {
    const { network } = this.#world
    const pairs = ways.map(([from, to]) => [this.#host(from), this.#host(to)] as const)
    for (const [from, to] of pairs) network.cut(from, to, 1)
    this.#for(forMs, () => {
      for (const [from, to] of pairs) network.cut(from, to, -1)
    })
  }

  #slow(host: Host, byMs: number, forMs: number): void {
    host.slowMs += byMs
    host.slowestMs = Math.max(host.slowestMs, host.slowMs)
    this.#for(forMs, () => {
      host.slowMs -= byMs
    })
  }

  #leave(host: Host, fault: Fault & { readonly kind: 'leave' }): void {
    const world = this.#world
    const { life } = host
    if (!life) return
    world.when(life, () => world.input(life, { type: 'drain' }))
    world.schedule.after(fault.drainMs, () =>
      world.when(life, () => {
        life.leaving = true
        world.input(life, { type: 'leave' })
        if (life.alive) world.crash(host, { silent: false, lost: false })
        this.#for(fault.forMs, () => world.start(host))
      }),
    )
  }

  /** Puts everything right, but for as many hosts as are to stay down among those that are. */
  heal(abandon: number): void {
    const world = this.#world
    this.#healed = true
    const down = world.hosts.filter(({ life }) => !life)
    for (const host of down.slice(0, Math.min(abandon, world.hosts.length - 1))) host.abandoned = true
    for (const undo of [...this.#undo]) undo()
    for (const host of world.hosts) {
      if (host.life) host.life.effectsLeft = Number.POSITIVE_INFINITY
      world.resume(host)
      world.start(host)
    }
    world.network.heal()
    world.trace.tell(world.nowMs, () => 'everything heals')
  }
}
