import fc from 'fast-check'
import { test } from 'tap'
import { longMost } from '../../src/log/arena.js'
import { Origin } from '../../src/log/origin.js'
import type { Slab } from '../../src/log/slab.js'
import { Slabs } from '../../src/log/slabs.js'
import { nodeId } from '../support/core.js'

const region = 2 ** 20

/** What is held by now, and what was said. */
interface Held {
  readonly slab: Slab
  readonly index: number
  readonly text: string
}

/** An arena and those who have texts in it. */
class Store {
  readonly #slabs = new Slabs()
  readonly #origin = new Origin(nodeId(1), this.#slabs)
  readonly arena = this.#slabs.arena

  hold(text: string): Held {
    const { slab, index } = this.#slabs.take(this.#origin)
    this.arena.hold(slab, index, text)
    return { slab, index, text }
  }

  read({ slab, index }: Held): string {
    return this.arena.read(slab, index)
  }

  release({ slab, index }: Held): void {
    this.arena.release(slab, index)
    this.#slabs.give(slab.cellOf(index))
  }

  /** The end of a step. */
  forget(): void {
    this.#slabs.forget()
  }
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
  const store = new Store()
  const { arena } = store
  const held: Held[] = []
  let bytes = 0
  for (const [n, move] of list.entries()) {
    if ('hold' in move) {
      const text = textOf(n, move.hold)
      held.push(store.hold(text))
      bytes += text.length
    } else if (held.length > 0) {
      const [gone] = held.splice(move.release % held.length, 1)
      if (gone) store.release(gone)
      store.forget()
      bytes -= gone?.text.length ?? 0
    }
    if (arena.bytes !== bytes) return `${arena.bytes} of ${bytes} bytes`
    const most = 1.5 * bytes + 6 * region
    if (arena.capacity > most) return `${arena.capacity} for ${bytes} bytes`
  }
  store.forget()
  for (const each of held) if (store.read(each) !== each.text) return `${each.text.slice(0, 8)} is not what it was`
  for (const each of held) store.release(each)
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
  const store = new Store()
  const { arena } = store
  const all: Held[] = []
  for (let n = 0; n < 64 * 40; n++) all.push(store.hold(textOf(n, 16_000)))
  store.forget()
  t.ok(arena.capacity >= 38 * region)
  const left = all.filter((_, n) => n % 40 === 0)
  for (const [n, each] of all.entries()) if (n % 40 !== 0) store.release(each)
  t.equal(arena.bytes, left.length * 16_000)
  t.ok(arena.capacity <= 1.5 * arena.bytes + 6 * region, `${arena.capacity} for ${arena.bytes}`)
  for (const each of left) t.equal(store.read(each), each.text)
  t.end()
})

test('a copy is made for each step', (t) => {
  const store = new Store()
  const held = store.hold(textOf(1, 5000))
  t.equal(store.read(held), textOf(1, 5000))
  store.forget()
  t.equal(store.read(held), textOf(1, 5000))
  store.release(held)
  t.throws(() => store.read(held), /let go/)
  t.end()
})

test('what is let go is not read any more, and is let go once', (t) => {
  const store = new Store()
  for (const length of [1, 5000]) {
    const held = store.hold(textOf(1, length))
    store.release(held)
    store.arena.release(held.slab, held.index)
    t.equal(store.arena.bytes, 0)
    t.throws(() => store.read(held), /let go/)
  }
  t.end()
})

test('what is too long is kept as it is', (t) => {
  const store = new Store()
  const text = textOf(1, longMost + 1)
  const held = store.hold(text)
  store.forget()
  t.equal(store.arena.bytes, 0)
  t.equal(store.arena.capacity, 0)
  t.equal(store.read(held), text)
  store.release(held)
  t.throws(() => store.read(held), /let go/)
  t.end()
})
