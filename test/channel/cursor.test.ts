import fc from 'fast-check'
import { test } from 'tap'
import { type Cursor, formatCursor, parseCursor } from '../../src/channel/cursor.js'
import { base64 } from '../../src/channel/digits.js'
import { formatPosition } from '../../src/channel/message-id.js'
import { nodeId } from '../support/core.js'

const originsMax = 64
const seed = 2

const cursors: fc.Arbitrary<Cursor> = fc
  .record({
    time: fc.maxSafeNat(),
    parts: fc.uniqueArray(fc.tuple(fc.nat(10_000), fc.maxSafeNat(), fc.boolean()), {
      maxLength: 40,
      selector: ([number]) => number,
    }),
  })
  .map(({ time, parts }) => {
    const sorted = parts.filter(([, seq]) => seq > 0).sort(([a], [b]) => a - b)
    return {
      time,
      origins: sorted.map(([number]) => nodeId(number)),
      seqs: sorted.map(([, seq]) => seq),
      told: sorted.map(([, , told]) => told),
    }
  })

test('a cursor is the same after a journey as text', (t) => {
  fc.assert(
    fc.property(cursors, (cursor) => {
      t.same(parseCursor(formatCursor(cursor), originsMax), cursor)
    }),
    { seed },
  )
  t.end()
})

test('a position is spelled as the cursor of which nothing is told, whatever was spelled before it', (t) => {
  fc.assert(
    fc.property(cursors, fc.nat(5000), (cursor, more) => {
      const { origins } = cursor
      for (const add of [0, 1, more]) {
        const position = { time: cursor.time + add, origins, seqs: cursor.seqs.map((seq) => Math.max(1, seq - add)) }
        t.equal(formatPosition(position), formatCursor({ ...position, told: [] }))
      }
    }),
    { seed },
  )
  t.end()
})

test('a cursor of the known origins has their list, any other one its own', (t) => {
  const known = [nodeId(1), nodeId(2), nodeId(3)]
  fc.assert(
    fc.property(fc.subarray(known), fc.nat(3), fc.boolean(), (origins, more, isTold) => {
      const all = more > 0 ? [...origins, nodeId(3 + more)] : origins
      const cursor = { time: 1, origins: all, seqs: all.map((_, i) => i + 1), told: all.map(() => isTold) }
      const parsed = parseCursor(formatCursor(cursor), originsMax, known)
      t.same(parsed, cursor)
      t.equal(parsed?.origins === known, more === 0 && origins.length === known.length)
    }),
    { seed },
  )
  t.end()
})

test('a cursor that lost or changed a character is refused, at whatever place', (t) => {
  const cursor = { time: 123456789, origins: [nodeId(1), nodeId(2)], seqs: [70, 4096], told: [true, false] }
  const text = formatCursor(cursor)
  t.same(parseCursor(text, originsMax), cursor)
  for (let i = 0; i < text.length; i++) {
    t.equal(parseCursor(text.slice(0, i), originsMax), undefined, `cut at ${i}`)
    t.equal(parseCursor(text.slice(0, i) + text.slice(i + 1), originsMax), undefined, `without ${i}`)
    const other = text[i] === 'B' ? 'C' : 'B'
    t.equal(parseCursor(text.slice(0, i) + other + text.slice(i + 1), originsMax), undefined, `changed at ${i}`)
  }
  for (const more of [' ', '\0', '.', '-', 'é', '\ud800']) t.equal(parseCursor(text + more, originsMax), undefined)
  t.end()
})

test('whatever is read as a cursor is written the same', (t) => {
  const junk = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^1\.[-0-9A-Za-z_.~]*$/))
  fc.assert(
    fc.property(junk, (text) => {
      const cursor = parseCursor(text, originsMax)
      return cursor === undefined || formatCursor(cursor) === text
    }),
    { seed, numRuns: 2000 },
  )
  t.end()
})

test('cursors with too many origins, or too long, or out of order, are refused', (t) => {
  const of = (count: number, order: (a: number, b: number) => number = (a, b) => a - b): string => {
    const numbers = Array.from({ length: count }, (_, i) => i).sort(order)
    return formatCursor({ time: 5, origins: numbers.map(nodeId), seqs: numbers.map(() => 1), told: [] })
  }
  t.ok(parseCursor(of(originsMax), originsMax))
  t.equal(parseCursor(of(originsMax + 1), originsMax), undefined)
  t.equal(parseCursor(of(100), 1000), undefined, 'more than 1.5 KiB')
  t.equal(
    parseCursor(
      of(3, (a, b) => b - a),
      originsMax,
    ),
    undefined,
  )
  const twice = formatCursor({ time: 5, origins: [nodeId(1), nodeId(1)], seqs: [1, 1], told: [] })
  t.equal(parseCursor(twice, originsMax), undefined)
  t.end()
})

test('numbers sort as they are, and have one form each', (t) => {
  t.equal(base64(0), '-')
  t.equal(base64(63), 'z')
  t.equal(base64(64), '0-')
  t.equal(base64(Number.MAX_SAFE_INTEGER).length, 9)
  t.end()
})
