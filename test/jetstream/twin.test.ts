import fc from 'fast-check'
import { test } from 'tap'
import type { Answer } from '../../src/effect.js'
import type { KeptDraft } from '../../src/log/record.js'
import { draft, textsOf } from '../support/core.js'
import { asRead } from '../support/pieces.js'
import type { FakeStream } from './fake-log.js'
import { type Seat, Site } from './site.js'

interface Told {
  readonly stream: FakeStream
  readonly channel: string
  readonly text: number
}

/**
 * What nodes should show, said in the plainest way: everything that was ever stored, in order, stream after stream, but
 * for what repeats a key that came after what its sender had seen.
 */
class Truth {
  readonly all: Told[] = []
  /** Who reads what the log kept of a publish of which it has forgotten the first may be given it. */
  readonly repeats = new Set<number>()
  isForgetful = false
  readonly #keys = new Map<FakeStream, Map<string, number>>()

  store(stream: FakeStream, seq: number, seen: number, drafts: readonly KeptDraft[]): void {
    const keys = this.#keys.get(stream) ?? new Map<string, number>()
    this.#keys.set(stream, keys)
    for (const { channel, tail, key } of drafts) {
      const text = Number(/\d+/.exec(tail)?.[0])
      if (key !== undefined && (keys.get(key) ?? 0) > seen) this.repeats.add(text)
      else this.all.push({ stream, channel, text })
      if (key !== undefined && !this.repeats.has(text)) keys.set(key, seq)
    }
  }
}

/** Follows its channels over whatever nodes, and looks at what it is given. */
class Follower {
  cursor = ''
  /** Up to there, in the truth, it has had all of its channels, or was told that it has not. */
  #at = 0
  #isFree = false
  wrong: string | undefined

  constructor(
    readonly truth: Truth,
    readonly channels: readonly string[],
  ) {}

  take(answer: Answer): void {
    this.cursor = answer.cursor
    if (answer.gap) this.#isFree = true
    // What follows is of another stream, or of one that this node does not know to be gone.
    if (answer.gap?.reason === 'unknown_origin') this.#at = 0
    const texts = textsOf(answer)
    for (const text of texts) this.#take(Number(text))
    // A gap is told as soon as anything is missing of what the answer covers, which may be more than it holds.
    const isLast = answer.messages.at(-1)?.id === answer.cursor
    if (isLast && texts.some((text) => !this.truth.repeats.has(Number(text)))) this.#isFree = false
  }

