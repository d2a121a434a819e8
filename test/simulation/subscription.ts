import type { Answer, Effect, From } from '../../src/effect.js'
import type { Prng } from '../../src/verify/prng.js'
import type { Host, Life } from './life.js'
import type { World } from './world.js'

interface Wanted {
  readonly host: Host
  readonly channels: readonly string[]
  /** How much of its own the stream reads at a time. */
  readonly limit: number
  from(life: Life): From
  /** Looks on when the node emits it, whether or not the client ever gets it. */
  emitted(life: Life, answer: Answer): void
  /** It began here. */
  placed(cursor: string, life: Life): void
  got(answer: Answer): void
  /** No more will come. */
  ended(why: string): void
}

const waitMs = 5000

/**
 * One stream of a client to one life of a node, with the part that the shell has in it: it reads page after page until
 * it has all, then stays; while its socket is full it takes nothing, and reads what it has missed when it has drained.
 */
export class Subscription {
  waiter?: object | undefined
  readonly #world: World
  readonly #prng: Prng
  readonly #wanted: Wanted
  #life: Life | undefined
  /** Where the stream is, as the shell knows it. */
  #cursor: string | undefined
  #full = false
  #missed = false
  #over = false
  #cut = false
  /** When the last thing that is on its way arrives: a connection keeps their order. */
  #arrivesMs = 0

  constructor(world: World, prng: Prng, wanted: Wanted) {
    this.#world = world
    // Dice of its own: what else happens in a seed stays as it was.
    this.#prng = prng
    this.#wanted = wanted
    world.schedule.after(this.#latencyMs(), () => this.#begin())
  }

  /** The client takes no more; the node learns of it a little later. */
  cut(): void {
    if (this.#cut) return
    this.#cut = true
    this.#world.schedule.after(this.#latencyMs(), () => this.#close())
  }

  emit(life: Life, effect: Effect): void {
    if (this.#over) return
    switch (effect.type) {
      case 'stays':
        if (this.#cursor === undefined) this.#place(effect.cursor, life)
        break
      case 'tell':
        if (this.#full) this.#missed = true
        else if (!this.#missed) this.#give(life, effect.answer)
        break
      case 'answer':
        if (!this.#missed) this.#give(life, effect.answer)
        this.#world.schedule.after(this.#prng.scaled(0.1, 20), () => this.#poll())
        break
      case 'refuse':
        this.#end(effect.code)
        break
    }
  }

  /** Some life has died: perhaps the one that it hung on. */
  died(life: Life): void {
    if (life === this.#life) this.#world.schedule.after(this.#latencyMs(), () => this.#end('unreachable'))
  }

  #latencyMs(): number {
    return this.#prng.between(0.05, 3)
  }

  #begin(): void {
    const { life } = this.#wanted.host
    if (!life) {
      this.#end('unreachable')
      return
    }
    this.#life = life
    this.#poll()
    this.#world.schedule.after(this.#prng.scaled(50, 3000), () => this.#beat())
  }

  #poll(): void {
    const life = this.#life
    if (!life || this.#over) return
    this.#world.when(life, () => {
      if (this.#over) return
      this.#missed = false
      const from = this.#cursor === undefined ? this.#wanted.from(life) : { cursor: this.#cursor }
      const { channels, limit } = this.#wanted
      this.#world.input(life, { type: 'poll', reader: this, database: 'd', channels, from, limit, waitMs, stays: true })
    })
  }

  #beat(): void {
    const life = this.#life
    if (!life || this.#over) return
    this.#world.when(life, () => this.#world.input(life, { type: 'beat', readers: [this] }))
    this.#world.schedule.after(this.#prng.scaled(50, 1000), () => this.#beat())
  }

  #place(cursor: string, life: Life): void {
    this.#cursor = cursor
    this.#wanted.placed(cursor, life)
  }

  #give(life: Life, answer: Answer): void {
    this.#cursor = answer.cursor
    this.#wanted.emitted(life, answer)
    this.#arrivesMs = Math.max(this.#arrivesMs, this.#world.nowMs + this.#latencyMs())
    this.#world.schedule.at(this.#arrivesMs, () => {
      if (!this.#cut) this.#wanted.got(answer)
    })
    if (this.#prng.chance(0.05)) this.#fill()
  }

  #fill(): void {
    if (this.#full) return
    this.#full = true
    this.#world.schedule.after(this.#prng.scaled(1, 500), () => {
      this.#full = false
      if (this.#missed) this.#poll()
    })
  }

  #close(): void {
    const life = this.#life
    if (this.#over) return
    this.#over = true
    if (life) this.#world.when(life, () => this.#world.input(life, { type: 'cancel', reader: this }))
  }

  #end(why: string): void {
    if (this.#over) return
    this.#over = true
    if (this.#cut) return
    // What is still on its way is lost.
    this.#cut = true
    this.#wanted.ended(why)
  }
}
