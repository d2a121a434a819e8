import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { ownNodes } from '../../bin/verify/nodes.js'
import { verdictLines } from '../../bin/verify/report.js'
import { readHistory } from '../../src/verify/check/history.js'
import { judge } from '../../src/verify/check/verdict.js'
import { faultKinds } from '../../src/verify/kinds.js'
import { type Progress, verify } from '../../src/verify/run.js'
import { bundle } from '../verify/bundle.js'
import { foundIn } from '../verify/story.js'

// For the file as a whole: the runner's own limit is shorter.
tap.setTimeout(300_000)

const seed = process.env['CARILLON_CHAOS_SEED'] ?? '20260101'

test(`real processes killed, paused and cut off: every promise is kept (seed ${seed})`, async (t) => {
  const dir = tap.testdir()
  const { command } = await bundle(dir)
  const history = join(dir, 'history.ndjson')
  const progress: Progress[] = []
  const verdict = await verify({
    ...{ nodes: await ownNodes(3, true, [command, 'start']), database: 'main', seed, faults: faultKinds, history },
    ...{ durationMs: 25_000, rate: 1000, channels: 20, subscribers: 8, publishers: 8, suspectMs: 3000 },
    signal: new AbortController().signal,
    onProgress: (each) => progress.push(each),
  })
  const told = verdictLines(verdict).join('\n')
  t.same(foundIn(verdict), {}, told)
  t.ok(Object.keys(verdict.faults).length > 0, 'there were faults')
  t.same(judge(readHistory(await readFile(history, 'utf8'))), verdict, 'its history says the same')
  t.match(progress.at(-1), { phase: 'reading to the end', share: 1 })
  t.comment(told)
})
