import { getPriority, loadavg } from 'node:os'
import type { Machine } from '../../bin/bench/machine.js'
import { count, warmUp } from './counted.js'
import type { Figures } from './figures.js'
import { measureOnStream, natsHere } from './jetstream.js'
import { measureJoins } from './join.js'
import { measureLive, messageBytes } from './live.js'
import { measureStall } from './stall.js'

export interface Sizes {
  readonly nodes: readonly number[]
  readonly streams: readonly number[]
  /** Messages a second, live. */
  readonly rate: number
  readonly quick: boolean
}

const countedSizes = Array.from({ length: 15 }, (_, i) => i + 1)
const countedRate = 5000
const long = { countedMs: 2000, seconds: 5, kills: 4, joins: 3, kept: [1, 10, 50, 100, 200] }
const brief = { countedMs: 500, seconds: 1, kills: 1, joins: 1, kept: [1, 2, 4, 8] }

/** All of it, part by part. What goes wrong in one is told, and the others go on. */
export const measure = async (sizes: Sizes, machine: Machine, tell: (text: string) => void): Promise<Figures> => {
  const effort = sizes.quick ? brief : long
  const load = { rate: sizes.rate, seconds: effort.seconds }
  const average = (): number => loadavg()[0] ?? 0
  const missing: string[] = []
  const each = async <T>(
    what: string,
    list: readonly number[],
    of: (nodes: number) => T | Promise<T>,
  ): Promise<T[]> => {
    const done: T[] = []
    for (const nodes of list) {
      tell(`${what}, ${nodes} node${nodes > 1 ? 's' : ''}`)
      try {
        done.push(await of(nodes))
      } catch (error) {
        missing.push(`${what}, ${nodes} nodes: not measured: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    return done
  }
  const pace = { rate: countedRate, ms: effort.countedMs }
  warmUp(pace)
  const counted = await each('mesh, counted in process', countedSizes, (nodes) => count(nodes, pace))
  const live = await each('mesh, live', sizes.nodes, (nodes) => measureLive(nodes, load, average))
  const several = sizes.nodes.filter((nodes) => nodes > 1)
  const stalls = await each('mesh, kills', several, (nodes) => measureStall(nodes, effort.kills, average))
  const [joins = []] = await each('mesh, joins to two that keep more and more', [3], () =>
    measureJoins(effort.kept, effort.joins, average, ({ mib, ms }) =>
      tell(`${mib.toFixed(0)} MiB: ${ms.toFixed(0)} ms`),
    ),
  )
  if (natsHere === undefined) missing.push('JetStream: not measured, since nats-server is not installed here.')
  const streams = await each('JetStream, live', natsHere === undefined ? [] : sizes.streams, (nodes) =>
    measureOnStream(nodes, load, average),
  )
  const rates = { countedRate, liveRate: sizes.rate, size: messageBytes }
  return {
    machine,
    priority: getPriority(),
    ...rates,
    counted,
    live,
    stalls,
    joins,
    streams,
    nats: natsHere,
    missing,
    seconds: 0,
  }
}
