import fc from 'fast-check'
import { test } from 'tap'
import type { Entry } from '../../src/log/entry.js'
import { Origin } from '../../src/log/origin.js'
import { Slabs } from '../../src/log/slabs.js'
import { entry, nodeId } from '../support/core.js'

type Move = { readonly append: number } | { readonly skip: number } | { readonly drop: number }

const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ append: fc.integer({ min: 1, max: 9 }) }) },
    { weight: 1, arbitrary: fc.record({ skip: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 4, arbitrary: fc.record({ drop: fc.nat(200) }) },
  ),
  { maxLength: 300 },
)

/** A log as anybody would write it: one map. */
class Twin {
  readonly held = new Map<number, Entry>()
  have = 0
  time = 0

  upTo(time: number): number {
    if (this.time <= time) return this.have
    let last = 0
    for (const { seq, time: at } of this.held.values()) if (at <= time) last = Math.max(last, seq)
    return last
  }
}

const play = (list: readonly Move[]): { origin: Origin; twin: Twin } => {
  const origin = new Origin(nodeId(1), new Slabs())
  const twin = new Twin()
  for (const move of list) {
    if ('append' in move) {
      const each = entry(origin, twin.have + 1, twin.time + move.append)
      origin.append(each)
      twin.held.set(each.seq, each)
      twin.have = each.seq
      twin.time = each.time
    } else if ('skip' in move) {
      twin.have += move.skip
      twin.time += move.skip
      origin.skip(twin.have, twin.time, 0)
    } else if (twin.have > 0) {
      const seq = 1 + (move.drop % twin.have)
      origin.drop(seq)
      twin.held.delete(seq)
    }
  }
  return { origin, twin }
}

const isSame = (a: Entry | undefined, b: Entry | undefined): boolean => (a && b ? a.is(b) : a === b)

test('a log agrees with a map of its records', (t) => {
  fc.assert(
    fc.property(moves, (list) => {
      const { origin, twin } = play(list)
      if (origin.have !== twin.have || origin.time !== twin.time) return false
      for (let seq = 0; seq <= twin.have + 2; seq++) if (!isSame(origin.at(seq), twin.held.get(seq))) return false
      return true
    }),
    { seed: 5, numRuns: 500 },
  )
  t.pass('500 logs agreed')
  t.end()
})

test('how far a log is at a time: the last record held that is not later', (t) => {
  fc.assert(
    fc.property(moves, fc.nat(600), (list, time) => {
      const { origin, twin } = play(list)
      return origin.upTo(time) === twin.upTo(time)
    }),
    { seed: 6, numRuns: 500 },
  )
  t.pass('500 logs agreed')
  t.end()
})

test('the time of what is gone lies between its neighbours', (t) => {
  fc.assert(
    fc.property(moves, (list) => {
      const { origin, twin } = play(list)
      const kept = [...twin.held.values()]
      for (let seq = 1; seq <= twin.have; seq++) {
        const time = origin.timeAt(seq)
        if (kept.some((each) => each.seq > seq && each.time <= time)) return false
        if (kept.some((each) => each.seq <= seq && each.time > time)) return false
      }
      return true
    }),
    { seed: 7, numRuns: 300 },
  )
  t.pass('300 logs agreed')
  t.end()
})

test('the oldest kept is found over holes and after drops', (t) => {
  const origin = new Origin(nodeId(1), new Slabs())
  for (let seq = 1; seq <= 5; seq++) {
    const each = entry(origin, seq, seq)
    each.kept = seq !== 2
    origin.append(each)
  }
  t.equal(origin.oldest(), undefined, 'nothing is kept that was not shown')
  origin.shown = 5
  t.equal(origin.oldest()?.seq, 1)
  const first = origin.at(1)
  if (first) first.kept = false
  origin.drop(1)
  t.equal(origin.oldest()?.seq, 3)
  const second = origin.at(2)
  if (second) second.kept = true
  origin.keep(2)
  t.equal(origin.oldest()?.seq, 2, 'what is kept later than its followers')
  t.end()
})
