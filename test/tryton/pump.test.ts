import { test } from 'tap'
import type { Outcome, Publish, Report } from '../../src/effect.js'
import { Pump, type PumpOptions, pumpDefaults } from '../../src/tryton/pump.js'
import { FakeBus } from '../http/fake-bus.js'
import { draft } from '../support/core.js'
import { until } from '../support/until.js'

const failed = (code: Extract<Outcome, { ok: false }>['code']): Outcome => ({
  ok: false,
  code,
  reason: 'so',
  unknown: code === 'outcome_unknown',
})

interface Scene {
  readonly bus: FakeBus
  readonly pump: Pump
  readonly reports: Report[]
  readonly time: { ms: number }
  add(...texts: readonly string[]): void
  answer(outcome?: (publish: Publish) => Outcome): void
}

const scene = (options: Partial<PumpOptions> = {}): Scene => {
  const bus = new FakeBus()
  const reports: Report[] = []
  const time = { ms: 0 }
  const accept = bus.outcome
  bus.outcome = () => undefined
  const all = { ...pumpDefaults, retryMs: { first: 0, max: 0 }, ...options }
  const pump = new Pump({ bus, report: (each) => reports.push(each), now: () => time.ms, options: all })
  const add = (...texts: readonly string[]): void => {
    for (const key of texts) pump.add(draft('a', key, { key, digest: key }))
  }
  const answer = (outcome: (publish: Publish) => Outcome | undefined = accept): void => {
    const publish = bus.publishes.at(-1)
    const what = publish && outcome(publish)
    if (what) pump.settle({ type: 'published', publisher: pump, outcome: what })
  }
  return { bus, pump, reports, time, add, answer }
}

const batches = ({ bus }: Scene): readonly string[] =>
  bus.publishes.map(({ drafts }) => drafts.map(({ key }) => key).join(' '))

test('one publish at a time; what comes meanwhile goes together, in order', (t) => {
  const all = scene({ batch: 3 })
  all.add('1', '2', '3', '4', '5', '6')
  t.same(batches(all), ['1'])
  all.answer()
  all.answer()
  all.add('7')
  all.answer()
  all.answer()
  t.same(batches(all), ['1', '2 3 4', '5 6', '7'])
  t.match(all.pump, { size: 0, published: 7, duplicates: 0 })
  t.end()
})

test('what others published before is counted as such', (t) => {
  const all = scene()
  all.add('1')
  all.answer(({ drafts }) => ({ ok: true, copies: 3, ids: drafts.map(() => 'id'), duplicates: [true] }))
  t.match(all.pump, { published: 0, duplicates: 1 })
  t.end()
})

test('a refusal of the moment is tried again, the same ones first', async (t) => {
  const all = scene()
  all.add('1', '2')
  for (const code of ['not_ready', 'overloaded', 'outcome_unknown'] as const) {
    const count = all.bus.publishes.length
    all.answer(() => failed(code))
    await until('again', () => all.bus.publishes.length > count)
  }
  all.add('3')
  all.answer()
  t.same(batches(all), ['1', '1 2', '1 2', '1 2', '3'])
  t.end()
})

test('one that can never be published holds up no other', (t) => {
  const all = scene()
  all.add('0', '1', 'bad', '2', '3')
  all.answer()
  const judge = ({ drafts }: Publish): Outcome => {
    const ids = drafts.map(() => 'id')
    const duplicates = drafts.map(() => false)
    return drafts.some(({ key }) => key === 'bad') ? failed('key_conflict') : { ok: true, copies: 1, ids, duplicates }
  }
  for (let i = 0; i < 5; i++) all.answer(judge)
  all.add('4')
  all.answer(judge)
  all.add('5', '6')
  t.same(batches(all), ['0', '1 bad 2 3', '1', 'bad', '2', '3', '4', '5'])
  t.match(all.pump, { published: 5, dropped: 1 })
  t.match(all.reports, [{ event: 'notifications_dropped', detail: { why: 'key_conflict' } }])
  t.end()
})

test('too many, and too old ones, are let go, the oldest first', (t) => {
  const all = scene({ waitingMax: 3 })
  all.add('1', '2', '3', '4', '5')
  t.match(all.pump, { size: 3, dropped: 2 })
  all.time.ms = pumpDefaults.staleMs + 1
  all.add('6')
  all.answer()
  t.same(batches(all), ['1', '6'])
  t.equal(all.reports.length, 1, 'told once')
  t.end()
})

test('a node that stops publishes nothing more', (t) => {
  const all = scene()
  all.add('1')
  all.bus.draining = true
  all.add('2')
  all.answer()
  all.pump.close()
  all.add('3')
  t.same(batches(all), ['1'])
  t.end()
})
