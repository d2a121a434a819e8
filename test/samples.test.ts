import { test } from 'tap'
import { type Sample, Samples, spreadTable } from '../bin/bench/samples.js'

test('a phase is told as it was at its end, and at its worst', (t) => {
  const course: Sample[] = [
    { atMs: 0, counts: [2, 1], away: 0, connects: 3 },
    { atMs: 500, counts: [0, 1], away: 2, connects: 3 },
    { atMs: 1000, counts: [0, 2], away: 1, connects: 4 },
    { atMs: 2000, counts: [1, 2], away: 0, connects: 7 },
    { atMs: 2000, counts: [1, 2], away: 0, connects: 7 },
    { atMs: 4000, counts: [0, 0], away: 3, connects: 7 },
  ]
  let next = 0
  const samples = new Samples(() => course[next++] ?? { atMs: 0, counts: [], away: 0, connects: 0 })
  samples.end()
  samples.phase('one')
  samples.take()
  samples.take()
  samples.phase('two')
  samples.end()
  t.same(samples.rows, [
    {
      phase: 'one',
      seconds: 2,
      counts: [1, 2],
      away: 0,
      awayMost: 2,
      unevenness: 4 / 3,
      reconnects: 4,
      reconnectsMost: 3,
    },
    {
      phase: 'two',
      seconds: 2,
      counts: [0, 0],
      away: 3,
      awayMost: 3,
      unevenness: 0,
      reconnects: 0,
      reconnectsMost: 0,
    },
  ])
  t.match(spreadTable(samples.rows)[1], /^one +2\.0 +1 +2 +1\.33 +2 +4 +3$/)
  t.end()
})
