import { test } from 'tap'
import { type Look, statusLines } from '../bin/status-text.js'
import type { Status } from '../src/index.js'
import { Histogram } from '../src/log/histogram.js'

const lookAt = (published: number, atMs: number, publishMs: readonly number[]): Look => {
  const publish = new Histogram()
  for (const ms of publishMs) publish.add(ms)
  const status: Status = {
    id: 'a' as Status['id'],
    name: 'node-1',
    ready: true,
    state: 'ready',
    view: { id: '7', members: ['node-1'] },
    members: [
      {
        id: 'a' as Status['id'],
        name: 'node-1',
        address: '127.0.0.1:1',
        url: 'http://127.0.0.1:2',
        self: true,
        state: 'alive',
        ready: true,
        inView: true,
        lag: 0,
        waiters: 3,
        heardMs: 0,
        unheard: [],
      },
    ],
    counters: { published, gaps_unknown_origin: 0 },
    gauges: { retained_bytes: 1234567 },
    log: { kind: 'mesh' },
    times: { publish: publish.spread(), delivery: new Histogram().spread() },
  }
  return { server: 'http://127.0.0.1:2', text: '', status, atMs }
}

test('the first look has totals, the next one what happened since', (t) => {
  const before = lookAt(1000, 0, [9000])
  const first = statusLines(before, undefined).join('\n')
  t.match(first, /^node-1 is ready; view 7 of 1; asked at http:\/\/127\.0\.0\.1:2\n\nNAME/)
  t.match(first, /^node-1 \* +alive +yes +yes +0 +3 +- +http:\/\/127\.0\.0\.1:2$/m)
  t.match(first, /^published +1,000 +- +retained bytes +1,234,567$/m)
  t.match(first, /publish +<= 10000 +<= 10000$/m)
  const apart = { ...before, status: { ...before.status, incompatible: ['10.0.0.2:7500'] } }
  t.match(statusLines(apart, undefined)[1], 'no protocol in common with the node at 10.0.0.2:7500: not linked')
  const next = statusLines(lookAt(1500, 2000, [9000, 0.1, 0.1, 20_000]), before).join('\n')
  t.match(next, /^published +1,500 +250\.0 /m)
  t.match(next, /publish +<= 0\.5 +> 10000$/m, 'of the last seconds only')
  t.match(next, /delivery +- +-$/m)
  t.end()
})
