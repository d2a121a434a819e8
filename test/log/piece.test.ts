import { test } from 'tap'
import { BytePiece } from '../../src/http/piece.js'
import { draftApart } from '../../src/log/apart.js'
import { entryOf, sizeOf } from '../../src/log/entry.js'
import { Ledger } from '../../src/log/ledger.js'
import { Origin } from '../../src/log/origin.js'
import { nodeId } from '../support/core.js'

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i))

test('what comes in as a piece of bytes is kept as the text that it was', (t) => {
  const origin = new Origin(nodeId(1), new Ledger().slabs)
  const bytes = Buffer.alloc(600_000)
  for (const [seq, [from, to]] of [
    [0, 256],
    [3, 1003],
    [1, 262_145], // as long as an arena takes
    [1, 262_146],
    [7, 600_000],
  ].entries() as IterableIterator<[number, [number, number]]>) {
    bytes.fill(everyByte)
    const text = bytes.toString('latin1', from, to)
    const draft = { database: 'main', channel: 'c', head: '', tail: new BytePiece(bytes, from, to) }
    t.equal(draft.tail.length, text.length)
    t.ok(draft.tail.bytes.equals(bytes.subarray(from, to)))
    const kept = draftApart(draft)
    const entry = entryOf(origin, seq + 1, seq + 1, draft, 0)
    t.equal(entry.size, sizeOf({ ...draft, tail: text }))
    // The next request comes to lie there.
    bytes.fill('?')
    t.ok(entry.tail === text && entry.weight === text.length)
    t.ok(kept.tail === text)
  }
  t.end()
})
