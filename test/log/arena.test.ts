import fc from 'fast-check'
import { test } from 'tap'
import { Arena, type Block, longBytes, longMost } from '../../src/log/arena.js'

const region = 2 ** 20

/** What is held by now, and what was said. */
interface Held {
  readonly block: Block
  readonly text: string
}

/** No two are alike, so that one that is written over is noticed. */
const textOf = (n: number, length: number): string => `${n}\u00ff`.repeat(length).slice(0, length)

type Move = { readonly hold: number } | { readonly release: number }

/** Most are small. */
const length = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: longBytes, max: 40_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 40_000, max: longMost }) },
)
const moves = (release: fc.Arbitrary<number>): fc.Arbitrary<readonly Move[]> =>
  fc.array(fc.oneof(fc.record({ hold: length }), fc.record({ release })), { maxLength: 400, size: 'max' })

/** Returns what is wrong, if anything is. */
const play = (list: readonly Move[]): string | undefined => {
  const arena = new Arena()
  const held: Held[] = []
  let bytes = 0
  for (const [n, move] of list.entries()) {
    if ('hold' in move) {
      const text = textOf(n, move.hold)
      held.push({ block: arena.hold(text), text })
      bytes += text.length
    } else if (held.length > 0) {
      const [gone] = held.splice(move.release % held.length, 1)
      if (gone) arena.release(gone.block)
      bytes -= gone?.text.length ?? 0
    }
    if (arena.bytes !== bytes) return `${arena.bytes} of ${bytes} bytes`
    const most = 1.5 * bytes + 9 * region
    if (arena.capacity > most) return `${arena.capacity} for ${bytes} bytes`
  }
  for (const { block, text } of held) if (arena.read(block) !== text) return `${text.slice(0, 8)} is not what it was`
  for (const { block } of held) arena.release(block)
  return arena.bytes === 0 && arena.capacity <= 9 * region ? undefined : 'something is left'
}

test('whatever comes and goes, what is held stays as it is, and little more is taken', (t) => {
  const anywhere = moves(fc.nat(1000))
  const oldest = moves(fc.constant(0))
  const newest = moves(fc.constant(-1))
  for (const list of [anywhere, oldest, newest])
    fc.assert(
      fc.property(list, (each) => {
        const wrong = play(each)
        if (wrong !== undefined) throw new Error(wrong)
      }),
      { numRuns: 40 },
    )
  t.end()
})

test('where one of many is left in each region, they are moved together', (t) => {
  const arena = new Arena()
  const all: Held[] = []
  for (let n = 0; n < 64 * 40; n++) {
    const text = textOf(n, 16_000)
    all.push({ block: arena.hold(text), text })
  }
  t.ok(arena.capacity >= 38 * region)
  const left = all.filter((_, n) => n % 40 === 0)
  for (const [n, { block }] of all.entries()) if (n % 40 !== 0) arena.release(block)
  t.equal(arena.bytes, left.length * 16_000)
  t.ok(arena.capacity <= 1.5 * arena.bytes + 9 * region, `${arena.capacity} for ${arena.bytes}`)
  for (const { block, text } of left) t.equal(arena.read(block), text)
  t.end()
})

test('all who ask in one step are given the same copy', (t) => {
  const arena = new Arena()
  const block = arena.hold(textOf(1, 5000))
  t.equal(arena.read(block), textOf(1, 5000))
  t.ok(block.text)
  arena.forget()
  t.equal(block.text, undefined, 'and nobody keeps it')
  t.equal(arena.read(block), textOf(1, 5000))
  arena.release(block)
  t.throws(() => arena.read(block), /let go/)
  t.end()
})

test('what is let go is not read any more, and is let go once', (t) => {
  const arena = new Arena()
  const block = arena.hold(textOf(1, 5000))
  arena.release(block)
  arena.release(block)
  t.equal(arena.bytes, 0)
  t.throws(() => arena.read(block), /let go/)
  t.end()
})