  #take(text: number): void {
    const { all } = this.truth
    const isMine = ({ channel }: Told): boolean => this.channels.includes(channel)
    // What was under way when a stream was deleted may be stored in the next one as well.
    const isIt = (told: Told): boolean => told.text === text && isMine(told)
    const places = all.flatMap((told, i) => (isIt(told) ? [i] : []))
    const next = all.findIndex((told, i) => i >= this.#at && isMine(told))
    const found = (this.#isFree ? places.at(-1) : places.find((i) => i >= this.#at)) ?? places[0] ?? -1
    if (found < 0 && this.truth.isForgetful && this.truth.repeats.has(text)) return
    if (found < 0) this.wrong ??= `${text} is a phantom`
    else if (found < this.#at) this.wrong ??= `${text} comes again`
    else if (found !== next && !this.#isFree) this.wrong ??= `${text} comes instead of ${all[next]?.text}`
    this.#at = found + 1
  }

  /** At the very end, when it has been given all that there is. */
  end(): void {
    const missed = this.truth.all.find(({ channel }, i) => i >= this.#at && this.channels.includes(channel))
    if (missed && !this.#isFree) this.wrong ??= `${missed.text} never came`
  }
}

/** Some are long. */
const spelled = (n: number): number | string => (n % 3 === 0 ? String(n).padStart(3000, '0') : n)

type Move =
  | {
      readonly is: 'publish'
      readonly node: number
      readonly channels: string[]
      readonly key: number
      readonly fate: number
    }
  | { readonly is: 'read'; readonly node: number; readonly who: number; readonly limit: number }
  | { readonly is: 'listen'; readonly node: number; readonly count: number }
  | { readonly is: 'lose' | 'cut' | 'restart' | 'break'; readonly node: number }
  | { readonly is: 'purge' | 'remove'; readonly share: number }
  | { readonly is: 'replace' }
  | { readonly is: 'pass'; readonly ms: number }

const nodes = 3
const node = fc.nat(nodes - 1)
const channel = fc.constantFrom('a', 'b', 'c')
const rare = (is: 'lose' | 'cut' | 'restart' | 'break') => ({
  weight: 1,
  arbitrary: fc.record({ is: fc.constant(is), node }),
})
const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        is: fc.constant('publish' as const),
        node,
        channels: fc.array(channel, { minLength: 1, maxLength: 3 }),
        key: fc.nat(12),
        fate: fc.nat(9),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        is: fc.constant('read' as const),
        node,
        who: fc.nat(3),
        limit: fc.integer({ min: 1, max: 6 }),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({ is: fc.constant('listen' as const), node, count: fc.integer({ min: 1, max: 6 }) }),
    },
    { weight: 3, arbitrary: fc.record({ is: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 3000 }) }) },
    rare('lose'),
    rare('cut'),
    rare('restart'),
    rare('break'),
    {
      weight: 1,
      arbitrary: fc.record({ is: fc.constantFrom('purge' as const, 'remove' as const), share: fc.nat(100) }),
    },
    { weight: 1, arbitrary: fc.record({ is: fc.constant('replace' as const) }) },
  ),
  { maxLength: 90 },
)

/** A site that is put through such moves, beside its twin. */
class Play {
  readonly site = new Site()
  readonly truth = new Truth()
  readonly seats: Seat[] = []
  readonly followers: Follower[]
  readonly #options: { readonly retentionCount: number }
  /** By publisher: its texts, and what the texts must have become. */
  readonly #published: { readonly seat: Seat; readonly publisher: object; readonly drafts: readonly KeptDraft[] }[] = []
  #text = 0

  constructor(retentionCount: number) {
    this.#options = { retentionCount }
    for (let i = 0; i < nodes; i++) this.seats.push(this.#seat(i))
    this.site.pass(100)
    const wishes = [['a'], ['a', 'b'], ['c'], ['a', 'b', 'c']]
    this.followers = wishes.map((channels) => new Follower(this.truth, channels))
    for (const follower of this.followers) {
      const answer = this.seats[0]?.ask('earliest', follower.channels)
      if (answer) follower.take(answer)
    }
    this.#watch()
  }

  #seat(index: number): Seat {
    const seat = this.site.seat(`node-${index}-${this.#text}`, this.#options)
    seat.poll('now', ['a'])
    return seat
  }

  /** Notes what is stored, wherever it is stored. */
  #watch(): void {
    const { log } = this.site
    const stream = log.stream('main')
    const store = stream.store.bind(stream)
    stream.store = (id, wall, duplicateMs, packet) => {
      const stored = store(id, wall, duplicateMs, packet)
      if (!stored.duplicate && packet.batch)
        this.truth.store(stream, stored.seq, packet.batch.seen, packet.batch.drafts)
      return stored
    }
  }

