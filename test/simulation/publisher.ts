import type { Outcome } from '../../src/effect.js'
import type { Prng } from '../../src/verify/prng.js'
import { asRead } from '../support/pieces.js'
import type { Issued } from './chain.js'
import type { Host, Life } from './life.js'
import { Request, type Result, type Settled } from './request.js'
import type { Run } from './run.js'
import { type Attempt, type Payload, precedes, vectorOf } from './truth.js'
import { Violation } from './violation.js'

const triesMost = 8

interface Job {
  readonly payloads: readonly Payload[]
  readonly keyed: boolean
  readonly ack: 'all' | 'local'
  readonly minCopies: number
  tries: number
  /** The last that was acknowledged before this began (C9). */
  readonly after: Attempt | undefined
  /** What the last acknowledgement of it stood for. */
  told: readonly (Attempt | undefined)[]
}

/**
 * One client that publishes one thing after the other. What was refused it tries elsewhere; what has no known fate it
 * tries again only if it has a key. It has the outcomes checked as they are told.
 */
export class Publisher {
  /** Ids that it was told: readers may start there. */
  readonly ids: Issued[] = []
  readonly #run: Run
  readonly #prng: Prng
  readonly #sticky: boolean
  #home: Host
  /** The greatest that it knows to be acknowledged. */
  #last: Attempt | undefined

  constructor(
    run: Run,
    readonly index: number,
  ) {
    this.#run = run
    this.#prng = run.prng.fork(`publisher:${index}`)
    this.#sticky = this.#prng.chance(0.5)
    this.#home = this.#prng.pick(run.world.hosts)
    this.#later()
  }

  #later(): void {
    const { load } = this.#run.scenario
    const { schedule } = this.#run.world
    schedule.after(this.#prng.wait(load.publishEveryMs * load.publishers), () => {
      if (!this.#run.publishing) return
      this.#attempt(this.#job())
    })
  }

  #job(): Job {
    const { load } = this.#run.scenario
    const prng = this.#prng
    const keyed = prng.chance(0.6)
    const count = load.batches && prng.chance(0.3) ? prng.whole(2, 6) : 1
    const payloads = Array.from({ length: count }, () =>
      this.#run.truth.payload(prng.pick(this.#run.channels), keyed && prng.chance(0.9)),
    )
    const local = load.localAck && prng.chance(0.5)
    const minCopies = load.twoCopies && !local && prng.chance(0.5) ? 2 : 1
    const whole = payloads.every(({ key }) => key !== undefined)
    return { payloads, keyed: whole, ack: local ? 'local' : 'all', minCopies, tries: 0, after: this.#last, told: [] }
  }

  #attempt(job: Job): void {
    if (!this.#run.publishing) return
    const { world, truth, scenario } = this.#run
    const { publishTimeoutMs = 10_000 } = scenario.core
    if (!this.#sticky || job.tries > 0) this.#home = this.#prng.pick(world.hosts)
    job.tries++
    this.#run.underWay++
    let attempts: Attempt[] = []
    new Request(world, {
      host: this.#home,
      patienceMs: this.#prng.chance(0.3) ? this.#prng.scaled(200, 2000) : publishTimeoutMs + 3000,
      deadlineMs: publishTimeoutMs,
      lost: scenario.load.lostAnswers,
      input: (publisher, life) => {
        const deps = life.engine.ready ? vectorOf(this.#run.tip(life)).vector : undefined
        attempts = job.payloads.map((payload) => {
          const padding = this.#prng.below(scenario.load.paddingMost + 1)
          const attempt = truth.attempt(payload, life.id, world.nowMs, padding)
          attempt.deps = deps
          return attempt
        })
        const drafts = asRead(attempts.map(({ draft }) => draft))
        return { type: 'publish', publisher, drafts, ack: job.ack, minCopies: job.minCopies }
      },
      emitted: (life, settled) => {
        if (settled.type === 'published') this.#judge(job, attempts, life, settled.outcome)
      },
      got: (result) => this.#got(job, result),
    })
  }

  /** What the node says is held against it, whether or not it reaches the client. */
  #judge(job: Job, attempts: readonly Attempt[], life: Life, outcome: Outcome): void {
    if (!outcome.ok) {
      if (outcome.unknown) return
      for (const attempt of attempts) {
        attempt.refused = true
        if (attempt.seen) throw new Violation('C6', `${attempt} was shown, and then refused: ${outcome.code}`)
      }
      return
    }
    this.#run.acknowledged++
    const { members } = this.#run.views.of(life)
    if (job.ack === 'all' && outcome.copies !== members.length)
      throw new Violation('C1', `${outcome.copies} copies in a view of ${members.length}`)
    if (outcome.copies < job.minCopies) throw new Violation('C1', `${outcome.copies} copies, ${job.minCopies} wanted`)
    const holders = job.ack === 'all' ? members : [life.id]
    job.told = attempts.map((attempt, i) => this.#told(attempt, life, outcome, i, job.ack === 'local'))
    for (const each of job.told) {
      each?.claim(holders)
      if (job.ack === 'all') each?.show(life.id, this.#run.world.nowMs)
    }
    if (job.ack === 'all') this.#inTurn(job)
  }

  /** The try that the outcome's id stands for, as far as it can be known. */
  #told(
    attempt: Attempt,
    life: Life,
    outcome: Outcome & { readonly ok: true },
    i: number,
    local: boolean,
  ): Attempt | undefined {
    const { vector, time } = vectorOf(outcome.ids[i] ?? '')
    const { payload } = attempt
    if (outcome.duplicates[i]) {
      if (payload.key === undefined) throw new Violation('C10', `${attempt} is called a duplicate, and has no key`)
      return payload.attempts.find((other) => other.origin !== undefined && other.time === time)
    }
    const seq = vector.get(life.id)
    if (seq === undefined) throw new Violation('C5', `the id of ${attempt} does not name where it was stamped`)
    if (!local) this.#run.truth.place(attempt, life.id, seq, time)
    else if (attempt.origin === undefined) this.#run.locate(life, attempt)
    return attempt
  }

  /** C9: without a split, what one publisher was told in turn is in that order. */
  #inTurn({ after, told }: Job): void {
    if (this.#run.views.split || !after) return
    for (const attempt of told)
      if (attempt && precedes(attempt, after))
        throw new Violation('C9', `${attempt} comes before ${after}, which was acknowledged before it was sent`)
  }

  #got(job: Job, result: Result): void {
    this.#run.underWay--
    const settled = typeof result === 'string' ? undefined : result
    if (settled?.type === 'published' && settled.outcome.ok) this.#acknowledged(job, settled)
    const again = this.#again(job, result)
    if (again && job.tries < triesMost)
      this.#run.world.schedule.after(this.#prng.scaled(5, 600), () => this.#attempt(job))
    else this.#later()
  }

  #acknowledged({ ack, told }: Job, settled: Settled & { readonly type: 'published' }): void {
    const atMs = this.#run.world.nowMs
    if (settled.outcome.ok && this.ids.length < 100)
      this.ids.push(...settled.outcome.ids.map((text) => ({ text, atMs })))
    if (ack === 'local') return
    for (const attempt of told) if (attempt && (!this.#last || precedes(this.#last, attempt))) this.#last = attempt
  }

  #again(job: Job, result: Result): boolean {
    if (!this.#run.publishing) return false
    if (result === 'unreachable') return true
    if (result === 'unknown') return job.keyed
    if (result.type !== 'published' || result.outcome.ok || result.outcome.code === 'key_conflict') return false
    return result.outcome.unknown ? job.keyed : true
  }
}
