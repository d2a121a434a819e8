import { Failure } from '../failure.js'
import { clock, write } from './message.js'
import type { Job, Subscription } from './plan.js'
import { Wire } from './wire.js'

const batch = 100

/** Publishes what is to be caught up with. */
export const fill = async (job: Job, { url, channels }: Subscription): Promise<void> => {
  const wire = new Wire(url)
  for (const channel of channels)
    for (let n = 1; n <= job.retained; n += batch) {
      const messages = Array.from({ length: Math.min(batch, job.retained - n + 1) }, (_, i) => {
        const message = write({ publisher: 0, channel, n: n + i, at: clock() }, job.size)
        return `{"channel":"${job.prefix}${channel}","message":${message}}`
      })
      await new Promise<void>((resolve, reject) => {
        wire.post(`/${job.database}/bus/publish`, `{"messages":[${messages.join(',')}]}`, (status) => {
          if (status === 200) resolve()
          else reject(new Failure(1, `what is to be caught up with could not be published: status ${status}`))
        })
      })
    }
  wire.close()
}
