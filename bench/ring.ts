import { Ring } from '../src/channel/ring.js'
import { Origin } from '../src/log/origin.js'
import { Slabs } from '../src/log/slabs.js'
import { entry, nodeId } from '../test/support/core.js'
import { type Part, repeated } from './part.js'

const kept = 1000

const full = (): { ring: Ring; origin: Origin } => {
  const slabs = new Slabs()
  const ring = new Ring(slabs)
  const origin = new Origin(nodeId(1), slabs)
  for (let seq = 1; seq <= kept; seq++) ring.insert(entry(origin, seq, seq))
  return { ring, origin }
}

/** What is kept of a channel. */
export const ring: Part = {
  name: 'ring',
  cases: [
    {
      name: `insert and evict, ${kept} kept`,
      prepare: () => {
        const { ring } = full()
        // The oldest comes back as the newest, so that only the ring is timed.
        let time = kept
        return repeated(() => {
          const oldest = ring.at(0)
          if (!oldest) return
          ring.remove(oldest)
          oldest.slab.times[oldest.index] = ++time
          ring.insert(oldest)
        })
      },
    },
    {
      name: `find a time among ${kept}`,
      prepare: () => {
        const { ring } = full()
        return repeated((i) => ring.since((i * 7919) % kept))
      },
    },
    {
      name: `insert ${kept / 2} before the end`,
      prepare: () => {
        const { ring, origin } = full()
        const late = entry(origin, 1, kept / 2 + 0.5)
        return repeated(() => {
          ring.insert(late)
          ring.remove(late)
        })
      },
    },
  ],
}
