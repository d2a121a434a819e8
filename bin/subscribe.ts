import { Client, type Reply } from './client.js'
import type { ServerFlags } from './flags.js'
import { elementsOf, onOneLine } from './slices.js'
import { onInterrupt, print, say } from './terminal.js'

export interface SubscribeFlags extends ServerFlags {
  readonly from: string
  readonly count: number
  readonly quiet: boolean
}

/**
 * A poll waits no longer than this at a server: when one falls silent without closing its connections, the next one
 * is asked that much later, and loses nothing, since the cursor holds everywhere.
 */
const waitSeconds = 3
const graceMs = 2000
const learnEveryMs = 10_000
const pageMax = 500

interface PollReply {
  readonly cursor: string
  readonly gap?: boolean
  readonly reason?: string
  readonly oldest?: string
}

const gapWords: { readonly [reason: string]: string } = {
  evicted: 'what was published before was no longer kept',
  unknown_origin: 'it was read from nodes that this cluster no longer knows',
}

/** Follows channels over any number of servers; all that it has to remember is the cursor. */
class Follower {
  readonly #client: Client
  readonly #path: string
  #cursor: string
  #printed = 0
  #learnAt = 0
  #server = ''

  constructor(
    readonly channels: readonly string[],
    readonly flags: SubscribeFlags,
  ) {
    this.#client = new Client(flags.server)
    this.#path = `/${encodeURIComponent(flags.database)}/bus/poll`
    this.#cursor = flags.from
  }

  get cursor(): string {
    return this.#cursor
  }

  async run(): Promise<void> {
    await this.#begin()
    while (!this.#done) {
      if (performance.now() >= this.#learnAt) {
        await this.#client.learn(graceMs)
        this.#learnAt = performance.now() + learnEveryMs
      }
      await this.#take(await this.#poll(waitSeconds, Number.MAX_SAFE_INTEGER))
    }
  }

  close(): void {
    this.#client.close()
  }

  get #done(): boolean {
    return this.flags.count > 0 && this.#printed >= this.flags.count
  }

  /** The first poll does not wait: only with a cursor in hand is nothing missed that comes from now on. */
  async #begin(): Promise<void> {
    const reply = await this.#poll(0, this.flags.timeout * 1000)
    this.#talk(`carillon: subscribed to ${this.channels.join(', ')} at ${reply.server}`)
    await this.#take(reply)
  }

  #poll(timeout: number, totalMs: number): Promise<Reply> {
    const limit = this.flags.count === 0 ? pageMax : Math.min(pageMax, this.flags.count - this.#printed)
    const body = JSON.stringify({ channels: this.channels, cursor: this.#cursor, limit, timeout })
    const onTrouble = (why: string): void => {
      this.#server = 'none'
      this.#talk(`carillon: still trying: ${why}`)
    }
    const attemptMs = timeout * 1000 + graceMs
    return this.#client.ask({ method: 'POST', path: this.#path, body, attemptMs, totalMs, onTrouble })
  }

  async #take(reply: Reply): Promise<void> {
    if (this.#server !== '' && this.#server !== reply.server) this.#talk(`carillon: going on at ${reply.server}`)
    this.#server = reply.server
    const told: PollReply = JSON.parse(reply.text)
    if (told.gap) this.#tellGap(told)
    const messages = elementsOf(reply.text, 'messages')
    if (messages.length > 0) await print(messages.map(onOneLine).join('\n'))
    this.#printed += messages.length
    this.#cursor = told.cursor
  }

  /** Loss is told even to those who asked for quiet. */
  #tellGap({ reason = '', oldest }: PollReply): void {
    const kept = oldest === undefined ? '' : `; the oldest kept is ${oldest}`
    say(`carillon: gap: messages are missing here: ${gapWords[reason] ?? reason}${kept}`)
  }

  #talk(text: string): void {
    if (!this.flags.quiet) say(text)
  }
}

export const subscribe = async (channels: readonly string[], flags: SubscribeFlags): Promise<void> => {
  const follower = new Follower([...new Set(channels)], flags)
  const release = onInterrupt(() => {
    if (!flags.quiet) say(`carillon: go on with --from ${follower.cursor}`)
  })
  try {
    await follower.run()
  } finally {
    release()
    follower.close()
  }
}
