import { getHeapStatistics } from 'node:v8'
import { middle } from '../bin/bench/median.js'
import type { Case, Run } from './part.js'

export interface Effort {
  /** CPU time that one round shall take, and that warming up takes before the first. */
  readonly roundMs: number
  readonly warmUpMs: number
  readonly rounds: number
}

/** Of one case. */
export interface Measure {
  /** Nanoseconds of CPU time for one operation, the collector's and the compiler's included: least, and median. */
  readonly ns: number
  readonly median: number
  /** How far the rounds are apart: the middle half of them, as a share of the median. */
  readonly spread: number
  /** The least, in turns of a loop that was timed between the rounds: what another machine's figures can be compared by. */
  readonly turns: number
  /** Bytes of heap that one operation takes, whether or not they are free again at once. */
  readonly bytes: number
}

/** A turn is about as long as this: a look into a table, a little object and some arithmetic on text. */
const turn = (): Run => {
  const names = Array.from({ length: 256 }, (_, i) => `channel-${i}`)
  const table = new Map(names.map((name) => [name, { hash: 0 }]))
  return (times) => {
    for (let i = 0; i < times; i++) {
      const name = names[i & 255] ?? ''
      let hash = 0x811c9dc5
      for (let k = 0; k < name.length; k++) hash = Math.imul(hash ^ name.charCodeAt(k), 0x01000193)
      table.set(name, { hash })
    }
  }
}

const cpuNs = (run: Run, times: number): number => {
  const before = process.cpuUsage()
  run(times)
  const { user, system } = process.cpuUsage(before)
  return (user + system) * 1000
}

/** Runs it until it is compiled; answers how often it is done in one round. */
const warmedUp = (run: Run, { warmUpMs, roundMs }: Effort): number => {
  let times = 1
  let spentNs = 0
  let lastNs = 0
  while (spentNs < warmUpMs * 1e6) {
    lastNs = cpuNs(run, times)
    spentNs += lastNs
    if (lastNs < (roundMs * 1e6) / 4) times *= 2
  }
  return lastNs === 0 ? times : Math.max(1, Math.round((times * roundMs * 1e6) / lastNs))
}

const samples = 9
const sampleMax = 256
/** Of a round: so short that the collector is rarely at work in it. */
const sampleShare = 1 / 40

/** The median of a few short runs: in one or the other the collector may have been at work. */
const bytesOf = (run: Run, times: number): number => {
  const count = Math.max(1, Math.min(sampleMax, Math.floor(times * sampleShare)))
  const used = (): number => getHeapStatistics().used_heap_size
  const rise = (work: Run): number => {
    const rises = Array.from({ length: samples }, () => {
      const before = used()
      work(count)
      return used() - before
    })
    return middle(rises)
  }
  const nothing = rise(() => {})
  return Math.max(0, (rise(run) - nothing) / count)
}

const quartile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0

export const measure = ({ prepare }: Case, effort: Effort): Measure => {
  const run = prepare()
  const reference = turn()
  const times = warmedUp(run, effort)
  const turns = warmedUp(reference, { ...effort, roundMs: effort.roundMs / 4 })
  const rounds: number[] = []
  const references: number[] = []
  for (let i = 0; i < effort.rounds; i++) {
    references.push(cpuNs(reference, turns) / turns)
    rounds.push(cpuNs(run, times) / times)
  }
  const median = middle(rounds)
  const ns = Math.min(...rounds)
  const spread = median === 0 ? 0 : (quartile(rounds, 0.75) - quartile(rounds, 0.25)) / median
  return { ns, median, spread, turns: ns / Math.min(...references), bytes: bytesOf(run, times) }
}
