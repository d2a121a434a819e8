import fc from 'fast-check'
import { test } from 'tap'
import { isLike, Patterns } from '../../src/auth/patterns.js'

const asRegExp = (pattern: string): RegExp =>
  new RegExp(`^${[...pattern].map((letter) => (letter === '*' ? '[^]*' : letter)).join('')}$`)

test('a pattern is what a regular expression makes of it', (t) => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 })
  fc.assert(
    fc.property(pattern, text, (p, s) => isLike(p, s) === asRegExp(p).test(s)),
    { numRuns: 5000 },
  )
  t.pass()
  t.end()
})

test('one that is made to be slow is not', (t) => {
  t.notOk(isLike(`${'*a'.repeat(128)}b`, 'a'.repeat(256)))
  t.end()
})

test('one of several', (t) => {
  const patterns = new Patterns(['a', 'b.*'])
  t.same(
    ['a', 'b.', 'b.c', 'ab', 'b', '*'].map((text) => patterns.allow(text)),
    [true, true, true, false, false, false],
  )
  t.ok(new Patterns([]).isEmpty)
  t.end()
})
