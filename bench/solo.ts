import type { From, Now, Poll, Reader } from '../src/effect.js'
import { Engine } from '../src/engine.js'
import { type CoreOptions, coreDefaults } from '../src/limits.js'
import type { Content, Draft } from '../src/log/record.js'
import { payload } from './payload.js'

const wallMs = Date.UTC(2026, 0, 1)
/** So many publishes come in a millisecond. */
const perMs = 16

const bytes = Buffer.from(payload(200))

/** Of 200 bytes, that are no other message's: as they are when they come from a socket. */
export const content = (): Content => ({ head: '', tail: bytes.toString('latin1') })

/** One node's engine without the shell, whose clock goes on with what it is given to do. */
export class Solo {
  readonly engine: Engine
  #ms = 1000
  #steps = 0

  constructor(options: Partial<CoreOptions> = {}) {
    this.engine = new Engine({ options: { ...coreDefaults, ...options }, random: () => 0.5, now: this.#now })
  }

  get #now(): Now {
    return { ms: this.#ms, wall: wallMs + this.#ms }
  }

  publish(channel: string, more: Partial<Draft> = {}): unknown {
    if (++this.#steps % perMs === 0) this.#pass()
    const drafts = [{ database: 'main', channel, ...content(), ...more }]
    return this.engine.step({ type: 'publish', publisher: {}, drafts, ack: 'all', minCopies: 1 }, this.#now)
  }

  poll(channels: readonly string[], from: From = 'now', more: Partial<Poll> = {}): Reader {
    const reader: Reader = {}
    const asked = { reader, database: 'main', channels, from, limit: 1000, waitMs: 300_000, ...more }
    this.engine.step({ type: 'poll', ...asked }, this.#now)
    return reader
  }

  cancel(reader: Reader): void {
    this.engine.step({ type: 'cancel', reader }, this.#now)
  }

  #pass(): void {
    this.#ms++
    if (this.engine.wakeAt <= this.#ms) this.engine.step({ type: 'tick' }, this.#now)
  }
}
