import { Ring } from '../src/channel/ring.js'
import { Arena } from '../src/log/arena.js'
import { Entry } from '../src/log/entry.js'
import { Origin } from '../src/log/origin.js'
import { draft, entry, nodeId } from '../test/support/core.js'
import { type Part, repeated } from './part.js'

const kept = 1000

const full = (): { ring: Ring; origin: Origin } => {
  const ring = new Ring()
  const origin = new Origin(nodeId(1), new Arena())
  for (let seq = 1; seq <= kept; seq++) ring.insert(entry(origin, seq, seq))
  return { ring, origin }
}

/** It comes again and again, later each time. */
class Returning extends Entry {
  came = this.seq

  override get time(): number {
    return this.came
  }
}

/** What is kept of a channel. */
export const ring: Part = {
  name: 'ring',
  cases: [
    {
      name: `insert and evict, ${kept} kept`,
      prepare: () => {
        const ring = new Ring()
        const origin = new Origin(nodeId(1), new Arena())
        for (let seq = 1; seq <= kept; seq++) ring.insert(new Returning(origin, seq, seq, draft('a', seq), 0))
        // The oldest comes back as the newest, so that only the ring is timed.
        let time = kept
        return repeated(() => {
          const oldest = ring.shift()
          if (!(oldest instanceof Returning)) return
          oldest.came = ++time
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
          ring.remove(ring.find(late))
        })
      },
    },
  ],
}
