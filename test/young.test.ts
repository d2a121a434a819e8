import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { builtFolder } from './support/build.js'

const enough = 4 * 2 ** 20

/** In a process of its own, where nothing has made it grow yet: its size after each of the steps. */
const sizes = (...steps: readonly string[]): readonly number[] => {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8'
    import { tendYoung } from '${pathToFileURL(join(builtFolder(), 'bin/young.js'))}'
    const size = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size
    // What makes V8 enlarge it: much that is alive when it looks. Who watches is told between two of these.
    const survivors = async () => {
      for (let i = 0; i < 50; i++) {
        Array.from({ length: 10_000 }, (_, i) => ({ i, list: [i] })).length
        await new Promise(setImmediate)
      }
    }
    let kept
    const age = async () => {
      kept = Array.from({ length: 2_000_000 }, (_, i) => ({ i, more: i }))
    }
    const all = []
    for (const step of [${steps}]) {
      await step()
      all.push(size())
    }
    console.log(JSON.stringify(all))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }))
}

t.test('the young generation of the heap stays as small as it was, or grows to what is enough', (t) => {
  const [first = 0, ...later] = sizes('tendYoung', 'survivors', 'survivors')
  const most = Math.max(first, enough)
  t.same(later, [most, most])
  t.end()
})

t.test('where much is old, that is more', (t) => {
  const [first = 0, , , ...later] = sizes('tendYoung', 'age', 'tendYoung', 'survivors', 'survivors', 'survivors')
  const [last = 0] = later.slice(-1)
  t.ok(last > Math.max(first, enough) && last <= 4 * enough, String(later))
  t.end()
})

t.test('left to itself it grows beyond that', (t) => {
  const [last = 0] = sizes('survivors', 'survivors', 'survivors').slice(-1)
  t.ok(last > enough)
  t.end()
})
