import type { Answer, Effect, From } from '../../src/effect.js'
import type { Rules } from '../../src/log/rules.js'
import { Prng } from '../../src/verify/prng.js'
import type { Courtroom, Issued } from './chain.js'
import { Follower } from './follower.js'
import { Inject } from './inject.js'
import type { Life } from './life.js'
import { Publisher } from './publisher.js'
import { Reader } from './reader.js'
import { Request } from './request.js'
import type { Scenario } from './scenario.js'
import { Subscription } from './subscription.js'
import type { Trace } from './trace.js'
import { type Attempt, Truth, vectorOf } from './truth.js'
import { Views } from './views.js'
import { Violation } from './violation.js'
import { World } from './world.js'

export interface Kept {
  readonly attempt: Attempt
  /** As read from the beginning. */
  readonly id: string
}

/** Asks an engine directly, besides all clients, and leaves no trace. */
class Probe {
  waiter?: object | undefined
  answer: Answer | undefined
}

/** One seed's world with its clients and its truth. */
export class Run {
  readonly truth = new Truth()
  readonly world: World
  readonly views: Views
  readonly prng: Prng
  readonly channels: readonly string[]
  readonly publishers: readonly Publisher[]
  readonly readers: readonly Reader[]
  readonly followers: readonly Follower[]
  readonly inject: Inject
  readonly room: Courtroom
  /** Cursors that somebody had once. */
  readonly cursors: Issued[] = []
  publishing = true
  /** Publishers that wait for an answer. */
  underWay = 0
  acknowledged = 0
  #deaths = 0

  constructor(
    readonly scenario: Scenario,
    readonly trace: Trace,
    rules: Partial<Rules> = {},
  ) {
    this.world = new World(scenario, trace, rules)
    this.views = new Views(this.world)
    this.prng = new Prng(`clients:${scenario.profile}:${scenario.seed}`)
    this.channels = Array.from({ length: scenario.load.channels }, (_, i) => `c${i}`)
    this.room = {
      truth: this.truth,
      split: () => this.views.split,
      amnesia: () => this.views.amnesia,
      crashed: () => this.#deaths > 0,
      nowMs: () => this.world.nowMs,
      retentionMs: scenario.core.retentionMs ?? 300_000,
      evicts: () => evicts(scenario) || this.truth.payloads.length >= 1000,
    }
    this.world.witness = {
      started: (life) => this.views.started(life),
      died: (life) => {
        this.#deaths++
        this.views.died(life)
        for (const follower of this.followers) follower.died(life)
      },
      stepped: (life, effects) => {
        this.truth.learn(life.id, effects)
        this.views.stepped(life, effects)
      },
      done: (life, effect) => this.#done(life, effect),
    }
    const start = this.prng.fork('start')
    for (const host of this.world.hosts)
      this.world.schedule.at(start.chance(0.7) ? start.scaled(1, 200) : start.scaled(1, 3000), () =>
        this.world.start(host),
      )
    this.publishers = Array.from({ length: scenario.load.publishers }, (_, i) => new Publisher(this, i))
    this.readers = Array.from({ length: scenario.load.readers }, (_, i) => new Reader(this, i))
    this.followers = Array.from({ length: this.prng.fork('followers').whole(1, 2) }, (_, i) => new Follower(this, i))
    this.inject = new Inject(this.world, scenario.faults)
  }

  #done(life: Life, effect: Effect): void {
    switch (effect.type) {
      case 'answer':
        for (const reader of effect.readers)
          if (reader instanceof Request || reader instanceof Subscription) reader.emit(life, effect)
        break
      case 'tell':
        for (const reader of effect.readers) if (reader instanceof Subscription) reader.emit(life, effect)
        break
      case 'stays':
        if (effect.reader instanceof Subscription) effect.reader.emit(life, effect)
        break
      case 'refuse':
        if (effect.reader instanceof Request || effect.reader instanceof Subscription) effect.reader.emit(life, effect)
        break
      case 'published':
        if (effect.publisher instanceof Request) effect.publisher.emit(life, effect)
        break
      case 'report':
        if (effect.report.event === 'invariant_broken')
          throw new Violation('I', `${life.host.name}: ${JSON.stringify(effect.report.detail)}`)
        break
    }
  }

  /** What is shown is held by every member of the view (promise 4). */
  vouch(life: Life, answer: Answer): void {
    const { members } = this.views.of(life)
    for (const shown of answer.messages) {
      const attempt = this.truth.of(shown)
      if (attempt.origin === undefined) this.locate(life, attempt)
      attempt.claim(members)
      attempt.show(life.id, this.world.nowMs)
    }
  }

  /** The cursor of all that this life has shown. */
  tip(life: Life): string {
    return this.ask(life, 'now', 1).cursor
  }

  /** All that a node keeps, in the order it gives it. */
  kept(life: Life): Kept[] {
    const kept: Kept[] = []
    let answer = this.ask(life, 'earliest', 1_000_000)
    while (answer.messages.length > 0) {
      for (const shown of answer.messages) kept.push({ attempt: this.truth.of(shown), id: shown.id })
      answer = this.ask(life, { cursor: answer.cursor }, 1_000_000)
    }
    return kept
  }

  /** Finds out where a message was stamped that has never been on a wire, from its id. */
  locate(life: Life, attempt: Attempt): void {
    const id = this.kept(life).find((each) => each.attempt === attempt)?.id
    if (id === undefined) return
    const { vector, time } = vectorOf(id)
    this.truth.place(attempt, attempt.by, vector.get(attempt.by) ?? 0, time)
  }

  ask(life: Life, from: From, limit: number): Answer {
    const reader = new Probe()
    const { channels, world } = this
    const poll = { type: 'poll', reader, database: 'd', channels, from, limit, waitMs: 0 } as const
    for (const effect of life.engine.step(poll, life.now(world.nowMs)))
      if (effect.type === 'answer') reader.answer = effect.answer
    if (!reader.answer) throw new Violation('C7', `${life.host.name} does not answer`)
    return reader.answer
  }
}

const evicts = ({ core }: Scenario): boolean =>
  (core.retentionCount ?? 1000) < 1000 || (core.retentionMs ?? 300_000) < 300_000 || core.retentionBytes !== undefined
