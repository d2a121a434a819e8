import fc from 'fast-check'
import { test } from 'tap'
import { Arena, Block, longMost } from '../../src/log/arena.js'
import { heapUsed } from '../fuzz/fuzz.js'

const region = 2 ** 20

/** What is held by now, and what was said. */
interface Held {
  readonly block: Block
  readonly text: string
}

const hold = (arena: Arena, text: string): Held => {
  const block = new Block()
  arena.hold(block, text)
  return { block, text }
}

/** No two are alike, so that one that is written over is noticed. */
const textOf = (n: number, length: number): string => `${n}\u00ff`.repeat(length).slice(0, length)

type Move = { readonly hold: number } | { readonly release: number }

const length = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 300 }) },
  { weight: 3, arbitrary: fc.integer({ min: 300, max: 40_000 }) },
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
      held.push(hold(arena, text))
      bytes += text.length
    } else if (held.length > 0) {
      const [gone] = held.splice(move.release % held.length, 1)
      if (gone) arena.release(gone.block)
      bytes -= gone?.text.length ?? 0
    }
    if (arena.bytes !== bytes) return `${arena.bytes} of ${bytes} bytes`
    const most = 1.5 * bytes + 6 * region
    if (arena.capacity > most) return `${arena.capacity} for ${bytes} bytes`
  }
  arena.forget()
  for (const { block, text } of held) if (arena.read(block) !== text) return `${text.slice(0, 8)} is not what it was`
  for (const { block } of held) arena.release(block)
  return arena.bytes === 0 && arena.capacity === 0 ? undefined : 'something is left'
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
  for (let n = 0; n < 64 * 40; n++) all.push(hold(arena, textOf(n, 16_000)))
  arena.forget()
  t.ok(arena.capacity >= 38 * region)
  const left = all.filter((_, n) => n % 40 === 0)
  for (const [n, { block }] of all.entries()) if (n % 40 !== 0) arena.release(block)
  t.equal(arena.bytes, left.length * 16_000)
  t.ok(arena.capacity <= 1.5 * arena.bytes + 6 * region, `${arena.capacity} for ${arena.bytes}`)
  for (const { block, text } of left) t.equal(arena.read(block), text)
  t.end()
})

test('all who ask in one step are given the same copy', (t) => {
  const arena = new Arena()
  const { block } = hold(arena, textOf(1, 5000))
  t.equal(block.text, undefined, 'not the text itself')
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
  const { block } = hold(arena, textOf(1, 5000))
  arena.release(block)
  arena.release(block)
  t.equal(arena.bytes, 0)
  t.throws(() => arena.read(block), /let go/)
  t.end()
})

test('what is too long is kept as it is', (t) => {
  const arena = new Arena()
  const text = textOf(1, longMost + 1)
  const { block } = hold(arena, text)
  arena.forget()
  t.equal(arena.bytes, 0)
  t.equal(arena.capacity, 0)
  t.equal(arena.read(block), text)
  arena.release(block)
  t.throws(() => arena.read(block), /let go/)
  t.end()
})

test('nobody whose text is gone is kept alive for those whose text is still there', (t) => {
  class Owner extends Block {
    readonly much = new Array<number>(1000).fill(0)
  }
  const arena = new Arena()
  const before = heapUsed()
  const left: Owner[] = []
  for (let n = 0; n < 4000; n++) {
    const owner = new Owner()
    arena.hold(owner, textOf(n, 100))
    if (n % 40 === 0) left.push(owner)
    else arena.release(owner)
  }
  arena.forget()
  t.ok(heapUsed() - before < 4_000_000)
  t.equal(arena.bytes, left.length * 100)
  t.end()
})