  make(move: Move): void {
    const { site } = this
    const { log } = site
    const seat = 'node' in move ? this.seats[move.node] : undefined
    switch (move.is) {
      case 'publish':
        if (seat) this.#publish(seat, move)
        break
      case 'read':
        if (seat) this.#read(seat, this.followers[move.who], move.limit)
        break
      case 'listen':
        seat?.listen(move.count)
        break
      case 'pass':
        site.pass(move.ms)
        break
      case 'lose':
        seat?.line.events.splice(0, 1)
        break
      case 'break':
        for (const [database, { epoch }] of seat?.line.readings ?? [])
          seat?.hear({ type: 'log', event: { is: 'broken', database, epoch, reason: 'it broke' } })
        break
      case 'cut':
        if (seat?.line.connected) seat.cut()
        else seat?.mend()
        break
      case 'restart':
        if (!seat) break
        site.seats.splice(site.seats.indexOf(seat), 1)
        this.seats[this.seats.indexOf(seat)] = this.#seat(this.seats.indexOf(seat))
        break
      case 'purge':
        log.stream('main').purge(Math.floor((log.stream('main').last * move.share) / 100))
        this.truth.isForgetful = true
        break
      case 'remove':
        log.stream('main').remove(Math.floor((log.stream('main').last * move.share) / 100))
        this.truth.isForgetful = true
        break
      case 'replace':
        log.drop(
          'main',
          site.seats.map(({ line }) => line),
        )
        this.#watch()
        this.truth.isForgetful = true
        break
      default:
        move satisfies never
    }
  }

  #publish(seat: Seat, { channels, key, fate }: Extract<Move, { is: 'publish' }>): void {
    seat.fates.splice(0)
    if (fate < 2) seat.fates.push(fate === 0 ? 'lost' : 'unanswered')
    const keyed = key < 4 ? { key: `k${key}`, digest: `d${key}` } : {}
    const drafts = channels.map((name, i) => draft(name, spelled(++this.#text), i === 0 ? keyed : {}))
    this.#published.push({ seat, publisher: seat.publish(asRead(drafts)), drafts })
  }

  #read(seat: Seat, follower: Follower | undefined, limit: number): void {
    if (!follower) return
    const answer = seat.ask({ cursor: follower.cursor }, follower.channels, { limit })
    if (answer) follower.take(answer)
  }

  /** Everything is mended, and everybody is given all that there is. */
  end(): string | undefined {
    for (const seat of this.seats) if (!seat.line.connected) seat.mend()
    this.site.pass(20_000)
    for (const follower of this.followers) {
      const before = this.truth.all.length
      for (let i = 0; i < before + 5; i++) this.#read(this.seats[i % nodes] as Seat, follower, 7)
      follower.end()
      if (follower.wrong) return follower.wrong
    }
    return this.#outcomes() ?? this.seats.flatMap(({ engine }) => engine.audit())[0]
  }

  #outcomes(): string | undefined {
    const texts = new Set(this.truth.all.map(({ text }) => text))
    for (const { seat, publisher, drafts } of this.#published) {
      const outcome = seat.outcomes.get(publisher)
      const isAlive = this.seats.includes(seat)
      if (!outcome && isAlive) return `no outcome of ${drafts[0]?.tail}`
      const stored = drafts.map(({ tail }) => texts.has(Number(/\d+/.exec(tail)?.[0])))
      if (outcome?.ok === false && !outcome.unknown && stored.includes(true)) return `${drafts[0]?.tail} was refused`
      if (outcome?.ok && !this.truth.isForgetful && outcome.duplicates.some((is, i) => is === stored[i]))
        return `of ${drafts[0]?.tail} some were lost, or duplicates: ${outcome.duplicates} ${stored}`
    }
    if (this.truth.isForgetful) return undefined
    const novice = new Follower(this.truth, ['a', 'b', 'c'])
    const first = this.seats[0]?.ask('earliest', novice.channels)
    if (first) novice.take(first)
    for (let i = 0; i < this.truth.all.length; i++) this.#read(this.seats[i % nodes] as Seat, novice, 100)
    novice.end()
    return novice.wrong
  }
}

test('on a log that loses, breaks and forgets: each message once, in order, or a gap', (t) => {
  fc.assert(
    fc.property(moves, fc.integer({ min: 1, max: 12 }), (list, perChannel) => {
      const play = new Play(perChannel)
      for (const move of list) play.make(move)
      const wrong = play.end()
      if (wrong !== undefined) throw new Error(wrong)
    }),
    { seed: 7, numRuns: 400 },
  )
  t.pass('400 histories agreed')
  t.end()
})
