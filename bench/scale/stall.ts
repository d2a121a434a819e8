import { setTimeout as sleep } from 'node:timers/promises'
import { clock } from '../../bin/bench/message.js'
import { settleMs } from './live.js'
import { launch } from './program.js'
import { longestGap, Watch } from './watch.js'

/** The longest pauses around one kill -9, in milliseconds: of acknowledgements, and of deliveries at another node. */
export interface Kill {
  /** In as long a time just before, when nothing happened. */
  readonly calmMs: number
  readonly acknowledgedMs: number
  readonly deliveredMs: number
  /** Of acknowledgements, while the killed node comes back. */
  readonly rejoinMs: number
}

export interface Stall {
  readonly nodes: number
  readonly kills: readonly Kill[]
  readonly load: number
  readonly faults: number
}

/** Longer than the promise of half a second. */
const windowMs = 1500
/** Processes that have just begun pause by themselves, while their code is compiled. */
const warmUpMs = 2500

export const measureStall = async (nodes: number, kills: number, loadAverage: () => number): Promise<Stall> => {
  const fleet = await launch(nodes)
  const [first, second] = fleet.urls
  const victim = fleet.ships.at(-1)
  if (!first || !victim) throw new Error('there is nobody to kill')
  const watch = new Watch(first, nodes > 2 ? (second ?? first) : first)
  try {
    await watch.start()
    await sleep(warmUpMs)
    const done: Kill[] = []
    while (done.length < kills) {
      await sleep(settleMs)
      const calmAt = clock()
      await sleep(windowMs)
      const at = clock()
      // By now, or it would reach into what the kill does.
      const calmMs = longestGap(watch.acknowledged, calmAt, at)
      await victim.kill()
      await sleep(windowMs)
      const backAt = clock()
      victim.start()
      await fleet.joined()
      await sleep(settleMs)
      done.push({
        calmMs,
        acknowledgedMs: longestGap(watch.acknowledged, at, at + windowMs),
        deliveredMs: longestGap(watch.delivered, at, at + windowMs),
        rejoinMs: longestGap(watch.acknowledged, backAt, clock() - settleMs / 2),
      })
    }
    await watch.end()
    return { nodes, kills: done, load: loadAverage(), faults: watch.faults }
  } finally {
    await fleet.sink()
  }
}
