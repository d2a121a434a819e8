import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { pack } from 'msgpackr'
import { test } from 'tap'
import type { Batch } from '../../src/cluster/message.js'
import { decode, encode } from '../../src/peer/codec.js'
import { closeCodes, Refusal } from '../../src/peer/refusal.js'
import { anyMessage } from './messages.js'
import { idOf } from './support.js'

const refusalOf = (bytes: Uint8Array): Refusal => {
  const message = decode(bytes)
  if (message instanceof Refusal) return message
  throw new Error(`taken: ${JSON.stringify(message)}`)
}

/** With bytes as text, whichever class of bytes they are. */
const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

test('every message comes out as it went in', (t) => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const decoded = decode(encode(message))
      if (decoded instanceof Refusal) throw decoded
      deepStrictEqual(plain(decoded), plain(message))
    }),
    { numRuns: 500 },
  )
  t.pass()
  t.end()
})

test('whatever the bytes are, the answer is a message or a refusal', (t) => {
  const check = (bytes: Uint8Array): void => {
    const message = decode(bytes)
    if (message instanceof Refusal && message.code !== closeCodes.badFrame) throw message
    if (!(message instanceof Refusal)) encode(message)
  }
  const frame = anyMessage.map((message) => Uint8Array.from(encode(message)))
  const wild = fc.oneof(fc.nat(255), fc.constantFrom(0xc1, 0xdd, 0xdf, 0xc9, 0xcf, 0xd9, 0x81, 0xcb, 0xff))
  const mutated = fc
    .tuple(frame, fc.array(fc.tuple(fc.nat(), wild), { minLength: 1, maxLength: 4 }))
    .map(([b, edits]) => {
      for (const [at, byte] of edits) b[at % b.length] = byte
      return b
    })
  const shape = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6, withCrossShrink: true },
      fc.oneof(fc.integer(), fc.double(), fc.string(), fc.boolean(), fc.constant(null), fc.constant(idOf(1))),
      fc.array(tie('value'), { maxLength: 8 }),
    ),
  })).value
  const built = fc.tuple(fc.nat(14), fc.array(shape, { maxLength: 8 })).map(([tag, fields]) => pack([tag, ...fields]))
  for (const [what, bytes] of Object.entries({ random: fc.uint8Array({ maxLength: 200 }), mutated, built })) {
    fc.assert(fc.property(bytes, check), { numRuns: 2000 })
    t.pass(what)
  }
  t.end()
})

test('a frame that is cut anywhere is refused', (t) => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const bytes = encode(message)
      for (let end = 0; end < bytes.length; end++) refusalOf(bytes.subarray(0, end))
    }),
    { numRuns: 30 },
  )
  t.pass()
  t.end()
})

test('structures that no message has are refused before they are built', (t) => {
  const deep = (levels: number): string => `${'91'.repeat(levels)}c0`
  const cases: readonly (readonly [what: string, bytes: string, reason: string])[] = [
    ['nothing', '', 'cut off'],
    ['an array of four billion', 'dd ff ff ff ff', 'cut off'],
    ['nested arrays of sixty thousand', 'dc ff ff'.repeat(50), 'cut off'],
    ['nine levels', deep(9), 'too deep'],
    ['a hundred thousand levels', deep(100_000), 'too deep'],
    ['more values than a message has', `dd 00 08 00 00 ${'c0'.repeat(2 ** 19)}`, 'too many values'],
    ['a map', '81 a1 61 01', 'a map'],
    ['a map of 16 bits', 'de 00 00', 'type 0xde'],
    ['a map of 32 bits', 'df ff ff ff ff', 'type 0xdf'],
    ['the byte that is never used', '91 c1', 'type 0xc1'],
    ['an extension', '91 d4 00 00', 'type 0xd4'],
    ['a date', '91 d6 ff 00 00 00 00', 'type 0xd6'],
    ['a record of msgpackr', '92 d4 72 40 91 a1 61', 'type 0xd4'],
    ['an extension of 32 bits', '91 c9 ff ff ff ff 01', 'type 0xc9'],
    ['a 64-bit integer', '91 cf 00 00 00 00 00 00 00 01', 'type 0xcf'],
    ['a signed 64-bit integer', '91 d3 00 00 00 00 00 00 00 01', 'type 0xd3'],
    ['a float of 32 bits', '91 ca 00 00 00 00', 'type 0xca'],
    ['overlong UTF-8', '91 a2 c0 af', 'text that is not UTF-8'],
    ['half a surrogate pair', '91 a3 ed a0 80', 'text that is not UTF-8'],
    ['text past the end', '91 db ff ff ff ff', 'cut off'],
    ['bytes past the end', '91 c6 ff ff ff ff', 'cut off'],
    ['half a number', '91 cb 00', 'cut off'],
    ['bytes after the end', '91 0b 00', 'bytes after the end'],
  ]
  for (const [what, bytes, reason] of cases) t.equal(refusalOf(hex(bytes)).reason, reason, what)
  t.end()
})

