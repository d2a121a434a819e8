import type { Answer, From } from '../../src/effect.js'
import type { NodeId } from '../../src/log/node-id.js'
import type { Prng } from '../../src/verify/prng.js'
import { Chain } from './chain.js'
import type { Host, Life } from './life.js'
import type { Run } from './run.js'
import { Subscription } from './subscription.js'
import type { Vector } from './truth.js'

/**
 * One client with a stream: it stays with a node for a while, cuts the stream at any message, or loses it, and goes on
 * at another node with the cursor of the last message that it has processed. Its chain checks all it is given.
 */
export class Follower {
  readonly chain: Chain
  readonly start: 'now' | 'earliest'
  readonly #run: Run
  readonly #prng: Prng
  readonly #channels: readonly string[]
  readonly #limit: number
  readonly #given = new WeakMap<Answer, { readonly by: NodeId; readonly atMs: number }>()
  #home: Host
  #draining = false
  #subscription: Subscription | undefined

  constructor(
    run: Run,
    readonly index: number,
  ) {
    const prng = run.prng.fork(`follower:${index}`)
    this.#run = run
    this.#prng = prng
    // Few sets of channels, so that several stand alike.
    this.#channels = prng.chance(0.5) ? run.channels : run.channels.slice(0, prng.whole(1, run.channels.length))
    this.#limit = prng.pick([1, 3, 1000])
    this.#home = prng.pick(run.world.hosts)
    this.start = prng.pick(['now', 'earliest'])
    this.chain = new Chain(run.room, `follower ${index} (${this.start})`, this.#channels)
    run.world.schedule.after(prng.between(0, 3000), () => this.#connect())
  }

  /** From now on it only wants to get to the end. */
  drain(): void {
    this.#draining = true
  }

  hasReached(vector: Vector): boolean {
    return this.chain.reaches(vector)
  }

  died(life: Life): void {
    this.#subscription?.died(life)
  }

  #connect(): void {
    const { world } = this.#run
    if (this.#prng.chance(0.7)) this.#home = this.#prng.pick(world.hosts)
    const subscription = new Subscription(world, this.#prng, {
      host: this.#home,
      channels: this.#channels,
      limit: this.#limit,
      from: () => this.#from(),
      emitted: (life, answer) => {
        this.#given.set(answer, { by: life.id, atMs: world.nowMs })
        this.#run.vouch(life, answer)
      },
      placed: (cursor) => this.#placed(cursor),
      got: (answer) => this.#got(answer),
      ended: () => this.#again(),
    })
    this.#subscription = subscription
    if (this.#draining) return
    world.schedule.after(this.#prng.scaled(20, 10_000), () => {
      if (this.#subscription === subscription) this.#cut()
    })
  }

  #from(): From {
    return this.chain.cursor === undefined ? this.start : { cursor: this.chain.cursor }
  }

  /** It is told where it begins before anything else: from there on it can miss nothing. */
  #placed(cursor: string): void {
    if (this.chain.cursor !== undefined || this.start !== 'now') return
    this.chain.base(cursor, this.#run.world.nowMs)
    this.chain.cursor = cursor
  }

  #got(answer: Answer): void {
    const given = this.#given.get(answer)
    if (!given) return
    const { messages } = answer
    // Cut off in the middle of an answer.
    const some = !this.#draining && messages.length > 0 && this.#prng.chance(0.05)
    const taken = some ? this.#prng.whole(1, messages.length) : messages.length
    const cursor = (some ? messages[taken - 1]?.id : undefined) ?? answer.cursor
    this.chain.accept(answer, { taken, cursor, ...given })
    if (some) this.#cut()
  }

  #cut(): void {
    this.#subscription?.cut()
    this.#again()
  }

  #again(): void {
    this.#subscription = undefined
    this.#run.world.schedule.after(this.#prng.scaled(1, 500), () => this.#connect())
  }
}
