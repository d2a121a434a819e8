import type { Part } from './part.js'
import { Solo } from './solo.js'

const waiters = 1000

/** A waiter's poll and its answer, by waiters that one message wakes all at once or each alone. */
export const wake: Part = {
  name: 'wake',
  cases: [
    {
      name: `poll and wake, ${waiters} on one channel`,
      prepare: () => {
        const solo = new Solo()
        const channels = ['news']
        return (times) => {
          for (let left = times; left > 0; left -= waiters) {
            for (let i = 0; i < Math.min(left, waiters); i++) solo.poll(channels)
            solo.publish('news')
          }
        }
      },
    },
    {
      name: `poll and wake, ${waiters} channels`,
      prepare: () => {
        const solo = new Solo()
        const names = Array.from({ length: waiters }, (_, i) => `channel-${i}`)
        for (const name of names) solo.poll([name])
        let turn = 0
        return (times) => {
          for (let i = 0; i < times; i++) {
            const name = names[turn++ % waiters] ?? ''
            solo.publish(name)
            solo.poll([name])
          }
        }
      },
    },
    {
      name: 'poll and cancel',
      prepare: () => {
        const solo = new Solo()
        const channels = ['news']
        return (times) => {
          for (let i = 0; i < times; i++) solo.cancel(solo.poll(channels))
        }
      },
    },
    {
      name: 'read 100 of 1000 kept',
      prepare: () => {
        const solo = new Solo()
        for (let i = 0; i < 1000; i++) solo.publish('news')
        return (times) => {
          for (let i = 0; i < times; i++) solo.poll(['news'], 'earliest', { limit: 100, waitMs: 0 })
        }
      },
    },
  ],
}
