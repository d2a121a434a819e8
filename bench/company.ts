import type { Message } from '../src/cluster/message.js'
import type { Input } from '../src/effect.js'
import type { CoreOptions } from '../src/limits.js'
import { encode } from '../src/peer/codec.js'
import { type Box, Net } from '../test/support/net.js'
import { content } from './solo.js'

/** What the line sees of a frame that its receiver does not: the WebSocket's header, the half of them masked. */
const headerOf = (bytes: number): number => (bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10) + 2

export interface Counts {
  /** Each to one addressee. */
  frames: number
  bytes: number
  /** Of all engines. */
  steps: number
  /** By its publisher. */
  acknowledged: number
  /** Of the bytes, those that the node sends through which is published. */
  firstBytes: number
  /** Spent in steps of that node, and of all others together. */
  firstMs: number
  othersMs: number
}

const none = (): Counts => ({
  frames: 0,
  bytes: 0,
  steps: 0,
  acknowledged: 0,
  firstBytes: 0,
  firstMs: 0,
  othersMs: 0,
})

/** Engines in one view, on lines of a millisecond, and what goes to and fro between them. */
export class Company {
  #counts = none()
  readonly #net = new Net()
  readonly #boxes: readonly Box[]
  #weighed: { readonly message: Message; readonly bytes: number } | undefined

  /** `weigh`: count what goes over the lines, which costs more than the engines do. */
  constructor(nodes: number, options: Partial<CoreOptions> = {}, weigh = false) {
    const names = Array.from({ length: nodes }, (_, i) => String.fromCharCode(97 + i))
    this.#boxes = this.#net.start(names, options)
    if (!weigh) return
    // The net asks of each frame that is sent to each whether it gets lost.
    this.#net.lose = (from, _to, message) => this.#weigh(from, message)
    for (const box of this.#boxes) this.#count(box)
  }

  /** Somebody waits for these at each of the nodes. */
  poll(channel: string): void {
    for (const box of this.#boxes) box.poll('now', [channel], { waitMs: 300_000 })
  }

  /** A millisecond in which a message is published through the first node on each of these. */
  pass(channels: readonly string[]): void {
    const [first] = this.#boxes
    for (const channel of channels) first?.publish({ database: 'main', channel, ...content() })
    this.#net.pass(1)
    this.#clear()
  }

  /** What was counted since the last time. */
  take(): Readonly<Counts> {
    const counts = this.#counts
    this.#counts = none()
    return counts
  }

  #clear(): void {
    for (const { outcomes } of this.#boxes) {
      for (const { ok } of outcomes.values()) if (ok) this.#counts.acknowledged++
      outcomes.clear()
    }
  }

  /** A frame is encoded once for all whom it is sent to. */
  #weigh(from: Box, message: Message): boolean {
    if (this.#weighed?.message !== message) {
      const bytes = encode(message).length
      this.#weighed = { message, bytes: bytes + headerOf(bytes) }
    }
    this.#counts.frames++
    this.#counts.bytes += this.#weighed.bytes
    if (from === this.#boxes[0]) this.#counts.firstBytes += this.#weighed.bytes
    return false
  }

  #count(box: Box): void {
    const { engine } = box
    const step = engine.step.bind(engine)
    const spent = box === this.#boxes[0] ? 'firstMs' : 'othersMs'
    engine.step = (input: Input, now) => {
      this.#counts.steps++
      const start = performance.now()
      const effects = step(input, now)
      this.#counts[spent] += performance.now() - start
      return effects
    }
  }
}
