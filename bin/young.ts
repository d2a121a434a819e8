import { availableParallelism } from 'node:os'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Of the young generation of the heap, both halves together. */
const enoughBytes = 8 * 2 ** 20
const everyMs = 1000
/** Objects that are alive when V8 looks make it grow; so many at a time, and not for ever. */
const batch = 20_000
const batchesMax = 200

const youngBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? enoughBytes

const grow = (): void => {
  for (let i = 0; i < batchesMax && youngBytes() < enoughBytes; i++) Array.from({ length: batch }, () => ({}))
}

/**
 * Keeps the young generation of the heap at 8 MiB from the start.
 *
 * Starting leaves it at 4, and there requests under way outlive it: what they are made of is copied and kept (measured:
 * a message of a batch takes a seventh more time). Left to itself it grows to 32 while thousands of waiters come, which is
 * a third of what each of them takes. V8 makes it small when nothing happens, so it is looked after.
 */
export const tendYoung = (): void => {
  let mayGrow: boolean | undefined
  const look = (): void => {
    const isSmall = youngBytes() < enoughBytes
    if (isSmall !== mayGrow) setFlagsFromString(`--semi-space-growth-factor=${isSmall ? 2 : 1}`)
    mayGrow = isSmall
  }
  grow()
  look()
  // On so few, those who help with it have to be waited for: they get their core when somebody else has done with it.
  if (availableParallelism() <= 2) setFlagsFromString('--no-parallel-scavenge')
  setInterval(look, everyMs).unref()
}
