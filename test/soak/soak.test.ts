import tap, { test } from 'tap'
import { soak } from './soak.js'

// For the file as a whole: it lasts about a minute, on a busy machine longer.
tap.setTimeout(300_000)

/** Limits that are reached by what is thrown at the node, and refusals that it must see. */
const counted = ['limit_publish_rate', 'http_refused', 'http_cut', 'streams_slow']

test('whoever floods, dawdles, vanishes or lies, those who behave miss nothing, and nothing is kept', async (t) => {
  const plan = {
    stretches: 2,
    quietSeconds: 2,
    attackSeconds: 12,
    polls: 10_000,
    isAlone: false,
    say: (line: string) => t.comment(line),
  }
  const { stretches, complaints, status, log } = await soak(plan)
  t.match(complaints, { lost: 0, doubled: 0, disordered: 0, gaps: 0, refused: [] })
  for (const { tale, attacked } of stretches) {
    t.comment(JSON.stringify(tale))
    t.ok(attacked.delivered.length > 100, 'there was something to miss')
    t.same(
      Object.keys(tale).filter((what) => what.startsWith('wrong answer')),
      [],
    )
    for (const what of ['flood 429', 'socket flood 429', 'slowloris 408', 'bad inputs', 'polls abandoned'])
      t.ok(Number(tale[what]) > 0, what)
  }
  for (const name of counted) t.ok(Number(status.counters[name]) > 0, name)
  const { waiters, streams, publishing, unstable_bytes: unstable } = status.gauges
  t.same({ waiters, streams, publishing, unstable }, { waiters: 0, streams: 0, publishing: 0, unstable: 0 })
  t.equal(status.counters.http_connections, 0)
  const [before, after] = stretches.map(({ memory }) => memory.heapUsed + memory.external)
  t.ok(Number(after) <= 1.1 * Number(before), `${after} bytes are in use, ${before} were after the same before`)
  t.notMatch(log, /http_mistake|invariant_broken|patron failed/)
  t.ok(log.split('\n').length < 300, 'it is told once an address in a while')
})
