import fc from 'fast-check'
import { test } from 'tap'
import { Cells } from '../../src/log/cells.js'

type Move =
  | { readonly push: number }
  | { readonly shift: number }
  | { readonly insert: number }
  | { readonly remove: number }
  | { readonly put: number }

const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ push: fc.nat(300) }) },
    { weight: 3, arbitrary: fc.record({ shift: fc.nat(300) }) },
    { weight: 1, arbitrary: fc.record({ insert: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ remove: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ put: fc.nat() }) },
  ),
  { maxLength: 60 },
)

const play = (list: readonly Move[]): boolean => {
  const cells = new Cells()
  const twin: number[] = []
  let number = -1
  for (const move of list) {
    const { length } = twin
    if ('push' in move)
      for (let i = 0; i < move.push; i++) {
        cells.push(++number)
        twin.push(number)
      }
    else if ('shift' in move)
      for (let i = 0; i < move.shift && cells.length > 0; i++) {
        cells.shift()
        twin.shift()
      }
    else if ('insert' in move) {
      cells.insert(move.insert % (length + 1), ++number)
      twin.splice(move.insert % (length + 1), 0, number)
    } else if (length > 0 && 'remove' in move) {
      cells.remove(move.remove % length)
      twin.splice(move.remove % length, 1)
    } else if (length > 0 && 'put' in move) {
      cells.put(move.put % length, ++number)
      twin[move.put % length] = number
    }
    if (cells.length !== twin.length || cells.at(twin.length) !== undefined) return false
    if (!twin.every((each, i) => cells.at(i) === each)) return false
  }
  return true
}

test('a list of cells is a list, whichever end or middle of it comes and goes', (t) => {
  fc.assert(fc.property(moves, play), { numRuns: 400 })
  t.end()
})
