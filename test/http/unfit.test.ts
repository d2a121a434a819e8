import fc from 'fast-check'
import { test } from 'tap'
import { findUnfit, placeOf, shared, userOf, walk } from '../../src/http/unfit.js'

/** Bytes of which nearly all are fit, so that it is far to the first that is not; 64 KiB and more now and then. */
const texts = fc
  .tuple(
    fc.oneof(
      { weight: 9, arbitrary: fc.nat(400) },
      { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 200_000 }) },
    ),
    fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), fc.nat(255)), { maxLength: 5 }),
    fc.integer({ min: 0x20, max: 0x21 }),
  )
  .map(([length, others, fill]) => {
    const bytes = Buffer.alloc(length, fill)
    for (const [place, byte] of others) bytes[Math.floor(place * length)] = byte
    return bytes
  })

const isRight = (bytes: Buffer, from: number, to: number): boolean =>
  findUnfit(bytes, from, to, userOf(bytes)) === walk(bytes, from, to)

test('what is looked for by vectors is found as it is byte by byte, wherever it lies', (t) => {
  fc.assert(
    fc.property(texts, fc.nat(80), fc.nat(80), fc.boolean(), (text, before, behind, isShared) => {
      const length = Math.min(text.length, shared.length - before - behind)
      const bytes = isShared ? shared : Buffer.alloc(before + text.length + behind)
      // What lies around it would be found.
      bytes.fill('"').set(isShared ? text.subarray(0, length) : text, before)
      return isRight(bytes, before, before + (isShared ? length : text.length))
    }),
    { numRuns: 3000 },
  )
  t.end()
})

test('every byte, at every place of what is looked at together', (t) => {
  let wrong = 0
  for (let byte = 0; byte < 256; byte++)
    for (let at = 0; at < 80; at++) {
      shared.fill('a', 0, 200)
      shared[3 + at] = byte
      // After it, and where the text ends already.
      for (const end of [3 + at, 4 + at, 90, 190]) if (!isRight(shared, 3, Math.max(3, end))) wrong++
    }
  t.equal(wrong, 0)
  t.end()
})

test('up to the last byte of what is read into', (t) => {
  shared.fill('a')
  const found = (start: number): number => findUnfit(shared, start, shared.length, userOf(shared))
  t.equal(found(0), shared.length)
  shared[shared.length - 1] = 0xff
  t.equal(placeOf(found(0)), shared.length)
  t.ok(found(0) < 0)
  shared[shared.length - 1] = 0x22
  t.equal(found(1), shared.length - 1)
  t.end()
})

test('two who read by turns, from anywhere, are not shown what the other has brought', (t) => {
  const texts = ['a', 'b'].map((letter) => Buffer.from(`${letter.repeat(500)}"`.repeat(400)))
  const users = texts.map(userOf)
  const places = fc.array(fc.tuple(fc.nat(1), fc.nat(200_000)), { maxLength: 50 })
  fc.assert(
    fc.property(places, (list) =>
      list.every(([which, start]) => {
        const bytes = texts[which] ?? Buffer.alloc(0)
        return findUnfit(bytes, start, bytes.length, users[which] ?? 0) === walk(bytes, start, bytes.length)
      }),
    ),
    { numRuns: 300 },
  )
  t.end()
})
