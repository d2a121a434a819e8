import { type Part, repeated } from './part.js'
import { Solo } from './solo.js'

const channels = Array.from({ length: 100 }, (_, i) => `channel-${i}`)
const channel = (i: number): string => channels[i % channels.length] ?? ''

/** A publish through the engine of a node alone: accepted, shown, kept, acknowledged, and an older one evicted. */
export const publish: Part = {
  name: 'publish',
  cases: [
    {
      name: '200 B, 100 channels',
      prepare: () => {
        const solo = new Solo()
        return repeated((i) => solo.publish(channel(i)))
      },
    },
    {
      name: 'with a key',
      prepare: () => {
        const solo = new Solo({ keysMax: 10_000 })
        let n = 0
        return repeated((i) => solo.publish(channel(i), { key: `key-${n++}`, digest: 'same' }))
      },
    },
  ],
}
