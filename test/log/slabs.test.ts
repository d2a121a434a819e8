import fc from 'fast-check'
import { test } from 'tap'
import { type Entry, entryOf } from '../../src/log/entry.js'
import { Origin } from '../../src/log/origin.js'
import type { Draft } from '../../src/log/record.js'
import { slabCells } from '../../src/log/slab.js'
import { Slabs } from '../../src/log/slabs.js'
import { draft, nodeId } from '../support/core.js'

type Move = { readonly come: number; readonly to: number } | { readonly go: number; readonly count: number } | 'step'

const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ come: fc.nat(1500), to: fc.nat(2) }) },
    { weight: 4, arbitrary: fc.record({ go: fc.nat(), count: fc.nat(1500) }) },
    { weight: 3, arbitrary: fc.constant('step' as const) },
  ),
  { maxLength: 40 },
)

/** As much as is told of a record. */
const told = (entry: Entry): string => JSON.stringify([entry.origin.id, entry.record()])

/** Records of three origins come and go; of each it is known what it was. */
class Twin {
  readonly slabs = new Slabs()
  readonly origins = [1, 2, 3].map((n) => new Origin(nodeId(n), this.slabs))
  readonly held: { readonly cell: number; readonly text: string }[] = []
  gone: { readonly entry: Entry; readonly text: string }[] = []
  #seq = 0

  come(count: number, to: number): void {
    const origin = this.origins[to] as Origin
    for (let i = 0; i < count; i++) {
      const seq = ++this.#seq
      const more: Partial<Draft> = seq % 5 === 0 ? { key: `k${seq}`, digest: `d${seq}` } : {}
      const entry = entryOf(origin, seq, seq * 3, { ...draft(`c${seq % 7}`, seq), ...more }, seq)
      this.held.push({ cell: entry.cell, text: told(entry) })
    }
  }

  go(from: number, count: number): void {
    if (this.held.length === 0) return
    for (const { cell, text } of this.held.splice(from % this.held.length, count)) {
      const entry = this.slabs.entry(cell)
      this.gone.push({ entry, text })
      this.slabs.give(cell)
    }
  }

  step(): void {
    for (const { entry } of this.gone) entry.strip()
    this.gone = []
    this.slabs.forget()
  }

  /** What is wrong, if anything is. */
  get wrong(): string | undefined {
    if (this.slabs.count !== this.held.length) return `${this.slabs.count} of ${this.held.length}`
    if (new Set(this.held.map(({ cell }) => cell)).size !== this.held.length) return 'a cell of two records'
    for (const { cell, text } of this.held) if (told(this.slabs.entry(cell)) !== text) return `no longer ${text}`
    for (const { entry, text } of this.gone) if (told(entry) !== text) return `gone too early: ${text}`
    return undefined
  }
}

test('a record is what it was for as long as it is held, and in the step in which it goes', (t) => {
  fc.assert(
    fc.property(moves, (list) => {
      const twin = new Twin()
      for (const move of list) {
        if (move === 'step') twin.step()
        else if ('come' in move) twin.come(move.come, move.to)
        else twin.go(move.go, move.count)
        const { wrong } = twin
        if (wrong !== undefined) throw new Error(wrong)
      }
    }),
    { numRuns: 60 },
  )
  t.end()
})

test('slabs that are empty go, but for a few, and are taken again, by whomever', (t) => {
  const twin = new Twin()
  twin.come(20 * slabCells, 0)
  const most = twin.slabs.size
  t.equal(most, 20)
  twin.go(0, twin.held.length)
  twin.step()
  t.equal(twin.slabs.count, 0)
  t.equal(twin.slabs.size, 4)
  twin.come(3 * slabCells, 1)
  t.equal(twin.slabs.size, 4)
  t.equal(twin.wrong, undefined)
  twin.come(2 * slabCells, 2)
  t.equal(twin.slabs.size, 5)
  t.equal(twin.wrong, undefined)
  t.end()
})

test('of many that come and go, with a few that stay, there are no more slabs than needed', (t) => {
  const twin = new Twin()
  for (let round = 0; round < 100; round++) {
    twin.come(slabCells, 0)
    // One of each hundred stays.
    for (let i = twin.held.length - 1; i >= 0; i--) if (i % 100 !== 0) twin.go(i, 1)
    twin.step()
  }
  t.ok(twin.slabs.size <= twin.held.length / slabCells + 3, `${twin.slabs.size} for ${twin.held.length}`)
  t.equal(twin.wrong, undefined)
  t.end()
})
