import fc from 'fast-check'
import { test } from 'tap'
import { Ring } from '../../src/channel/ring.js'
import { byKey, type Entry } from '../../src/log/entry.js'
import { Origin } from '../../src/log/origin.js'
import { Slabs } from '../../src/log/slabs.js'
import { entry, nodeId } from '../support/core.js'

type Move = { readonly insert: number } | { readonly shift: true } | { readonly remove: number }

const moves = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ insert: fc.nat(60) }) },
    { weight: 2, arbitrary: fc.constant({ shift: true as const }) },
    { weight: 1, arbitrary: fc.record({ remove: fc.nat(100) }) },
  ),
  { maxLength: 400 },
)

test('a ring is a sorted list, however it is filled and emptied', (t) => {
  const slabs = new Slabs()
  const origins = [new Origin(nodeId(1), slabs), new Origin(nodeId(2), slabs)]
  fc.assert(
    fc.property(moves, (list: readonly Move[]) => {
      const ring = new Ring(slabs)
      const twin: Entry[] = []
      let seq = 0
      for (const move of list) {
        if ('insert' in move) {
          const origin = origins[seq % 2]
          const time = move.insert * 1000 + seq++
          if (!origin) continue
          const each = entry(origin, seq, time)
          ring.insert(each)
          twin.push(each)
          twin.sort(byKey)
        } else if (twin.length > 0) {
          const [gone] = twin.splice('shift' in move ? 0 : move.remove % twin.length, 1)
          if (gone) ring.remove(gone)
        }
        if (ring.length !== twin.length) return false
      }
      return twin.every((each, i) => ring.at(i)?.is(each) && ring.find(each) === i && ring.since(each.time) <= i)
    }),
    { seed: 3, numRuns: 300 },
  )
  t.pass('300 rings agreed with their twins')
  t.end()
})

test('where a time begins', (t) => {
  const slabs = new Slabs()
  const ring = new Ring(slabs)
  const origin = new Origin(nodeId(1), slabs)
  const entries = [10, 20, 30].map((time) => entry(origin, time, time))
  for (const each of entries) ring.insert(each)
  t.same(
    [5, 10, 11, 30, 31].map((time) => ring.since(time)),
    [0, 0, 1, 2, 3],
  )
  if (entries[0]) ring.remove(entries[0])
  t.same(
    [5, 20, 21].map((time) => ring.since(time)),
    [0, 0, 1],
  )
  t.end()
})
