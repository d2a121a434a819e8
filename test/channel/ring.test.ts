import fc from 'fast-check'
import { test } from 'tap'
import { Ring } from '../../src/channel/ring.js'
import { Arena } from '../../src/log/arena.js'
import { byKey, type Entry } from '../../src/log/entry.js'
import { Origin } from '../../src/log/origin.js'
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
  const origins = [new Origin(nodeId(1), new Arena()), new Origin(nodeId(2), new Arena())]
  fc.assert(
    fc.property(moves, (list: readonly Move[]) => {
      const ring = new Ring()
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
        } else if ('shift' in move) {
          if (ring.shift() !== twin.shift()) return false
        } else if (twin.length > 0) {
          const index = move.remove % twin.length
          if (ring.remove(index) !== twin.splice(index, 1)[0]) return false
        }
        if (ring.length !== twin.length) return false
      }
      return twin.every((each, i) => ring.at(i) === each && ring.find(each) === i && ring.since(each.time) <= i)
    }),
    { seed: 3, numRuns: 300 },
  )
  t.pass('300 rings agreed with their twins')
  t.end()
})

test('where a time begins', (t) => {
  const ring = new Ring()
  const origin = new Origin(nodeId(1), new Arena())
  for (const time of [10, 20, 30]) ring.insert(entry(origin, time, time))
  t.same(
    [5, 10, 11, 30, 31].map((time) => ring.since(time)),
    [0, 0, 1, 2, 3],
  )
  t.equal(ring.shift()?.time, 10)
  t.same(
    [5, 20, 21].map((time) => ring.since(time)),
    [0, 0, 1],
  )
  t.end()
})
