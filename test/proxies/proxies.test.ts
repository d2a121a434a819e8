import { readFileSync } from 'node:fs'
import tap, { type Test, test } from 'tap'
import { hangUp } from '../live/ask.js'
import { Fleet } from '../live/fleet.js'
import { check, roll } from '../live/roll.js'
import { whyNot } from '../tryton/real/debian.js'
import { Site } from '../tryton/real/site.js'

// Several processes from source, on a machine that may be busy.
tap.setTimeout(600_000)

const packages = { nginx: 'nginx-light', haproxy: 'haproxy' } as const
const files = { nginx: 'nginx.conf', haproxy: 'haproxy.cfg' } as const

const launch = async (t: Test): Promise<Fleet> => {
  const fleet = await Fleet.launch(3, ['--retention-count', '100000'])
  t.teardown(async () => {
    hangUp()
    await fleet.sink()
  })
  return fleet
}

for (const proxy of ['nginx', 'haproxy'] as const) {
  const skip = whyNot(undefined, [packages[proxy]])
  const name = `behind ${proxy}, round-robin: a restart of all nodes loses nothing, on any transport, and shows no error`
  test(name, { skip }, async (t) => {
    const fleet = await launch(t)
    const text = readFileSync(new URL(files[proxy], import.meta.url), 'utf8')
    const url = await Site.bare(t)[proxy](fleet.urls, fleet.urls[0] ?? '', text)
    const options = { discover: false }
    check(t, await roll({ fleet, servers: [url], transports: ['poll', 'sse', 'ws'], readers: 10, options }))
  })
}
