import { setTimeout as sleep } from 'node:timers/promises'
import { middle } from '../../bin/bench/median.js'
import { clock } from '../../bin/bench/message.js'
import { Wire } from '../../bin/bench/wire.js'
import type { Ship } from '../../test/live/fleet.js'
import { settleMs } from './live.js'
import { launch } from './program.js'
import { longestGap, Watch } from './watch.js'

/** A third node that joins two which have kept so much. */
export interface Join {
  readonly mib: number
  readonly messages: number
  /** From the start of its process until it is ready and in the view of all; the median, and each. */
  readonly ms: number
  readonly all: readonly number[]
  /** The longest pause of acknowledgements meanwhile. */
  readonly pauseMs: number
  readonly load: number
}

const mib = 2 ** 20
/** Bytes of a message, and messages published at once: together no more than a request may have. */
const size = 1024
const batch = 500
const channels = 200

const options = (most: number): readonly string[] => [
  ...['--retention-count', '1000000', '--retention-seconds', '3600'],
  ...['--retention-bytes', `${2 * most}MiB`, '--peer-queue-bytes', `${2 * most}MiB`],
]

/** Publishes until the nodes keep so much. */
const fill = async (ship: Ship, bytes: number): Promise<void> => {
  const wire = new Wire(ship.url)
  const message = `{"text":"${'x'.repeat(size - 11)}"}`
  try {
    for (let i = 0; ; i++) {
      const kept = (await ship.status())?.gauges['retained_bytes'] ?? 0
      if (kept >= bytes) return
      const missing = Math.ceil((bytes - kept) / size)
      for (let left = Math.min(missing, 20 * batch); left > 0; left -= batch) {
        const drafts = Array.from({ length: Math.min(batch, left) }, (_, k) => {
          return `{"channel":"kept-${(i * batch + left + k) % channels}","message":${message}}`
        })
        const body = `{"messages":[${drafts.join(',')}]}`
        const status = await new Promise<number>((resolve) => wire.post('/main/bus/publish', body, resolve))
        if (status !== 200) throw new Error(`what is to be kept was answered ${status}`)
      }
    }
  } finally {
    wire.close()
  }
}

/** At each of these sizes, one after the other. */
export const measureJoins = async (
  sizes: readonly number[],
  times: number,
  loadAverage: () => number,
  tell: (join: Join) => void,
): Promise<readonly Join[]> => {
  const fleet = await launch(3, options(Math.max(16, ...sizes)))
  const [first, second, third] = fleet.ships
  if (!first || !second || !third) throw new Error('three nodes are needed')
  const watch = new Watch(first.url, second.url)
  try {
    await watch.start()
    const joins: Join[] = []
    for (const size of sizes) {
      await fill(first, size * mib)
      const gauges = (await first.status())?.gauges ?? {}
      const all: number[] = []
      const pauses: number[] = []
      while (all.length < times) {
        await third.kill()
        await sleep(2 * settleMs)
        const at = clock()
        third.start()
        await fleet.joined()
        all.push(clock() - at)
        await sleep(settleMs)
        pauses.push(longestGap(watch.acknowledged, at, clock() - settleMs / 2))
      }
      const kept = (gauges['retained_bytes'] ?? 0) / mib
      const more = { all, pauseMs: Math.max(...pauses), load: loadAverage() }
      const join = { mib: kept, messages: gauges['retained_messages'] ?? 0, ms: middle(all), ...more }
      joins.push(join)
      tell(join)
    }
    await watch.end()
    return joins
  } finally {
    await fleet.sink()
  }
}
