import fc from 'fast-check'
import { test } from 'tap'
import { type Body, framed, keepSheet, plain, Rope, Strand } from '../../src/http/rope.js'

const letters = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 6,
})
/** Most are short; some are so long that they stand for themselves. */
const text = fc.tuple(letters, fc.constantFrom(0, 1, 3, 400, 9000)).map(([word, times]) => word.repeat(times))
const texts = fc.array(text, { maxLength: 12 })

const strandOf = (parts: readonly string[]): Body => {
  const strand = new Strand()
  for (const part of parts) strand.add(part)
  return strand.end()
}

const written = (body: Body): string => (typeof body === 'string' ? body : Buffer.from(body.lend()).toString('latin1'))

test('whatever a body is put together of, it is that, and so long', (t) => {
  fc.assert(
    fc.property(texts, texts, (some, more) => {
      const bodies = [strandOf(some), framed('<', strandOf(some), '>'), framed(some.join(''), strandOf(more))]
      const expected = [some.join(''), `<${some.join('')}>`, [...some, ...more].join('')]
      for (const [i, body] of bodies.entries()) {
        t.equal(body.length, expected[i]?.length)
        // Lent twice, as to two readers, and for good.
        for (const got of [written(body), written(body), String(body), plain(body).toString('latin1')])
          if (got !== expected[i]) t.fail('not what it was put together of')
      }
    }),
  )
  t.end()
})

const long = (letter: string): Rope => new Rope([letter.repeat(20_000), letter.repeat(30_000)])

test('one after the other is put on the same sheet, until the system reads from it', (t) => {
  const first = long('a').lend()
  const second = long('b').lend()
  t.equal(first.buffer, second.buffer)
  keepSheet(second)
  const third = long('c').lend()
  t.not(third.buffer, second.buffer)
  t.match(second.toString('latin1'), /^b{50000}$/)
  keepSheet(Buffer.alloc(10))
  t.equal(long('d').lend().buffer, third.buffer, 'what is on none of them keeps none')
  t.end()
})

test('who is asked twice has bytes of its own', (t) => {
  const rope = long('a')
  rope.lend()
  const own = rope.lend()
  t.equal(own, rope.whole())
  long('b').lend()
  t.match(own.toString('latin1'), /^a{50000}$/)
  t.end()
})

test('larger ones than any sheet have one to themselves', (t) => {
  const rope = (letter: string): Rope => new Rope([letter.repeat(400_000)])
  t.not(rope('a').lend().buffer, rope('b').lend().buffer)
  t.end()
})
