import type { Input } from '../../src/effect.js'
import type { Prng } from '../../src/verify/prng.js'
import type { Host, Life } from './life.js'
import { Link } from './link.js'
import type { Conditions } from './scenario.js'
import type { Schedule } from './schedule.js'

interface Parts {
  readonly schedule: Schedule
  readonly hosts: readonly Host[]
  readonly conditions: Conditions
  readonly prng: Prng
  input(life: Life, input: Input): void
  /** Does it now, or when the life wakes from its pause; never if it is dead. */
  when(life: Life, run: () => void): void
}

/** The wires between hosts: how long they take, which are cut, and the connections over them. */
export class Network {
  readonly schedule: Schedule
  readonly input: Parts['input']
  readonly when: Parts['when']
  readonly #hosts: readonly Host[]
  readonly #conditions: Conditions
  readonly #prng: Prng
  /** By ordered pair of hosts: how many cuts lie between them. */
  readonly #cuts: number[]
  #links: Link[] = []
  #healed = false

  constructor({ schedule, hosts, conditions, prng, input, when }: Parts) {
    this.schedule = schedule
    this.input = input
    this.when = when
    this.#hosts = hosts
    this.#conditions = conditions
    this.#prng = prng
    this.#cuts = hosts.flatMap(() => hosts.map(() => 0))
  }

  blocked(from: Host, to: Host): boolean {
    return (this.#cuts[from.index * this.#hosts.length + to.index] ?? 0) > 0
  }

  isCut({ ends: [a, b] }: Link): boolean {
    const away = (life: Life): boolean => !life.alive
    const { host: one } = a.life
    const { host: two } = b.life
    return this.blocked(one, two) || this.blocked(two, one) || away(a.life) || away(b.life)
  }

  delayMs(from: Host, to: Host): number {
    const { baseMs, jitterMs } = this.#conditions
    return baseMs + this.#prng.wait(jitterMs) + from.slowMs + to.slowMs
  }

  pingTimeoutMs(): number {
    return this.#conditions.pingTimeoutMs * this.#prng.between(0.7, 1.3)
  }

  retryMs(): number {
    return this.#prng.scaled(1, 300)
  }

  /** What becomes of one message. */
  fate(): { copies: number; delayMs: number } {
    const { drop, duplicate, reorder, jitterMs, baseMs } = this.#conditions
    if (this.#healed || drop + duplicate + reorder === 0) return { copies: 1, delayMs: 0 }
    const copies = this.#prng.chance(drop) ? 0 : this.#prng.chance(duplicate) ? 2 : 1
    return { copies, delayMs: this.#prng.chance(reorder) ? this.#prng.wait(4 * (jitterMs + baseMs)) : 0 }
  }

  /** From now on every message arrives, once and in order. */
  heal(): void {
    this.#healed = true
  }

  cut(from: Host, to: Host, by: 1 | -1): void {
    const index = from.index * this.#hosts.length + to.index
    const count = (this.#cuts[index] ?? 0) + by
    this.#cuts[index] = count
    if (by > 0 ? count !== 1 : count !== 0) return
    for (const link of this.#between(from, to)) {
      if (by > 0) link.interrupted()
      else link.resumed()
    }
  }

  break(a: Host, b: Host): void {
    for (const link of this.#between(a, b)) link.break()
  }

  #between(a: Host, b: Host): Link[] {
    return this.#links.filter(({ ends: [one, two] }) => {
      const { host } = one.life
      return (host === a && two.life.host === b) || (host === b && two.life.host === a)
    })
  }

  /** A connection from a handshake that has come through; nothing if the two have one that both ends use. */
  connect(dialer: Life, acceptor: Life): void {
    const known = this.#between(dialer.host, acceptor.host).some(
      (link) => link.sound && link.joins(dialer) && link.joins(acceptor),
    )
    if (known) return
    this.#links = this.#links.filter((link) => !link.over)
    const link = new Link(this, dialer, acceptor)
    this.#links.push(link)
    link.open()
  }
}
