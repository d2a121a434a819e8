import type { Answer } from '../../src/effect.js'
import type { NodeId } from '../../src/log/node-id.js'
import { type Attempt, precedes, type Truth, type Vector, vectorOf } from './truth.js'
import { Violation } from './violation.js'

/** A cursor, and when a node gave it. */
export interface Issued {
  readonly text: string
  readonly atMs: number
}

/** Of an answer, the first `taken` messages were processed, and this cursor is kept; who gave it, and when. */
interface Taken {
  readonly taken: number
  readonly cursor: string
  readonly by: NodeId
  readonly atMs: number
}

/** What a chain needs to know of the run. */
export interface Courtroom {
  readonly truth: Truth
  /** Was there a split so far? */
  readonly split: () => boolean
  /** Was all forgotten, so far? */
  readonly amnesia: () => boolean
  readonly nowMs: () => number
  readonly retentionMs: number
  /** Can it be that anything was evicted? */
  readonly evicts: () => boolean
  readonly crashed: () => boolean
}

/**
 * One cursor chain, and what it has been given. Every answer must account for every record between the cursor that was
 * sent and the one that came back: given, or behind a gap that was told (C2); in order (C3, C4); cursors only grow (C5).
 */
export class Chain {
  cursor: string | undefined
  gaps = 0
  answers = 0
  readonly seen = new Set<Attempt>()
  readonly #room: Courtroom
  readonly #channels: ReadonlySet<string>
  readonly #vector = new Map<NodeId, number>()
  /** What was before its start is no business of the chain. */
  #start: Vector = new Map()
  /** Everything after `#start` is accounted for; not so while it has no cursor. */
  #based = false
  #last: Attempt | undefined
  /** When its cursor was given. */
  #issuedMs = 0
  /** Skipped, as they repeat a key: then the one that has it must come. */
  readonly #repeats: Attempt[] = []

  constructor(
    room: Courtroom,
    readonly name: string,
    channels: readonly string[],
  ) {
    this.#room = room
    this.#channels = new Set(channels)
  }

  /** Starts at a cursor, or where the node is. */
  base(cursor: string, atMs: number): void {
    this.#issuedMs = atMs
    const { vector } = vectorOf(cursor)
    this.#vector.clear()
    for (const [origin, seq] of vector) this.#vector.set(origin, seq)
    this.#start = vector
    this.#based = true
  }

