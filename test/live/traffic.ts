import type { Prng } from '../../src/verify/prng.js'
import { ask } from './ask.js'

/** A pause after everybody refused; tests wait for events, these clients stand for real ones, which back off. */
const breath = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50))

interface PollReply {
  readonly messages: readonly {
    readonly channel: string
    readonly message: { readonly n: string }
    readonly late?: boolean
  }[]
  readonly cursor: string
  readonly gap?: boolean
}

/** Publishes one message after the other, each under a key and until it is acknowledged, wherever that is. */
export class Publisher {
  readonly acknowledged: string[] = []
  retries = 0

  constructor(
    readonly name: string,
    readonly urls: readonly string[],
    readonly channels: readonly string[],
    readonly dice: Prng,
  ) {}

  async run(count: number, onPublished: () => void): Promise<void> {
    for (let i = 0; i < count; i++) {
      const n = `${this.name}-${i}`
      await this.#publish({ channel: this.dice.pick(this.channels), message: { n }, key: n })
      this.acknowledged.push(n)
      onPublished()
    }
  }

  async #publish(body: { readonly channel: string; readonly message: object; readonly key: string }): Promise<void> {
    for (;;) {
      const reply = await ask(this.dice.pick(this.urls), 'POST', '/main/bus/publish', body).catch(() => undefined)
      if (reply?.status === 200) return
      if (reply && reply.status !== 503) throw new Error(`${reply.status} ${reply.text}`)
      this.retries++
      await breath()
    }
  }
}

export interface Seen {
  readonly channel: string
  readonly n: string
  readonly late: boolean
}

/** Reads on with the last cursor, from whatever node comes next by chance. */
export class Subscriber {
  readonly seen: Seen[] = []
  gaps = 0
  hops = 0
  #cursor: string
  #stopped = false

  constructor(
    readonly urls: readonly string[],
    readonly channels: readonly string[],
    cursor: string,
    readonly dice: Prng,
  ) {
    this.#cursor = cursor
  }

  get cursor(): string {
    return this.#cursor
  }

  async run(): Promise<void> {
    while (!this.#stopped) await this.read(this.dice.pick(this.urls), 1)
  }

  stop(): void {
    this.#stopped = true
  }

  /** One poll; how many messages it gave, or nothing if it was not answered. */
  async read(url: string, timeout: number): Promise<number | undefined> {
    const body = { channels: this.channels, cursor: this.#cursor, limit: 1 + this.dice.below(200), timeout }
    const reply = await ask(url, 'POST', '/main/bus/poll', body).catch(() => undefined)
    if (reply && reply.status !== 200 && reply.status !== 503) throw new Error(`${reply.status} ${reply.text}`)
    if (reply?.status !== 200) {
      await breath()
      return undefined
    }
    const { messages, cursor, gap }: PollReply = JSON.parse(reply.text)
    for (const { channel, message, late } of messages) this.seen.push({ channel, n: message.n, late: late === true })
    if (gap) this.gaps++
    this.#cursor = cursor
    this.hops++
    return messages.length
  }
}
