import { getHeapSpaceStatistics } from 'node:v8'
import t from 'tap'
import { keepYoungSmall } from '../bin/young.js'

const youngBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? Number.NaN

/** What makes V8 enlarge it: much that is alive when it looks. */
const survivors = (): object[] => {
  const all: object[] = []
  for (let i = 0; i < 500_000; i++) all.push({ i, list: [i] })
  return all
}

t.test('the young generation of the heap stays as it is', (t) => {
  keepYoungSmall()
  // What was under way when it was told is done with the first collection.
  survivors()
  const before = youngBytes()
  t.ok(before > 0)
  survivors()
  t.equal(youngBytes(), before)
  t.end()
})
