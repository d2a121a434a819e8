import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import tap, { type Test } from 'tap'
import { Prng } from '../../src/verify/prng.js'

const { CARILLON_FUZZ_SEED: given, CARILLON_FUZZ_SECONDS: asked = '55' } = process.env

/**
 * `seed`, or `seed/round` to run that round alone; `random` looks where nobody has looked yet. Without one the rounds are
 * always the same: what is new to a change is then its own doing.
 */
const [seed = '', round] = (given === 'random' ? String(Date.now() % 1_000_000_000) : (given ?? '20261125')).split('/')

/** Of a file, all its fuzzers together. */
const seconds = Number(asked)

// For the file as a whole, beside what it takes to begin and to end.
tap.setTimeout((seconds + 120) * 1000)

/** A breath for timers and sockets, after so many rounds that need none. */
const stretch = 200

/** A round takes milliseconds; one that takes so long will never end. */
const hangMs = 30_000

const inTime = async (played: Promise<void>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), hangMs)
  })
  await Promise.race([played, hang]).finally(() => clearTimeout(timer))
}

/** What has grown beyond that was kept. */
const heapBytes = 48 * 2 ** 20

/** What is in use, once nothing is left to collect. */
export const heapUsed = (): number => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  return process.memoryUsage().heapUsed
}

const failed = (name: string, n: number, error: unknown): Error => {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new Error(`${name}: CARILLON_FUZZ_SEED=${seed}/${n} repeats it: ${why}`, { cause: error })
}

/**
 * Runs rounds for `share` of the file's time, each with dice of its own: so any of them can be repeated alone. A round
 * fails by throwing. Returns how many there were.
 */
export const fuzz = async (
  t: Test,
  share: number,
  play: (dice: Prng, n: number) => void | Promise<void>,
): Promise<number> => {
  const { name } = t
  t.comment(`CARILLON_FUZZ_SEED=${seed}`)
  const endMs = performance.now() + seconds * share * 1000
  const warmMs = performance.now() + seconds * share * 250
  const first = round === undefined ? 0 : Number(round)
  let heap: number | undefined
  let n = first
  do {
    try {
      const played = play(new Prng(`${seed}/${name}/${n}`), n)
      if (played) await inTime(played)
    } catch (error) {
      throw failed(name, n, error)
    }
    n++
    if (n % stretch === 0) await new Promise(setImmediate)
    if (heap === undefined && performance.now() > warmMs) heap = heapUsed()
  } while (round === undefined && performance.now() < endMs)
  const grown = heapUsed() - (heap ?? Number.POSITIVE_INFINITY)
  if (grown > heapBytes) throw new Error(`${name}: ${grown} bytes more are in use than after a quarter of the rounds`)
  t.pass(`${n - first} rounds`)
  return n - first
}

/** Throws with what there was, unless it is so. */
export const must = (so: boolean, what: string, ...found: readonly unknown[]): void => {
  if (!so) throw new Error(`${what}: ${found.map((each) => JSON.stringify(each)).join(' ')}`)
}
