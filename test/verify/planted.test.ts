import tap, { type Test, test } from 'tap'
import { verdictLines } from '../../bin/verify/report.js'
import type { Options } from '../../src/options.js'
import type { Verdict } from '../../src/verify/check/verdict.js'
import type { Kind } from '../../src/verify/check/violation.js'
import { verify } from '../../src/verify/run.js'
import { agreed, secret } from '../live/crew.js'
import { type Planted, plantedNode } from './planted.js'
import { foundIn } from './story.js'

// Nodes under load in this very process, on a machine that may be busy.
tap.setTimeout(120_000)

/** Two nodes with the same fault; with other options they are taken for somebody else's. */
const run = async (t: Test, name: Planted | 'nothing', options: Partial<Options> = {}): Promise<Verdict> => {
  const quiet = {
    listen: '127.0.0.1:0',
    peerListen: '127.0.0.1:0',
    logLevel: 'silent',
    drainTimeout: 0.2,
    secret,
  } as const
  const founder = await plantedNode(name as Planted, { ...quiet, ...options, name: 'node-1' })
  t.teardown(() => founder.close())
  const other = await plantedNode(name as Planted, { ...quiet, ...options, name: 'node-2', join: [founder.address] })
  t.teardown(() => other.close())
  await agreed([founder, other])
  const areOwn = Object.keys(options).length === 0
  return verify({
    ...{
      database: 'main',
      seed: name,
      durationMs: 60_000,
      messages: 150,
      rate: 300,
      channels: 2,
      subscribers: 3,
      publishers: 6,
    },
    ...{ nodes: { targets: [founder, other], ...(areOwn ? { areOwn } : {}) }, faults: [], suspectMs: 3000 },
    signal: new AbortController().signal,
  })
}

test('nothing is found where nothing is wrong', async (t) => {
  const verdict = await run(t, 'nothing')
  t.same(foundIn(verdict), {})
  t.ok((verdict.counts['deliveries'] ?? 0) > 300, 'and much was looked at')
})

test('what a cluster of others evicts, and tells, is no fault', async (t) => {
  const verdict = await run(t, 'nothing', { retentionCount: 2 })
  t.same(foundIn(verdict), {}, verdictLines(verdict).join('\n'))
  t.ok((verdict.counts['gaps'] ?? 0) > 0, `${verdict.counts['gaps']} gaps told`)
})

const planted: readonly (readonly [Planted, Kind])[] = [
  ['swallowing', 'lost'],
  ['skipping', 'unsignalled gap'],
  ['doubling', 'doubled'],
  ['swapping', 'out of order'],
  ['denying', 'phantom'],
  ['altering', 'altered'],
  ['forgetting', 'wrong outcome'],
]

for (const [name, kind] of planted)
  test(`found: ${kind}`, async (t) => {
    const { ok, rows } = await run(t, name)
    t.notOk(ok)
    const row = rows.find((each) => each.kind === kind)
    t.ok(row && row.found > 0, `${row?.found} found`)
    const [example] = row?.examples ?? []
    t.match(example?.what, /p\d-\d+/)
    t.match(example?.evidence.join('\n'), /p\d publishes p\d-\d+ to verify-/)
    t.comment([`${row?.found} × ${kind}`, example?.what, ...(example?.evidence ?? [])].join('\n'))
  })
