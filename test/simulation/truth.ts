import { parseCursor } from '../../src/channel/cursor.js'
import type { Message } from '../../src/cluster/message.js'
import type { Effect } from '../../src/effect.js'
import { sizeOf } from '../../src/log/entry.js'
import type { NodeId } from '../../src/log/node-id.js'
import type { Content, KeptDraft, Record } from '../../src/log/record.js'
import { Violation } from './violation.js'

/** How far in each origin's log. */
export type Vector = ReadonlyMap<NodeId, number>

/** Cursors here may name every life there was. */
const originsMax = 1000

export const vectorOf = (cursor: string): { vector: Vector; time: number } => {
  const parsed = parseCursor(cursor, originsMax)
  if (!parsed) throw new Violation('C5', `not a cursor: ${cursor}`)
  return { vector: new Map(parsed.origins.map((origin, i) => [origin, parsed.seqs[i] ?? 0])), time: parsed.time }
}

/** What a publisher wants to have said, once. */
export class Payload {
  readonly attempts: Attempt[] = []

  constructor(
    readonly index: number,
    readonly channel: string,
    readonly key: string | undefined,
  ) {}

  toString(): string {
    return `p${this.index} on ${this.channel}${this.key ? ' (keyed)' : ''}`
  }
}

/** One try to publish a payload. Its bytes are its own, so that whatever comes out tells which try it was. */
export class Attempt {
  readonly draft: KeptDraft
  /** Where it was stamped, when that is known. */
  origin: NodeId | undefined
  seq = 0
  time = 0
  /** It was said that nothing has changed: it must never be seen. */
  refused = false
  seen = false
  /** What the node that took it had shown by then. */
  deps: Vector | undefined
  /** Who has shown it itself, and when first. */
  readonly shownBy = new Map<NodeId, number>()
  /** Each: the members of which a node has said, by an answer, that all of them hold it. */
  readonly claims: (readonly NodeId[])[] = []

  constructor(
    readonly payload: Payload,
    readonly by: NodeId,
    readonly sentMs: number,
    padding: number,
  ) {
    const tail = `"p":${payload.index},"try":${payload.attempts.length},"pad":"${'x'.repeat(padding)}"}`
    const { channel, key } = payload
    const plain = { database: 'd', channel, head: '', tail }
    this.draft = key === undefined ? plain : { ...plain, key, digest: `digest of ${payload.index}` }
    payload.attempts.push(this)
  }

  get size(): number {
    return sizeOf(this.draft)
  }

  claim(members: readonly NodeId[]): void {
    if (this.claims.at(-1) !== members) this.claims.push(members)
  }

  show(by: NodeId, nowMs: number): void {
    if (!this.shownBy.has(by)) this.shownBy.set(by, nowMs)
  }

  toString(): string {
    const place = this.origin ? `${this.origin}#${this.seq}@${this.time}` : 'nowhere'
    return `${this.payload} try ${this.payload.attempts.indexOf(this)} (${place})`
  }
}

/** In canonical order? */
export const precedes = (a: Attempt, b: Attempt): boolean =>
  a.time < b.time || (a.time === b.time && (a.origin ?? '') < (b.origin ?? ''))

/** All that was ever published and where it was stamped, as seen on the wire and in the answers. */
export class Truth {
  readonly payloads: Payload[] = []
  readonly #byTail = new Map<string, Attempt>()
  readonly #logs = new Map<NodeId, Attempt[]>()

  payload(channel: string, keyed: boolean): Payload {
    const index = this.payloads.length
    const payload = new Payload(index, channel, keyed ? `key ${index}` : undefined)
    this.payloads.push(payload)
    return payload
  }

  attempt(payload: Payload, by: NodeId, sentMs: number, padding: number): Attempt {
    const attempt = new Attempt(payload, by, sentMs, padding)
    this.#byTail.set(attempt.draft.tail, attempt)
    return attempt
  }

  of({ tail }: Content): Attempt {
    const attempt = this.#byTail.get(tail)
    if (!attempt) throw new Violation('C6', `nobody published this: ${tail}`)
    return attempt
  }

  at(origin: NodeId, seq: number): Attempt | undefined {
    return this.#logs.get(origin)?.[seq]
  }

  /** Every try that has a place in the order. */
  stamped(): Attempt[] {
    return this.payloads.flatMap(({ attempts }) => attempts.filter(({ origin }) => origin !== undefined))
  }

  /** The tries that a node has first shown between these moments. */
  shownBetween(by: NodeId, fromMs: number, toMs: number): Attempt[] {
    return this.payloads.flatMap(({ attempts }) =>
      attempts.filter(({ shownBy }) => {
        const atMs = shownBy.get(by) ?? Number.NaN
        return atMs > fromMs && atMs < toMs
      }),
    )
  }

  place(attempt: Attempt, origin: NodeId, seq: number, time: number): void {
    if (attempt.origin !== undefined) {
      if (attempt.origin === origin && attempt.seq === seq && attempt.time === time) return
      throw new Violation('I3', `${attempt} is also ${origin}#${seq}@${time}`)
    }
    const log = this.#logs.get(origin) ?? []
    const other = log[seq]
    if (other) throw new Violation('I3', `${origin}#${seq} is ${other} and ${attempt}`)
    this.#logs.set(origin, log)
    log[seq] = attempt
    attempt.origin = origin
    attempt.seq = seq
    attempt.time = time
  }

  /** Learns from what a life sends where records have got their places. */
  learn(life: NodeId, effects: readonly Effect[]): void {
    for (const effect of effects) if (effect.type === 'send') this.#hear(life, effect.message)
  }

  #hear(from: NodeId, message: Message): void {
    if (message.type === 'batch') this.#records(from, message.records)
    else if (message.type === 'copies') this.#records(message.origin, message.records)
    else if (message.type === 'relay' && message.from === from) this.#hear(from, message.message)
  }

  #records(origin: NodeId, records: readonly Record[]): void {
    for (const record of records) if (record.tail !== '') this.place(this.of(record), origin, record.seq, record.time)
  }
}
