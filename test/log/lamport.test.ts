import { test } from 'tap'
import { Lamport, ticksPerMs } from '../../src/log/lamport.js'
import { makeNodeId, parseNodeId } from '../../src/log/node-id.js'

test('time rises with every stamp, follows the wall and what it has seen, and never goes back', (t) => {
  const lamport = new Lamport(true)
  const first = lamport.stamp(1000)
  t.equal(first, 1000 * ticksPerMs)
  t.equal(lamport.stamp(1000), first + 1)
  t.equal(lamport.stamp(500), first + 2, 'the wall went back')
  lamport.witness(first + 100)
  t.equal(lamport.stamp(1000), first + 101)
  lamport.witness(first)
  t.equal(lamport.stamp(1001), 1001 * ticksPerMs)
  t.end()
})

test('a stamp from a broken clock is not admitted', (t) => {
  const lamport = new Lamport(true)
  const hour = 3_600_000
  const wall = 50 * hour
  t.ok(lamport.admits((wall + hour) * ticksPerMs, wall))
  t.notOk(lamport.admits((wall + hour) * ticksPerMs + 1, wall))
  for (const time of [Number.NaN, Number.POSITIVE_INFINITY, 1.5, -1, 2 ** 53]) t.notOk(lamport.admits(time, wall))
  lamport.witness((wall + hour) * ticksPerMs)
  t.ok(lamport.admits((wall + 2 * hour) * ticksPerMs, wall), 'what the cluster has agreed on is the measure')
  t.end()
})

test('identities sort by age, and only their own form is read', (t) => {
  const ids = [0, 1, 63, 64, 1e12, 1.8e12, 2 ** 47].map((ms) => makeNodeId(ms, () => 0.999999999999))
  t.same([...ids].sort(), ids)
  for (const id of ids) t.equal(parseNodeId(id), id)
  for (const no of ['', 'short', `${ids[0]}x`, 'aaaaaaaaaaaaa.', 'aaaaaaaaaaaaaé', 14, null, undefined, {}])
    t.equal(parseNodeId(no), undefined)
  t.not(
    makeNodeId(5, () => 0.1),
    makeNodeId(5, () => 0.2),
  )
  t.end()
})