test('fields are held to their types and ranges', (t) => {
  const [a, b] = [idOf(1), idOf(2)]
  const view = [1, a]
  const record = [5, null, Buffer.from('{}'), 'channel', 'main']
  const cases: readonly (readonly [what: string, value: unknown])[] = [
    ['no list', 'leave'],
    ['an empty list', []],
    ['an unknown tag', [99]],
    ['a tag of text', ['11']],
    ['a tag that names a method', ['constructor']],
    ['a field too many', [11, 1]],
    ['a field too few', [4, view]],
    ['a fraction', [4, view, 1.5]],
    ['no number', [4, view, Number.NaN]],
    ['infinity', [4, view, Number.POSITIVE_INFINITY]],
    ['below zero', [4, view, -1]],
    ['beyond exact', [4, view, 2 ** 53]],
    ['number as text', [4, view, '1']],
    ['an id of the wrong length', [7, [1, 'short']]],
    ['an id with other characters', [7, [1, 'ABCDEFGH/12345']]],
    ['an id as bytes', [7, [1, Buffer.from(a)]]],
    ['members out of order', [3, view, [b, a]]],
    ['a member twice', [3, view, [a, a]]],
    ['a holder missing', [6, view, [a], [[a, 1]], [], 1, true, []]],
    ['a flag as number', [5, view, [], 1, 1, []]],
    ['too many members', [3, view, Array.from({ length: 4097 }, () => a)]],
    ['a name too long', [2, view, [1], 1, [[5, null, Buffer.from('{}'), 'x'.repeat(257), 'main']]]],
    ['a name too long in UTF-8', [2, view, [1], 1, [[5, null, Buffer.from('{}'), 'é'.repeat(129), 'main']]]],
    ['an empty name', [2, view, [1], 1, [[5, null, Buffer.from('{}'), '', 'main']]]],
    ['a first record without names', [2, view, [1], 1, [[5, null, Buffer.from('{}')]]]],
    ['content as text', [2, view, [1], 1, [[5, null, '{}', 'channel', 'main']]]],
    ['a head that is a number', [2, view, [1], 1, [[5, 3, Buffer.from('{}'), 'channel', 'main']]]],
    ['times that stand still', [2, view, [1], 1, [record, [0, null, Buffer.from('{}')]]]],
    ['times that fall', [2, view, [1], 1, [record, [-1, null, Buffer.from('{}')]]]],
    ['times beyond exact', [2, view, [1], 1, [record, [Number.MAX_SAFE_INTEGER, null, Buffer.from('{}')]]]],
    ['sequence numbers beyond exact', [2, view, [1], Number.MAX_SAFE_INTEGER, [record, [1, null, Buffer.from('{}')]]]],
    [
      'a copy twice',
      [
        10,
        [a, 1, 9, 9, [], 0, true],
        [
          [1, 0, null, ...record],
          [0, 0, null, ...record],
        ],
      ],
    ],
    ['a copy of what was not said', [10, [a, 1, 2, 9, [], 0, true], [[2, 0, null, ...record]]]],
    ['a position of the wrong length', [10, [a, 1, 9, 9, [], 0, true], [[1, 0, [1, [1, 2], [a]], ...record]]]],
    ['a position out of order', [10, [a, 1, 9, 9, [], 0, true], [[1, 0, [1, [1, 2], [b, a]], ...record]]]],
    ['a relay in a relay', [12, a, b, [12, a, b, [11]]]],
  ]
  for (const [what, value] of cases) t.equal(refusalOf(pack(value)).code, closeCodes.badFrame, what)
  t.end()
})

const batchOf = (dataBytes: number, count: number): Batch => ({
  type: 'batch',
  view: { ballot: 12, proposer: idOf(1) },
  row: [123_456, 234_567, 345_678],
  first: 123_457,
  records: Array.from({ length: count }, (_, i) => ({
    database: 'main',
    channel: `user:${i % 10}`,
    head: '',
    tail: 'x'.repeat(dataBytes),
    seq: 123_457 + i,
    time: 1_790_000_000_000 * 1024 + i * 1024,
  })),
})

test('a batch costs at most 1.3 times its messages and 60 bytes', (t) => {
  for (const dataBytes of [40, 100, 1000, 16_384]) {
    for (const count of [1, 2, 10, 100]) {
      const payload = count * (dataBytes + 'main'.length + 'user:1'.length)
      const { length } = encode(batchOf(dataBytes, count))
      t.ok(length <= 1.3 * payload + 60, `${count} of ${dataBytes}: ${length} for ${payload}`)
    }
  }
  t.end()
})
