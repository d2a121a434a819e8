import { availableParallelism } from 'node:os'
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Of the young generation of the heap, both halves together: the least, and the most. */
const leastBytes = 4 * 2 ** 20
const mostBytes = 16 * 2 ** 20
/** Where much is kept, this part of it. */
const share = 1 / 16

/** V8 makes it small again only where little happens, so there is time to notice. */
const lookMs = 1000

const sizeOf = (name: string): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === name)?.space_size ?? 0

/** Whether the young generation is smaller than it should be. */
const isTooSmall = (): boolean => {
  const enough = Math.min(Math.max(sizeOf('old_space') * share, leastBytes), mostBytes)
  return sizeOf('new_space') < enough
}

/**
 * Keeps the young generation of the heap at 4 MiB, or what starting has made of it; where more than 64 MiB are old, at a
 * sixteenth of that, up to 16 MiB.
 *
 * V8 lets it grow to 32 while thousands of waiters come or much is published, and what then lives on is copied at one go:
 * each pause is several milliseconds, for which everybody waits, and the memory is a third of what each waiter takes. But
 * with each collection V8 also looks at each page of what is old, so of what is young there must be more where more is old.
 * V8 makes it small when nothing happens, so it is looked after: while it is small it grows by one step, if at all, with
 * each collection.
 */
export const tendYoung = (): void => {
  const observer = new PerformanceObserver(() => look())
  let isWatched: boolean | undefined
  const look = (): void => {
    const isSmall = isTooSmall()
    if (isSmall !== isWatched) {
      setFlagsFromString(`--semi-space-growth-factor=${isSmall ? 2 : 1}`)
      // To be told of each collection costs a hundredth of all that a busy node does.
      if (isSmall) observer.observe({ entryTypes: ['gc'] })
      else observer.disconnect()
    }
    isWatched = isSmall
  }
  look()
  setInterval(look, lookMs).unref()
  // On so few, those who help with it have to be waited for: they get their core when somebody else has done with it.
  if (availableParallelism() <= 2) setFlagsFromString('--no-parallel-scavenge')
}
