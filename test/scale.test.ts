import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { bendAt, meshBends, streamBends } from '../bench/scale/bends.js'
import { chart } from '../bench/scale/chart.js'
import { count } from '../bench/scale/counted.js'
import type { Figures } from '../bench/scale/figures.js'
import { farthest, fit } from '../bench/scale/fit.js'
import { modelsOf } from '../bench/scale/models.js'
import { scalePage } from '../bench/scale/page.js'
import { one, perNode, perPair, squared } from '../bench/scale/terms.js'
import { longestGap } from '../bench/scale/watch.js'
import { run } from './support/cli.js'

// One process, on a machine that may be busy.
tap.setTimeout(120_000)

const upTo = (most: number): readonly number[] => Array.from({ length: most }, (_, i) => i + 1)

const machine = { cpu: 'a <machine>', cores: 2, memoryGiB: 4, node: 'v20', commit: 'abc', date: '2026-01-01T00:00' }
const rates = { countedRate: 5000, liveRate: 2000, size: 200, priority: 0 }
const nothing = { counted: [], live: [], stalls: [], joins: [], streams: [], missing: [], seconds: 1 }
const empty: Figures = { machine, ...rates, ...nothing }

test('a fit finds the constants, and is checked by what it was not fitted to', (t) => {
  const points = upTo(12).map((x) => ({ x, y: 7 + 0.25 * x * x }))
  const model = fit({ what: 'made up', terms: [one, squared], points, heldOut: (x) => x > 6 })
  t.same(model?.fittedAt, [1, 2, 3, 4, 5, 6])
  t.equal(model?.formula, '7 + 0.25·n²')
  t.same(
    model?.checks.map(({ x }) => x),
    [7, 8, 9, 10, 11, 12],
  )
  t.ok(model && Math.abs(farthest(model)?.error ?? 1) < 1e-9)
  const off = fit({
    what: 'off',
    terms: [perNode],
    points: [...points.slice(0, 3), { x: 4, y: 0.5 * (model?.at(4) ?? 0) }],
    heldOut: (x) => x > 3,
  })
  t.ok((off?.checks[0]?.error ?? 0) > 0.5, 'an error is told')
  t.end()
})

test('a term that would cost less than nothing is left out; too few points make no model', (t) => {
  const falling = [10, 8, 6, 4].map((y, i) => ({ x: i + 1, y }))
  const heldOut = (x: number): boolean => x > 3
  const model = fit({ what: 'falling', terms: [one, perNode], points: falling, heldOut })
  t.equal(model?.constants[1], 0)
  t.ok((model?.constants[0] ?? 0) > 6)
  t.equal(fit({ what: 'few', terms: [one, perNode, perPair], points: falling.slice(1), heldOut }), undefined)
  t.equal(fit({ what: 'no check', terms: [one], points: falling, heldOut: () => false }), undefined)
  t.equal(fit({ what: 'alike', terms: [one, one], points: falling, heldOut }), undefined)
  t.end()
})

test('the longest pause reaches over the ends of what is looked at', (t) => {
  const moments = [0, 10, 20, 90, 100, 110]
  t.equal(longestGap(moments, 15, 105), 70)
  t.equal(longestGap(moments, 30, 40), 70)
  t.equal(longestGap(moments, 95, 400), 290)
  t.equal(longestGap([], 5, 25), 20)
  t.equal(
    bendAt((n) => n * n > 50, 100),
    8,
  )
  t.equal(
    bendAt(() => false, 100),
    undefined,
  )
  t.end()
})

test('a mesh is counted alike each time, and its models hold beyond what they were fitted to', (t) => {
  const pace = { rate: 5000, ms: 100 }
  const counted = upTo(9).map((nodes) => count(nodes, pace))
  const again = count(3, pace)
  t.match(counted[2], { frames: again.frames, bytes: again.bytes, idleBytes: again.idleBytes, egress: again.egress })
  const { frames, replication } = modelsOf({ ...empty, counted })
  for (const model of [frames, replication]) {
    const check = model && farthest(model)
    t.equal(check?.x, 9)
    t.ok(Math.abs(check?.error ?? 1) < 0.05, `${model?.what}: ${model?.formula}: off by ${check?.error}`)
  }
  t.end()
})

const live = (nodes: number) => ({
  ...{ nodes, rate: 2000, acceptUs: 50 + nodes, otherUs: 20 + nodes, p50: nodes / 2, p99: nodes },
  ...{ bytes: 240 * (nodes - 1), load: 1.5, faults: 0 },
})
const kill = { calmMs: 10, acknowledgedMs: 170, deliveredMs: 180, rejoinMs: 20 }

const full: Figures = {
  ...empty,
  counted: upTo(15).map((nodes) => ({
    ...{
      nodes,
      frames: nodes * nodes,
      bytes: 230 * nodes,
      idleFrames: nodes,
      idleBytes: 10 * nodes ** 3 * (nodes - 1),
    },
    ...{ egress: 1e6 * (nodes - 1), acceptUs: 1 + nodes / 10, otherUs: nodes / 10 },
  })),
  live: [1, 2, 3, 5, 7].map(live),
  stalls: [2, 7].map((nodes) => ({ nodes, kills: [kill, kill], load: 1, faults: 0 })),
  joins: [1, 10, 100].map((mib) => ({ mib, messages: 1000 * mib, ms: 300 + 8 * mib, all: [310], pauseMs: 9, load: 2 })),
  streams: [1, 2, 4, 8].map((nodes) => ({ ...live(nodes), natsUs: 30 + 4 * nodes, idleBytes: 120 * nodes * nodes })),
  nats: '2.9.10',
}

test('the page says of each plot where it is from, and needs nothing else', (t) => {
  const page = scalePage(full)
  for (const source of ['measured live', 'counted in process', 'modelled']) t.match(page, `>${source}</span>`)
  t.equal(page.match(/<svg /g)?.length, 13)
  t.notMatch(page, /NaN|Infinity|undefined/)
  t.notMatch(page, /(src|href)=|@import|url\(/)
  t.match(page, 'a &#60;machine&#62;')
  t.match(page, /load average of 1\.0 to 2\.0/)
  t.equal(Object.values(modelsOf(full)).filter(Boolean).length, 13)
  t.ok(meshBends(full, modelsOf(full)).length >= 7)
  t.equal(streamBends(modelsOf(full)).length, 4)
  t.end()
})

test('what was not measured is not drawn, but told', (t) => {
  const page = scalePage({ ...empty, missing: ['JetStream: not measured'] })
  t.match(page, '<p class="bad">JetStream: not measured</p>')
  t.notMatch(page, /<svg |NaN|Infinity|undefined/)
  t.equal(chart({ label: 'x' }, { label: 'y' }, [{ name: 'none', look: 'measured', points: [] }]), '')
  t.end()
})

test('the command draws again what was measured before', async (t) => {
  const folder = t.testdir()
  const [from, html] = [join(folder, 'figures.json'), join(folder, 'growth.html')]
  await writeFile(from, JSON.stringify(full))
  const { code, stdout, stderr } = await run(['--from', from, '--html', html], '', {}, 'bench/scale.ts')
  t.equal(code, 0, stderr)
  t.match(stdout, /^models, by nodes n$/m)
  t.equal(await readFile(html, 'utf8'), scalePage(full))
})
