import { byHttp, bySocket, type Outcome } from './attempt.js'
import type { Prng } from './prng.js'
import { sleep, sumOf, type Target, type World } from './world.js'

interface Parts {
  readonly name: string
  readonly world: World
  readonly channels: readonly string[]
  readonly dice: Prng
  /** Between two messages, on average. */
  readonly everyMs: number
  readonly onMessage: () => void
}

/** How much a publisher wants of a message. */
interface Wish {
  /** Until it is acknowledged; else one try, whatever comes of it. */
  readonly again: boolean
  readonly minCopies: number
  /** Once more after it was acknowledged: it must be known then. */
  readonly repeat: boolean
}

/** More copies than any cluster can have: nobody may take it. */
const tooManyCopies = 256
const giveUpMs = 30_000
const retryMs = { least: 10, most: 120 }

/** Spaces, large numbers, escapes and doubled members: whatever is not passed on byte for byte shows. */
const textOf = (name: string, dice: Prng): string => {
  const space = ' '.repeat(dice.below(3))
  const odd = dice.pick(['12345678901234567890', '1e2', '"\\u00e9é"', '{"a":1,"a":2}', '[ ]'])
  return `{${space}"n":${JSON.stringify(name)},${space}"odd":${odd},"pad":"${'x'.repeat(dice.below(200))}"}`
}

/** Publishes one message after the other to whichever node chance names, and records each try. */
export class Publisher {
  readonly #parts: Parts
  #count = 0
  #tries = 0
  #stopped = false
  #halted = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async run(): Promise<void> {
    const { name, channels, dice, everyMs, onMessage } = this.#parts
    let dueMs = performance.now() + dice.between(0, everyMs)
    while (!this.#stopped) {
      // After a stall it does not make up for all that it could not do.
      dueMs = Math.max(dueMs + dice.wait(everyMs), performance.now() - 1000)
      await sleep(Math.max(0, dueMs - performance.now()))
      await this.publish(`${name}-${++this.#count}`, dice.pick(channels), this.#wish())
      onMessage()
    }
  }

  stop(): void {
    this.#stopped = true
  }

  /** Gives up what is under way, too. */
  halt(): void {
    this.#stopped = true
    this.#halted = true
  }

  /** False if it was not acknowledged. */
  async publish(message: string, channel: string, wish: Wish): Promise<boolean> {
    const text = textOf(message, this.#parts.dice)
    this.#parts.world.texts.set(message, text)
    const end = performance.now() + giveUpMs
    this.#tries = 0
    for (;;) {
      const { outcome, isUnfit } = await this.#try(message, channel, text, wish)
      if (outcome === 'acknowledged') break
      if (!wish.again || isUnfit || this.#halted || performance.now() > end) return false
      await sleep(this.#parts.dice.between(retryMs.least, retryMs.most))
    }
    if (wish.repeat) await this.#try(message, channel, text, wish)
    return true
  }

  #wish(): Wish {
    const { dice, world } = this.#parts
    const chance = dice.next()
    if (chance < 0.02) return { again: false, minCopies: tooManyCopies, repeat: false }
    if (chance < 0.12) return { again: false, minCopies: world.targets.length, repeat: false }
    if (chance < 0.25) return { again: false, minCopies: 1, repeat: false }
    return { again: true, minCopies: 1, repeat: chance < 0.32 }
  }

  async #try(message: string, channel: string, text: string, { minCopies }: Wish): Promise<Outcome> {
    const { name, world, dice } = this.#parts
    const node: Target = dice.pick(world.targets)
    const by = dice.chance(0.2) ? 'ws' : 'http'
    const place = this.#tries++
    // A name could be published again in another run on the same nodes.
    const key = `${channel}/${message}`
    const least = minCopies > 1 ? { minCopies } : {}
    const sent = { message, try: place, publisher: name, node: node.name, by, channel, key, sum: sumOf(text) } as const
    world.recorder.add({ type: 'publish', ...sent, ...least })
    const terms = minCopies > 1 ? `,"min_copies":${minCopies}` : ''
    const body = `{"channel":${JSON.stringify(channel)},"key":${JSON.stringify(key)},"message":${text}${terms}}`
    const outcome = await (by === 'ws' ? bySocket : byHttp)(world, node, body)
    const { isUnfit: _, ...told } = outcome
    world.recorder.add({ type: 'told', message, try: place, ...told })
    return outcome
  }
}
