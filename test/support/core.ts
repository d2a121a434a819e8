import type { Message } from '../../src/cluster/message.js'
import type { Answer, Effect, From, Now, Outcome, Poll, Publish, Reader, Shown } from '../../src/effect.js'
import { Engine } from '../../src/engine.js'
import { bodyOf, headText } from '../../src/http/answer.js'
import { type CoreOptions, coreDefaults } from '../../src/limits.js'
import { type Entry, entryOf } from '../../src/log/entry.js'
import { makeNodeId, type NodeId } from '../../src/log/node-id.js'
import type { Origin } from '../../src/log/origin.js'
import type { Draft, KeptDraft } from '../../src/log/record.js'

export const wallMs = Date.UTC(2026, 0, 1)

export const nodeId = (number: number): NodeId => makeNodeId(wallMs + number, () => 0)

/** Of ASCII. */
export const draft = (channel: string, text: unknown, more: Partial<KeptDraft> = {}): KeptDraft => ({
  database: 'main',
  channel,
  head: '',
  tail: `"text":${JSON.stringify(text)}}`,
  ...more,
})

export const entry = (origin: Origin, seq: number, time: number, channel = 'a', more: Partial<KeptDraft> = {}): Entry =>
  entryOf(origin, seq, time, draft(channel, seq, more), time)

/** The message as its readers get it, a character a byte. */
export const messageText = (shown: Shown): string => {
  const { length } = bodyOf(`"channel":${JSON.stringify(shown.channel)},"message":`)
  return `${headText(shown).slice(length)}${shown.tail}`
}

export const textsOf = ({ messages }: Answer): unknown[] => messages.map((shown) => JSON.parse(messageText(shown)).text)

let made = 0

/** One engine without a world: its clock stands until it is moved, its effects are collected. */
export class Lone {
  readonly engine: Engine
  effects: Effect[] = []

  constructor(
    options: Partial<CoreOptions> = {},
    public ms = 1000,
  ) {
    const chance = ++made / 1000
    this.engine = new Engine({ options: { ...coreDefaults, ...options }, random: () => chance, now: this.now })
  }

  get now(): Now {
    return { ms: this.ms, wall: wallMs + this.ms }
  }

  step(input: Parameters<Engine['step']>[0]): readonly Effect[] {
    const effects = this.engine.step(input, this.now)
    this.effects.push(...effects)
    return effects
  }

  /** Lets time pass, waking the engine whenever it asks for it. */
  pass(ms: number): void {
    const end = this.ms + ms
    while (this.engine.wakeAt <= end) {
      this.ms = Math.max(this.ms + 1, Math.ceil(this.engine.wakeAt))
      this.step({ type: 'tick' })
    }
    this.ms = end
  }

  publish(drafts: Draft | readonly Draft[], more: Partial<Publish> = {}): Outcome | undefined {
    const publisher = {}
    const list = Array.isArray(drafts) ? drafts : [drafts]
    this.step({ type: 'publish', publisher, drafts: list, ack: 'all', minCopies: 1, ...more })
    return this.outcomeOf(publisher)
  }

  outcomeOf(publisher: object): Outcome | undefined {
    const effect = this.effects.find((each) => each.type === 'published' && each.publisher === publisher)
    return effect?.type === 'published' ? effect.outcome : undefined
  }

  poll(from: From, channels: readonly string[], more: Partial<Poll> = {}): Asked {
    const reader: Reader = {}
    this.step({ type: 'poll', reader, database: 'main', channels, from, limit: 100, waitMs: 60_000, ...more })
    return new Asked(this, reader)
  }

  received(from: NodeId, message: Message): readonly Effect[] {
    return this.step({ type: 'received', from, message })
  }

  gauge(name: string): number {
    return this.engine.status(this.now).gauges[name] ?? Number.NaN
  }
}

/** A poll that was made, and what has become of it. */
export class Asked {
  constructor(
    readonly lone: Lone,
    readonly reader: Reader,
  ) {}

  get answer(): Answer | undefined {
    const effect = this.lone.effects.find((each) => each.type === 'answer' && each.readers.includes(this.reader))
    return effect?.type === 'answer' ? effect.answer : undefined
  }

  get refusal(): string | undefined {
    const effect = this.lone.effects.find((each) => each.type === 'refuse' && each.reader === this.reader)
    return effect?.type === 'refuse' ? effect.code : undefined
  }

  get texts(): unknown[] {
    return this.answer ? textsOf(this.answer) : []
  }

  get cursor(): string {
    return this.answer?.cursor ?? ''
  }
}