  accept(answer: Answer, { taken, cursor, by, atMs }: Taken): void {
    this.answers++
    const { vector } = vectorOf(cursor)
    const given = answer.messages.slice(0, taken).map((shown) => ({ shown, attempt: this.#room.truth.of(shown) }))
    if (answer.gap) this.#gap(answer.gap.reason)
    const fresh = new Set(given.map(({ attempt }) => attempt))
    for (const { shown, attempt } of given) {
      if (!this.#channels.has(shown.channel) || attempt.payload.channel !== shown.channel)
        this.#fail('C2', `${attempt} on ${shown.channel}`)
      this.#give(attempt, shown.late, answer.gap !== undefined)
    }
    this.#grow(vector, fresh, answer.gap !== undefined)
    if (this.#based && !answer.gap && answer.messages.length === 0) this.#forgotten(vector, by, atMs)
    this.cursor = cursor
    this.#issuedMs = atMs
    if (!this.#based) this.#rebase()
  }

  #fail(rule: string, detail: string): never {
    throw new Violation(rule, `${this.name} ${detail}; cursor ${this.cursor}`)
  }

  #gap(reason: string): void {
    this.gaps++
    const { evicts, split, crashed } = this.#room
    if (reason === 'evicted' && !evicts()) this.#fail('C2', 'is told of evictions where there are none')
    if (reason === 'unknown_origin' && !split() && !crashed())
      this.#fail('C2', 'is told of unknown origins, for nothing')
  }

  #give(attempt: Attempt, late: boolean, gap: boolean): void {
    const { origin, seq } = attempt
    attempt.seen = true
    if (attempt.refused) this.#fail('C6', `is given ${attempt}, which was refused`)
    if (origin === undefined) this.#fail('C6', `is given ${attempt}, which was never stamped`)
    if (this.seen.has(attempt)) this.#fail('C2', `is given ${attempt} twice`)
    if (seq <= (this.#vector.get(origin) ?? 0)) this.#fail('C4', `is given ${attempt}, which its cursor covers`)
    this.#order(attempt, late)
    if (this.#based && !gap) this.#causes(attempt)
    this.#once(attempt)
    this.seen.add(attempt)
  }

  #order(attempt: Attempt, late: boolean): void {
    const behind = this.#last !== undefined && precedes(attempt, this.#last)
    if (!behind) this.#last = attempt
    if (this.#room.split()) {
      if (behind && !late && this.#last && attempt.time < this.#last.time)
        this.#fail('C3', `gets ${attempt} late, unmarked`)
    } else if (behind) this.#fail('C3', `is given ${attempt} after ${this.#last}`)
    else if (late) this.#fail('C3', `is told that ${attempt} is late, without a split`)
  }

  /** C4: what the node had shown when it took this has come before. */
  #causes(attempt: Attempt): void {
    for (const [origin, seq] of attempt.deps ?? [])
      for (let i = (this.#vector.get(origin) ?? 0) + 1; i <= seq; i++) {
        const cause = this.#room.truth.at(origin, i)
        if (!cause || !this.#channels.has(cause.payload.channel) || this.seen.has(cause)) continue
        if (!this.#excused(cause) && !this.#mayForget(origin, i))
          this.#fail('C4', `is given ${attempt} before ${cause}, which caused it`)
      }
  }

  /** Without a split a key is kept: one of the tries is given. */
  #once({ payload }: Attempt): void {
    const { split, amnesia, evicts } = this.#room
    if (payload.key === undefined || split() || amnesia() || evicts()) return
    for (const other of payload.attempts) if (this.seen.has(other)) this.#fail('C10', `is given ${payload} twice`)
  }

  #excused(attempt: Attempt): boolean {
    return attempt.payload.key !== undefined && attempt.payload.attempts.length > 1
  }

  #grow(vector: Vector, fresh: ReadonlySet<Attempt>, gap: boolean): void {
    for (const [origin, seq] of this.#vector) {
      const now = vector.get(origin)
      if ((now ?? 0) < seq && !this.#mayForget(origin, seq))
        this.#fail('C5', `goes back from ${seq} to ${now} in ${origin}`)
    }
    for (const [origin, seq] of vector) {
      const from = this.#vector.get(origin) ?? 0
      if (this.#based && !gap) this.#account(origin, from, seq, fresh)
      if (seq > from) this.#vector.set(origin, seq)
    }
    for (const attempt of fresh)
      if ((this.#vector.get(attempt.origin ?? ('' as NodeId)) ?? 0) < attempt.seq)
        this.#fail('C5', `has a cursor that does not cover ${attempt}`)
  }

  /** An origin that has said nothing for so long is forgotten by everybody. */
  #mayForget(origin: NodeId, seq: number): boolean {
    const { truth, nowMs, retentionMs } = this.#room
    const last = truth.at(origin, seq)
    return !last || nowMs() - last.sentMs > 4 * retentionMs * 0.999
  }

  #account(origin: NodeId, from: number, to: number, fresh: ReadonlySet<Attempt>): void {
    for (let seq = from + 1; seq <= to; seq++) {
      const attempt = this.#room.truth.at(origin, seq)
      if (!attempt || !this.#channels.has(attempt.payload.channel) || fresh.has(attempt)) continue
      if (this.#mayForget(origin, seq)) continue
      if (this.#excused(attempt)) this.#repeats.push(attempt)
      else this.#fail('C2', `has lost ${attempt} without a word`)
    }
  }

  /** An empty answer: what the node has shown since this cursor was given must be accounted for, forgotten or not. */
  #forgotten(vector: Vector, by: NodeId, atMs: number): void {
    for (const attempt of this.#room.truth.shownBetween(by, this.#issuedMs, atMs)) {
      const { origin, seq, payload } = attempt
      if (!origin || !this.#channels.has(payload.channel) || this.seen.has(attempt) || this.#excused(attempt)) continue
      if (seq <= (vector.get(origin) ?? 0) || seq <= (this.#vector.get(origin) ?? 0)) continue
      this.#fail('C2', `has lost ${attempt}, which ${by} has forgotten`)
    }
  }

  #rebase(): void {
    this.#start = new Map(this.#vector)
    this.#based = true
  }

  /** Does its cursor account for all of this? */
  reaches(vector: Vector): boolean {
    for (const [origin, seq] of vector) if ((this.#vector.get(origin) ?? 0) < seq) return false
    return true
  }

  /** Has it been given all of these that are its business? All that a reader without cursors in empty answers can reach. */
  has(kept: readonly Attempt[]): boolean {
    return this.misses(kept) === undefined
  }

  misses(kept: readonly Attempt[]): Attempt | undefined {
    return this.#based ? kept.find((attempt) => !this.#settled(attempt)) : undefined
  }

  #settled(attempt: Attempt): boolean {
    if (!this.#channels.has(attempt.payload.channel) || this.seen.has(attempt)) return true
    return this.#isBefore(attempt) || this.#hasRepeat(attempt)
  }

  /** At the end: what is still kept on its channels must have been given to it, gap or no gap. */
  finish(kept: readonly Attempt[], earliest: boolean): void {
    for (const attempt of kept) {
      if (!this.#channels.has(attempt.payload.channel) || this.seen.has(attempt)) continue
      if (this.#hasRepeat(attempt)) continue
      if (earliest || (this.#based && !this.#isBefore(attempt))) this.#fail('C2', `never got ${attempt}, which is kept`)
    }
    if (this.gaps > 0) return
    for (const { payload } of this.#repeats)
      if (!payload.attempts.some((other) => this.seen.has(other) || this.#isBefore(other)))
        this.#fail('C2', `got no try of ${payload}`)
  }

  /** On two sides of a split a key may have been taken twice: who was given one on its side may have passed over the other. */
  #hasRepeat({ payload }: Attempt): boolean {
    return this.#room.split() && payload.key !== undefined && payload.attempts.some((other) => this.seen.has(other))
  }

  #isBefore({ origin, seq }: Attempt): boolean {
    return origin !== undefined && seq <= (this.#start.get(origin) ?? 0)
  }
}
