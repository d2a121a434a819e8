import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** What is used of the heap: up to this it is small, and may grow to four times as much before V8 goes through it. */
const smallBytes = 24 * 2 ** 20
const growthPercent = 300
/** V8's own judgement. */
const byItself = 0

const lookMs = 1000

/**
 * While the heap is small, has V8 go through what is old in it less often.
 *
 * V8 also counts memory outside of the heap that has come since the last time, such as that of messages, and lets a heap
 * of 16 MiB grow by 10. So while messages come and none goes yet, it went through the whole heap three times a second, of
 * which nothing was garbage: a fifteenth of a busy node's time. The larger the heap, the better V8's own judgement is.
 */
export const tendOld = (): void => {
  let percent = byItself
  const look = (): void => {
    const wanted = getHeapStatistics().used_heap_size <= smallBytes ? growthPercent : byItself
    if (wanted !== percent) setFlagsFromString(`--heap-growing-percent=${wanted}`)
    percent = wanted
  }
  look()
  setInterval(look, lookMs).unref()
}
