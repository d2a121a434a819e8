import type { Effect, Input } from '../../src/effect.js'
import type { Host, Life, Pending } from './life.js'
import { Violation } from './violation.js'
import type { World } from './world.js'

export type Settled = Effect & { readonly type: 'answer' | 'refuse' | 'published' }

/** What a client learns: the effect that settled it; nothing was even taken; or it never hears of it. */
export type Result = Settled | 'unreachable' | 'unknown'

/** A node may be this late with an answer, besides the slowness of its host: timers, coarse deadlines. */
const lateMs = 200

interface Ask {
  readonly host: Host
  input(request: Request, life: Life): Input
  /** Looks on when the node emits the answer, whether or not the client ever gets it. */
  emitted?(life: Life, settled: Settled): void
  got(result: Result): void
  /** How long the client waits at most. */
  readonly patienceMs: number
  /** When the node must have answered. */
  readonly deadlineMs: number
  readonly lost: number
}

/** One request of a client to one life of a node, over a connection of its own. */
export class Request implements Pending {
  /** The engine keeps its own things here. */
  waiter?: object | undefined
  readonly #world: World
  readonly #ask: Ask
  #life: Life | undefined
  #takenMs = 0
  #emitted = false
  #over = false

  constructor(world: World, ask: Ask) {
    this.#world = world
    this.#ask = ask
    world.schedule.after(this.#latencyMs(), () => this.#arrive())
    world.schedule.after(ask.patienceMs, () => this.#giveUp())
  }

  #latencyMs(): number {
    return this.#world.prng.between(0.05, 3)
  }

  #arrive(): void {
    const { life } = this.#ask.host
    if (!life) {
      this.#end('unreachable')
      return
    }
    this.#life = life
    life.pending.add(this)
    this.#world.when(life, () => {
      this.#takenMs = this.#world.nowMs
      this.#world.input(life, this.#ask.input(this, life))
    })
  }

  /** The client waits no more; the node does not know that yet. */
  get over(): boolean {
    return this.#over
  }

  #giveUp(): void {
    if (this.#over) return
    this.#end('unknown')
    const life = this.#life
    if (life && !this.#emitted) this.#world.when(life, () => this.#world.input(life, { type: 'cancel', reader: this }))
  }

  /** The node's answer leaves the node. */
  emit(life: Life, settled: Settled): void {
    if (this.#emitted) throw new Violation('C7', `answered twice by ${life.host.name}`)
    this.#emitted = true
    life.pending.delete(this)
    this.#judgeTime(life)
    this.#ask.emitted?.(life, settled)
    if (this.#world.prng.chance(this.#ask.lost)) return
    this.#world.schedule.after(this.#latencyMs(), () => this.#end(settled))
  }

  #judgeTime(life: Life): void {
    const { nowMs } = this.#world
    const since = Math.max(this.#takenMs, life.resumedMs)
    if (this.#takenMs > 0 && nowMs > since + this.#ask.deadlineMs + lateMs + life.host.slowestMs)
      throw new Violation('C7', `answered after ${(nowMs - since).toFixed(0)} of ${this.#ask.deadlineMs} ms`)
  }

  /** The node has died. */
  failed(): void {
    this.#end('unknown')
  }

  #end(result: Result): void {
    if (this.#over) return
    this.#over = true
    this.#ask.got(result)
  }
}
