import type {
  Answer,
  Effect,
  Input,
  Outcome,
  Poll,
  Publish,
  Reader,
  Report,
  Status,
  SurveyWish,
} from '../../src/effect.js'
import type { Code } from '../../src/errors.js'
import { Histogram } from '../../src/log/histogram.js'
import type { Bus, Patron, Walk } from '../../src/ports.js'
import { keepable } from '../../src/publishing.js'

const status: Status = {
  id: 'n1' as Status['id'],
  name: 'one',
  ready: true,
  state: 'ready',
  view: { id: '1', members: ['one'] },
  members: [],
  counters: { published: 7 },
  gauges: { waiters: 0 },
  log: { kind: 'mesh' },
  times: { publish: new Histogram().spread(), delivery: new Histogram().spread() },
}

export const empty: Answer = { messages: [], cursor: '1.a' }

const settle = (patron: object, effect: Effect): void => (patron as Patron).settle(effect)

/** Stands in for the core: keeps what it is told, accepts every publish, and lets polls wait until the test answers. */
export class FakeBus implements Bus {
  ready = true
  draining = false
  readonly inputs: Input[] = []
  readonly reports: Report[] = []
  /** What was looked for in so many channels. */
  readonly surveys: SurveyWish[] = []
  channels = 1
  members: Status['members'] = []
  readonly waiting = new Set<Reader>()

  get serves(): boolean {
    return this.ready
  }

  /** Says what becomes of a publish; undefined for nothing yet. */
  outcome: (publish: Publish) => Outcome | undefined = ({ drafts }) => ({
    ok: true,
    ids: drafts.map((_, i) => `id-${i}`),
    copies: 3,
    duplicates: drafts.map(() => false),
  })
  onStep: (input: Input) => void = () => {}

  step(given: Input): void {
    const input = keepable(given)
    this.inputs.push(input)
    if (input.type === 'poll') {
      this.waiting.add(input.reader)
      if (input.waitMs === 0) this.answer(empty)
    } else if (input.type === 'cancel') this.waiting.delete(input.reader)
    else if (input.type === 'publish') this.#publish(input)
    this.onStep(input)
  }

  /** Answers everybody who waits. */
  answer(answer: Answer): void {
    const readers = [...this.waiting]
    this.waiting.clear()
    for (const reader of readers) settle(reader, { type: 'answer', readers, answer })
  }

  refuse(code: Code): void {
    for (const reader of this.waiting) settle(reader, { type: 'refuse', reader, code, reason: 'refused' })
    this.waiting.clear()
  }

  get polls(): readonly Poll[] {
    return this.inputs.filter((input) => input.type === 'poll')
  }

  get publishes(): readonly Publish[] {
    return this.inputs.filter((input) => input.type === 'publish')
  }

  status(): Status {
    return { ...status, members: this.members }
  }

  survey(wish: SurveyWish): Walk {
    this.surveys.push(wish)
    let left = this.channels
    const listed = [{ database: 'main', channel: 'a', depth: 3, rate: 0.5, readers: 1, quietMs: 7 }]
    const walk = (count: number): boolean => {
      left -= count
      return left > 0
    }
    return { matched: left, listed, walk }
  }

  report(report: Report): void {
    this.reports.push(report)
  }

  #publish(publish: Publish): void {
    const outcome = this.outcome(publish)
    if (outcome) settle(publish.publisher, { type: 'published', publisher: publish.publisher, outcome })
  }
}
