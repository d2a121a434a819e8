import type { Answer, From, Poll } from '../../src/effect.js'
import type { NodeId } from '../../src/log/node-id.js'
import type { Prng } from '../../src/verify/prng.js'
import { Chain, type Issued } from './chain.js'
import type { Host, Life } from './life.js'
import { Request, type Result, type Settled } from './request.js'
import type { Run } from './run.js'
import type { Attempt, Vector } from './truth.js'
import { Violation } from './violation.js'

/** How it starts: the three words, an id that a publisher was told, or a cursor that another reader had. */
type Start = 'now' | 'earliest' | 'recent' | 'published' | 'borrowed'

const recentMs = 5000

/** One client that reads: hopping from node to node with its cursor, or staying. Its chain checks all it is given. */
export class Reader {
  readonly chain: Chain
  readonly start: Start
  readonly #run: Run
  readonly #prng: Prng
  readonly #channels: readonly string[]
  readonly #hops: boolean
  /** As a Tryton client: one message at a time, its id for a cursor, empty answers tell it nothing. */
  readonly #tryton: boolean
  readonly #limit: number
  readonly #waitMs: number
  #home: Host
  #draining = false
  /** Which life has given an answer, and when. */
  readonly #given = new WeakMap<Answer, { readonly by: NodeId; readonly atMs: number }>()

  constructor(
    run: Run,
    readonly index: number,
  ) {
    const prng = run.prng.fork(`reader:${index}`)
    this.#run = run
    this.#prng = prng
    this.#channels = prng.some(run.channels, 1, run.channels.length)
    this.#hops = prng.chance(0.7)
    this.#tryton = prng.chance(0.15)
    this.#limit = this.#tryton ? 1 : prng.pick([1, 2, 3, 10, 1000])
    this.#waitMs = prng.chance(0.15) ? 0 : prng.scaled(50, 5000)
    this.#home = prng.pick(run.world.hosts)
    this.start = this.#tryton ? 'recent' : prng.pick(['now', 'now', 'earliest', 'recent', 'published', 'borrowed'])
    this.chain = new Chain(run.room, `reader ${index} (${this.start}${this.#tryton ? ', tryton' : ''})`, this.#channels)
    const atMs = prng.chance(0.5) ? prng.between(0, 3000) : prng.between(0, run.scenario.healMs)
    run.world.schedule.after(atMs, () => this.#poll())
  }

  /** From now on it only wants to get to the end. */
  drain(): void {
    this.#draining = true
  }

  hasReached(vector: Vector, kept: readonly Attempt[]): boolean {
    return this.#tryton ? this.chain.has(kept) : this.chain.reaches(vector)
  }

  #poll(): void {
    const { world, scenario } = this.#run
    if (this.#hops) this.#home = this.#prng.pick(world.hosts)
    const waitMs = this.#draining ? 0 : this.#waitMs
    new Request(world, {
      host: this.#home,
      patienceMs: this.#prng.chance(0.1) ? this.#prng.scaled(20, 1000) : waitMs + 2000,
      deadlineMs: waitMs,
      lost: this.#draining ? 0 : scenario.load.lostAnswers,
      input: (reader, life) => this.#input(reader, life, waitMs),
      emitted: (life, settled) => this.#vouch(life, settled),
      got: (result) => this.#got(result),
    })
  }

  #input(reader: Request, life: Life, waitMs: number): Poll {
    const from = reader.over ? 'now' : this.#from(life)
    const poll: Poll = {
      type: 'poll',
      reader,
      database: 'd',
      channels: this.#channels,
      from,
      limit: this.#limit,
      waitMs,
    }
    return this.#tryton ? { ...poll, lenientMs: recentMs } : poll
  }

  #from(life: Life): From {
    if (this.chain.cursor !== undefined) return { cursor: this.chain.cursor }
    switch (this.start) {
      case 'earliest':
        return 'earliest'
      case 'recent':
        return { recentMs }
      case 'now':
        // What it can't be missing starts where the node is at this moment.
        if (life.engine.ready) this.chain.base(this.#run.tip(life), this.#run.world.nowMs)
        return 'now'
      case 'published':
        return this.#borrow(this.#prng.pick(this.#run.publishers).ids)
      case 'borrowed':
        return this.#borrow(this.#run.cursors)
    }
  }

  #borrow(cursors: readonly Issued[]): From {
    const cursor = cursors.length > 0 ? this.#prng.pick(cursors) : undefined
    if (cursor === undefined) return 'earliest'
    this.chain.base(cursor.text, cursor.atMs)
    this.chain.cursor = cursor.text
    return { cursor: cursor.text }
  }

  #vouch(life: Life, settled: Settled): void {
    if (settled.type !== 'answer') return
    this.#given.set(settled.answer, { by: life.id, atMs: this.#run.world.nowMs })
    const { members } = this.#run.views.of(life)
    for (const shown of settled.answer.messages) {
      const attempt = this.#run.truth.of(shown)
      if (attempt.origin === undefined) this.#run.locate(life, attempt)
      attempt.claim(members)
      attempt.show(life.id, this.#run.world.nowMs)
    }
  }

  #got(result: Result): void {
    let pauseMs = this.#prng.scaled(1, 300)
    if (result === 'unreachable' && this.#prng.chance(0.3)) this.#home = this.#prng.pick(this.#run.world.hosts)
    if (typeof result !== 'string' && result.type === 'answer') {
      this.#take(result.answer)
      pauseMs = this.#draining ? 1 : this.#prng.chance(0.5) ? 0 : this.#prng.scaled(1, 500)
    } else if (typeof result !== 'string' && result.type === 'refuse') {
      if (!['not_ready', 'draining', 'overloaded'].includes(result.code))
        throw new Violation('C2', `${this.chain.name} is refused: ${result.code}, ${result.reason}`)
    }
    this.#run.world.schedule.after(pauseMs, () => this.#poll())
  }

  #take(answer: Answer): void {
    const { messages } = answer
    if (messages.length > this.#limit) throw new Violation('C2', `${messages.length} messages, ${this.#limit} wanted`)
    if (this.#tryton && messages.length === 0) return
    const some = messages.length > 0 && (this.#tryton || this.#prng.chance(0.15))
    const taken = some ? this.#prng.whole(1, messages.length) : messages.length
    const cursor = some ? messages[taken - 1]?.id : answer.cursor
    const given = this.#given.get(answer)
    if (!given) throw new Violation('simulator', 'an answer that nobody gave')
    this.chain.accept(answer, { taken, cursor: cursor ?? answer.cursor, ...given })
    if (this.#prng.chance(0.05)) this.#run.cursors.push({ text: cursor ?? answer.cursor, atMs: given.atMs })
  }
}
