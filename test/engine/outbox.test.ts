import { test } from 'tap'
import type { Batch } from '../../src/cluster/message.js'
import { Outbox } from '../../src/cluster/outbox.js'
import { coreDefaults } from '../../src/limits.js'
import { Origin } from '../../src/log/origin.js'
import { Slabs } from '../../src/log/slabs.js'
import { entry, nodeId } from '../support/core.js'

const [self, other] = [nodeId(1), nodeId(2)]
const coalesceMs = 10

const start = (): { outbox: Outbox; origin: Origin; at(ms: number): Batch[] } => {
  const origin = new Origin(self, new Slabs())
  const view = { id: { ballot: 1, proposer: self }, members: [self, other] }
  const outbox = new Outbox(view, origin, 0, { ...coreDefaults, coalesceMs }, 0)
  const at = (ms: number): Batch[] => {
    const sent: Batch[] = []
    outbox.flush([origin.have, 0], ms, (_, batch) => sent.push(batch))
    return sent
  }
  // The line is no longer quiet.
  at(0)
  return { outbox, origin, at }
}

test('records are gathered, and sent at once when the line was quiet', (t) => {
  const { outbox, origin, at } = start()
  origin.append(entry(origin, 1, 1))
  outbox.touch()
  t.equal(outbox.nextMs, coalesceMs)
  t.same(at(coalesceMs - 1), [])
  origin.append(entry(origin, 2, 2))
  const [batch] = at(coalesceMs)
  t.equal(batch?.records.length, 2)
  t.equal(outbox.nextMs, Number.POSITIVE_INFINITY, 'there is nothing more')
  origin.append(entry(origin, 3, 3))
  outbox.touch()
  t.equal(at(100).length, 1)
  t.end()
})

test('a row without records waits half as long: others wait for it', (t) => {
  const { outbox, at } = start()
  outbox.touch()
  t.equal(outbox.nextMs, coalesceMs / 2)
  t.same(at(coalesceMs / 2 - 1), [])
  t.match(at(coalesceMs / 2), [{ row: [0, 0], records: [] }])
  t.end()
})
