import { pause } from '../client/ports.js'
import type { Prng } from './prng.js'
import { Publisher } from './publisher.js'
import { Subscriber } from './subscriber.js'
import { lastOf, type World } from './world.js'

interface Parts {
  readonly world: World
  /** Of the channels. */
  readonly names: readonly string[]
  readonly dice: Prng
  readonly rate: number
  readonly subscribers: number
  readonly publishers: number
  readonly messages?: number
}

const readMs = 30_000

/** All who publish and subscribe. */
export class Load {
  published = 0
  delivered = 0
  readonly #parts: Parts
  readonly #subscribers: Subscriber[] = []
  readonly #publishers: Publisher[]
  readonly #enough = new AbortController()
  #reading: Promise<unknown>[] = []
  #writing: Promise<unknown> = Promise.resolve()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#publishers = Array.from({ length: parts.publishers }, (_, i) => this.#publisher(`p${i + 1}`))
  }

  /** As many have been published as were asked for. */
  get enough(): AbortSignal {
    return this.#enough.signal
  }

  /** Resolves when everyone has a place to read from, and the publishers have begun. */
  async begin(signal: AbortSignal): Promise<void> {
    const { subscribers, names, dice } = this.#parts
    for (let i = 0; i < subscribers; i++) {
      const own = dice.fork(`subscriber ${i}`)
      // The first has them all; between them they have all mixtures.
      const channels = i === 0 ? names : own.some(names, 1, names.length)
      this.#read(`s${i + 1}`, channels, own)
    }
    const based = Promise.all(this.#subscribers.map((subscriber) => subscriber.based))
    await Promise.race([based, new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))])
    this.#writing = Promise.all(this.#publishers.map((publisher) => publisher.run()))
  }

  /** No more is published; done when the fate of all is known, or given up. */
  async stop(): Promise<void> {
    for (const publisher of this.#publishers) publisher.stop()
    await this.#writing
  }

  /** Publishes a last message to each channel, and waits until everyone has theirs; also those who now read all from the beginning. */
  async end(signal: AbortSignal): Promise<string | undefined> {
    const { world, names, dice } = this.#parts
    for (const node of world.targets) this.#read(`all at ${node.name}`, names, dice.fork(`all at ${node.name}`), node)
    const last = this.#publisher('last')
    const wish = { again: true, minCopies: 1, repeat: false }
    for (const name of names) {
      if (signal.aborted) return undefined
      if (!(await last.publish(lastOf(name), name, wish))) return `nobody took the last message of ${name}`
    }
    const over = new AbortController()
    const late = pause(world.ports, readMs, AbortSignal.any([signal, over.signal]))
    await Promise.race([Promise.all(this.#reading), late])
    over.abort()
    this.halt()
    await Promise.all(this.#reading)
    return undefined
  }

  /** Nobody reads or publishes any more. */
  halt(): void {
    for (const publisher of this.#publishers) publisher.halt()
    for (const subscriber of this.#subscribers) subscriber.stop()
  }

  #publisher(name: string): Publisher {
    const { world, names, dice, rate, publishers } = this.#parts
    const everyMs = (1000 * publishers) / rate
    const onMessage = (): void => {
      this.published++
      if (this.published === this.#parts.messages) this.#enough.abort()
    }
    return new Publisher({ name, world, channels: names, dice: dice.fork(`publisher ${name}`), everyMs, onMessage })
  }

  #read(name: string, channels: readonly string[], dice: Prng, home?: World['targets'][number]): void {
    const { world } = this.#parts
    const onMessage = (): void => {
      this.delivered++
    }
    const from = home ? 'earliest' : 'now'
    const subscriber = new Subscriber({ name, world, channels, from, dice, onMessage, ...(home ? { home } : {}) })
    this.#subscribers.push(subscriber)
    this.#reading.push(subscriber.run())
  }
}
