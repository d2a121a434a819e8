import fc from 'fast-check'
import { test } from 'tap'
import { draft, Lone } from '../support/core.js'

/** What a reader should get, said in the plainest way: all messages ever, and which of them are still kept. */
class Twin {
  readonly all: { readonly channel: string; readonly text: number }[] = []

  constructor(readonly perChannel: number) {}

  publish(channel: string, text: number): void {
    this.all.push({ channel, text })
  }

  /** Indices of what is still kept. */
  kept(): Set<number> {
    const kept = new Set<number>()
    const counts = new Map<string, number>()
    for (let i = this.all.length - 1; i >= 0; i--) {
      const channel = this.all[i]?.channel ?? ''
      const count = counts.get(channel) ?? 0
      if (count < this.perChannel) kept.add(i)
      counts.set(channel, count + 1)
    }
    return kept
  }

  read(from: number, channels: readonly string[], limit: number): { texts: number[]; next: number; gap: boolean } {
    const kept = this.kept()
    const texts: number[] = []
    let gap = false
    let next = this.all.length
    for (let i = from; i < this.all.length; i++) {
      const each = this.all[i]
      if (!each || !channels.includes(each.channel)) continue
      if (!kept.has(i)) gap = true
      else if (texts.push(each.text) === limit) {
        next = i + 1
        break
      }
    }
    return { texts, next, gap }
  }
}

type Move =
  | { readonly publish: string; readonly count: number }
  | { readonly read: number; readonly channels: string[]; readonly limit: number }

const channel = fc.constantFrom('a', 'b', 'c')
const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ publish: channel, count: fc.integer({ min: 1, max: 4 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        read: fc.nat(3),
        channels: fc.uniqueArray(channel, { minLength: 1 }),
        limit: fc.integer({ min: 1, max: 6 }),
      }),
    },
  ),
  { maxLength: 120 },
)

test('readers get what the twin says: each message once, in order, or a gap', (t) => {
  fc.assert(
    fc.property(moves, fc.integer({ min: 1, max: 12 }), (list, perChannel) => {
      const lone = new Lone({ retentionCount: perChannel })
      const twin = new Twin(perChannel)
      const readers = Array.from({ length: 4 }, () => ({ cursor: '', at: 0 }))
      for (const reader of readers) reader.cursor = lone.poll('earliest', ['a'], { waitMs: 0 }).cursor
      let text = 0
      for (const move of list) {
        if ('publish' in move) {
          const drafts = Array.from({ length: move.count }, () => draft(move.publish, ++text))
          for (let i = 0; i < move.count; i++) twin.publish(move.publish, text - move.count + 1 + i)
          if (!lone.publish(drafts)?.ok) return false
          continue
        }
        const reader = readers[move.read]
        if (!reader) return false
        const { channels, limit } = move
        const asked = lone.poll({ cursor: reader.cursor }, channels, { limit, waitMs: 0 })
        const expected = twin.read(reader.at, channels, limit)
        if (JSON.stringify(asked.texts) !== JSON.stringify(expected.texts)) return false
        // A gap is told as soon as anything is missing, also of what comes later in the order.
        if (asked.answer?.gap === undefined && expected.gap) return false
        if (asked.answer?.gap !== undefined && !twin.read(reader.at, channels, Number.POSITIVE_INFINITY).gap)
          return false
        reader.cursor = asked.cursor
        reader.at = expected.next
      }
      return lone.engine.audit().length === 0
    }),
    { seed: 11, numRuns: 400 },
  )
  t.pass('400 histories agreed')
  t.end()
})

test('a waiter is answered by the next message on any of its channels, and only once', (t) => {
  const lone = new Lone()
  const asked = lone.poll('now', ['a', 'b'])
  const other = lone.poll('now', ['c'])
  lone.publish(draft('x', 0))
  t.equal(asked.answer, undefined)
  lone.publish([draft('b', 1), draft('a', 2), draft('c', 3)])
  t.same(asked.texts, [1, 2])
  t.same(other.texts, [3])
  const answers = lone.effects.filter(({ type }) => type === 'answer').length
  lone.publish(draft('a', 4))
  t.equal(lone.effects.filter(({ type }) => type === 'answer').length, answers)
  t.equal(lone.gauge('waiters'), 0)
  t.same(
    lone.poll({ cursor: asked.cursor }, ['a', 'b', 'c'], { waitMs: 0 }).texts,
    [4],
    'a position is for any channel',
  )
  t.end()
})

test('all who wait alike are given one answer', (t) => {
  const lone = new Lone()
  const many = Array.from({ length: 50 }, () => lone.poll('now', ['a']))
  lone.publish(draft('a', 1))
  const answers = lone.effects.filter(({ type }) => type === 'answer')
  t.equal(answers.length, 1)
  t.ok(many.every(({ texts }) => texts[0] === 1))
  t.end()
})

test('who goes away is not waited for, and who has waited enough is answered with a fresh cursor', (t) => {
  const lone = new Lone()
  const gone = lone.poll('now', ['a'])
  const patient = lone.poll('now', ['a'], { waitMs: 500 })
  lone.step({ type: 'cancel', reader: gone.reader })
  lone.step({ type: 'cancel', reader: gone.reader })
  lone.publish(draft('b', 1))
  lone.pass(499)
  t.equal(patient.answer, undefined)
  lone.pass(40)
  t.same(patient.answer?.messages, [])
  t.equal(gone.answer, undefined)
  t.same(lone.poll({ cursor: patient.cursor }, ['b'], { waitMs: 0 }).texts, [], 'its cursor has moved on meanwhile')
  t.end()
})

test('the oldest, the present, and what is young enough', (t) => {
  const lone = new Lone()
  lone.publish(draft('a', 1))
  lone.pass(6000)
  lone.publish([draft('a', 2), draft('b', 3)])
  t.same(lone.poll('earliest', ['a', 'b'], { waitMs: 0 }).texts, [1, 2, 3])
  t.same(lone.poll('now', ['a', 'b'], { waitMs: 0 }).texts, [])
  t.same(lone.poll({ recentMs: 5000 }, ['a', 'b'], { waitMs: 0 }).texts, [2, 3])
  t.same(lone.poll({ recentMs: 60_000 }, ['a'], { waitMs: 0, limit: 1 }).texts, [1])
  t.end()
})

test('databases never meet', (t) => {
  const lone = new Lone()
  lone.publish({ ...draft('a', 1), database: 'other' })
  t.same(lone.poll('earliest', ['a'], { waitMs: 0 }).texts, [])
  t.same(lone.poll('earliest', ['a'], { waitMs: 0, database: 'other' }).texts, [1])
  t.end()
})

test('a cursor of another cluster is told a gap, once, and then goes on', (t) => {
  const stranger = new Lone({ name: 'stranger' })
  const elsewhere = new Lone({ name: 'elsewhere' }, 60_000)
  stranger.publish(draft('a', 1))
  const { cursor } = stranger.poll('earliest', ['a'], { waitMs: 0 })
  elsewhere.publish(draft('a', 2))
  const asked = elsewhere.poll({ cursor }, ['a'], { waitMs: 0 })
  t.equal(asked.answer?.gap?.reason, 'unknown_origin')
  t.same(asked.texts, [2])
  elsewhere.publish(draft('a', 3))
  const next = elsewhere.poll({ cursor: asked.cursor }, ['a'], { waitMs: 0 })
  t.equal(next.answer?.gap, undefined)
  t.same(next.texts, [3])
  t.same(stranger.poll({ cursor: next.cursor }, ['a'], { waitMs: 0 }).texts, [], 'and what it had is not given again')
  t.end()
})
