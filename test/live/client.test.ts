import tap, { test } from 'tap'
import { Fleet } from './fleet.js'
import { check, roll } from './roll.js'

// Several processes from source, on a machine that may be busy.
tap.setTimeout(240_000)

test('a rolling restart of all nodes: clients lose nothing, get nothing twice, and see no error', async (t) => {
  const fleet = await Fleet.launch(3, ['--retention-count', '100000'])
  t.teardown(() => fleet.sink())
  const course = await roll({
    fleet,
    servers: fleet.urls.slice(0, 1),
    transports: ['poll', 'sse', 'ws'],
    readers: 15,
    // Soon enough to know all nodes before the first stops.
    options: { lookMs: 1000 },
  })
  check(t, course)
})
