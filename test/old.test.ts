import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { builtFolder } from './support/build.js'

/** In a process of its own: how often V8 goes through all of a heap while memory outside of it comes, and stays. */
const collections = (isTended: boolean): number => {
  const program = `
    import { constants, PerformanceObserver } from 'node:perf_hooks'
    import { tendYoung } from '${pathToFileURL(join(builtFolder(), 'bin/young.js'))}'
    import { tendOld } from '${pathToFileURL(join(builtFolder(), 'bin/old.js'))}'
    tendYoung()
    const heap = Array.from({ length: 200_000 }, (_, i) => ({ i }))
    globalThis.gc()
    if (${isTended}) tendOld()
    globalThis.gc()
    let count = 0
    const note = (entries) => {
      for (const { detail } of entries) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) count++
    }
    const observer = new PerformanceObserver((list) => note(list.getEntries()))
    observer.observe({ entryTypes: ['gc'] })
    const outside = []
    for (let i = 0; i < 900; i++) {
      outside.push(Buffer.allocUnsafeSlow(2 ** 16))
      // Much that lives no longer than this: with each collection of what is young V8 sees how much there is by now.
      Array.from({ length: 20_000 }, (_, i) => ({ i })).length
      await new Promise(setImmediate)
    }
    note(observer.takeRecords())
    observer.disconnect()
    console.log(count + 0 * outside.length * heap.length)`
  const args = ['--expose-gc', '--input-type=module', '-e', program]
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

t.test('a small heap is not gone through again and again while messages come', (t) => {
  const [before, after] = [collections(false), collections(true)]
  t.ok(before > 0 && after <= before / 2, `${after} instead of ${before}`)
  t.end()
})
