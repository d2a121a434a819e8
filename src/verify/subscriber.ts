import type { Entry, Message } from '../client/core/event.js'
import { poll } from '../client/poll.js'
import { socket } from '../client/socket.js'
import { sse } from '../client/sse.js'
import type { Line, Transport, TransportName } from '../client/transport.js'
import type { Prng } from './prng.js'
import { attemptMs, lastOf, sleep, sumOf, type Target, type World, wordsOf } from './world.js'

export const transports: { readonly [name in TransportName]: Transport } = { poll, sse, ws: socket }

interface Parts {
  readonly name: string
  readonly world: World
  readonly channels: readonly string[]
  readonly from: 'now' | 'earliest'
  readonly dice: Prng
  /** The only node that it goes to; else chance says. */
  readonly home?: Target
  readonly onMessage: () => void
}

/** How long to stay in one place: so many answers, or so long. */
interface Stint {
  readonly node: Target
  readonly transport: TransportName
  readonly answers: number
  readonly ms: number
}

const messageSize = 32 * 2 ** 20
const pauseMs = { least: 10, most: 60 }

/** With its id taken out it is what was published, to the byte: see `Content`. */
const publishedText = ({ id, text = '' }: Message): string => text.replace(`"message_id":"${id}",`, '')

/**
 * Reads its channels, and goes on from the last cursor at another node, by another transport, after one answer or a
 * few; until it has had the last message of each. What it is given is recorded, and not looked at.
 */
export class Subscriber {
  readonly #parts: Parts
  #cursor: string
  #node: Target
  readonly #missing: Set<string>
  #stopped = false
  #here = new AbortController()
  #isBased: () => void = () => {}
  /** It has a cursor: what is published from now on it must be given. */
  readonly based = new Promise<void>((resolve) => {
    this.#isBased = resolve
  })

  constructor(parts: Parts) {
    this.#parts = parts
    const { name: subscriber, channels, from } = parts
    this.#cursor = from
    this.#node = parts.home ?? parts.dice.pick(parts.world.targets)
    this.#missing = new Set(channels.map(lastOf))
    parts.world.recorder.add({ type: 'subscribe', subscriber, channels, from })
  }

  async run(): Promise<void> {
    const { world, name: subscriber } = this.#parts
    while (!this.#stopped && this.#missing.size > 0) await this.#stay(this.#stint())
    world.recorder.add({ type: 'done', subscriber, complete: this.#missing.size === 0 })
  }

  stop(): void {
    this.#stopped = true
    this.#here.abort()
  }

  #stint(): Stint {
    const { dice, world, home } = this.#parts
    if (!home && dice.chance(0.8)) this.#node = dice.pick(world.targets)
    return {
      node: this.#node,
      transport: dice.pick(['poll', 'sse', 'ws']),
      answers: dice.pick([1, 1, 1, 2, 5, 20, 100]),
      ms: dice.between(100, 2000),
    }
  }

  async #stay({ node, transport, answers, ms }: Stint): Promise<void> {
    const { world, dice, name: subscriber } = this.#parts
    const here = new AbortController()
    this.#here = here
    const timer = setTimeout(() => here.abort(), ms)
    const at = { subscriber, node: node.name, transport }
    world.recorder.add({ type: 'read', ...at, cursor: this.#cursor })
    try {
      let left = answers
      for await (const entries of transports[transport](this.#line(node, here.signal))) {
        if (!this.#take(entries, at) || --left === 0 || this.#missing.size === 0) return
      }
    } catch (error) {
      if (here.signal.aborted) return
      world.recorder.add({ type: 'failed', ...at, why: wordsOf(error) })
      await sleep(dice.between(pauseMs.least, pauseMs.most))
    } finally {
      clearTimeout(timer)
    }
  }

  #line({ url: server }: Target, signal: AbortSignal): Line {
    const { dice, world, channels } = this.#parts
    const { ports, http, path } = world
    const times = { attemptMs, waitMs: 1000, silenceMs: 2 * attemptMs }
    const options = { ...times, pageCount: dice.pick([1, 3, 10, 500]), messageSize }
    return { ports, http, path, channels, server, options, from: this.#cursor, withText: true, signal }
  }

  /** Now and then only some of it, as one who is interrupted: the rest must come again. False if it was not all. */
  #take(entries: readonly Entry[], at: At): boolean {
    const { dice } = this.#parts
    const count = dice.chance(0.05) ? dice.whole(1, entries.length) : entries.length
    for (const entry of entries.slice(0, count)) this.#one(entry, at)
    return count === entries.length
  }

  #one({ event, cursor }: Entry, at: At): void {
    const { recorder } = this.#parts.world
    if (event?.type === 'message') this.#message(event, at)
    else if (event) recorder.add({ ...event, type: 'gap', ...at })
    else if (cursor !== undefined && cursor !== this.#cursor) recorder.add({ type: 'position', ...at, cursor })
    if (cursor === undefined) return
    this.#cursor = cursor
    this.#isBased()
  }

  #message(event: Message, at: At): void {
    const { world, onMessage } = this.#parts
    const { id, channel, late } = event
    const message = String(event.message['n'])
    const text = publishedText(event)
    const isAltered = world.texts.get(message) !== text
    world.recorder.add({
      ...{ type: 'deliver', ...at, message, id, channel, sum: sumOf(text) },
      ...(late ? { late } : {}),
      ...(isAltered ? { text: event.text ?? '' } : {}),
    })
    this.#missing.delete(message)
    onMessage()
  }
}

interface At {
  readonly subscriber: string
  readonly node: string
  readonly transport: string
}
