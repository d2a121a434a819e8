import { test } from 'tap'
import { Keys } from '../../src/channel/keys.js'
import type { Entry } from '../../src/log/entry.js'
import { ticksPerMs } from '../../src/log/lamport.js'
import { Origin } from '../../src/log/origin.js'
import { Slabs } from '../../src/log/slabs.js'
import { entry, nodeId } from '../support/core.js'

const origin = new Origin(nodeId(1), new Slabs())
const keyed = (seq: number, key: string, ms = seq): Entry =>
  entry(origin, seq, ms * ticksPerMs, 'a', { key, digest: '' })

test('the first in the order holds a key; later ones are told of it', (t) => {
  const keys = new Keys(1000, 10, () => {})
  const first = keyed(1, 'k')
  t.equal(keys.claim(first), undefined)
  t.ok(keys.claim(keyed(2, 'k'))?.is(first))
  t.ok(keys.get('main', 'k')?.is(first))
  t.equal(keys.get('other', 'k'), undefined, 'a key belongs to its database')
  t.end()
})

test('keys expire by the time in the order, not by any clock', (t) => {
  const gone: Entry[] = []
  const keys = new Keys(1000, 10, (each) => gone.push(each))
  const first = keyed(1, 'k', 0)
  keys.claim(first)
  t.ok(keys.claim(keyed(2, 'k', 1000))?.is(first), 'at the very end of its time')
  const second = keyed(3, 'k', 1001)
  t.equal(keys.claim(second), undefined)
  t.equal(gone.length, 1)
  t.ok(gone[0]?.is(first))
  t.ok(keys.get('main', 'k')?.is(second))
  t.end()
})

test('beyond the limit the oldest keys go', (t) => {
  const keys = new Keys(1000, 2, () => {})
  for (let i = 1; i <= 3; i++) keys.claim(keyed(i, `k${i}`))
  t.equal(keys.size, 2)
  t.equal(keys.get('main', 'k1'), undefined)
  t.ok(keys.get('main', 'k3'))
  t.end()
})

test('of two holders that were decided apart the first in the order stays', (t) => {
  const gone: Entry[] = []
  const keys = new Keys(1000, 10, (each) => gone.push(each))
  const late = keyed(5, 'k')
  const early = keyed(2, 'k')
  keys.hold(late)
  keys.hold(early)
  t.ok(keys.get('main', 'k')?.is(early))
  t.equal(gone.length, 1)
  t.ok(gone[0]?.is(late), 'at once: nobody may hold on to it')
  keys.hold(late)
  t.ok(keys.get('main', 'k')?.is(early))
  t.ok(keys.holds(early))
  t.notOk(keys.holds(late))
  t.end()
})
