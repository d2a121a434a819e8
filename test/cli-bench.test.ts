import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { run } from './support/cli.js'

// Nodes and workers as processes, on a machine that may be busy.
tap.setTimeout(300_000)

interface Told {
  readonly machine: { readonly node: string }
  readonly results: readonly {
    readonly workload: string
    readonly nodes: number
    readonly cpuByNode?: readonly number[]
    readonly wireBytes?: number
    readonly published: number
    readonly delivered: number
    readonly moments: readonly object[]
    readonly delivery?: { readonly p50: number; readonly max: number }
    readonly faults: { readonly [name: string]: number }
  }[]
}

const brief = ['--duration', '0.5', '--warmup', '0.2', '--subscribers', '6', '--publishers', '3']

const names = ['fan-out', 'catch-up', 'mixed']

test('on two nodes and with two workers, loses nothing', async (t) => {
  const page = join(t.testdir(), 'report.html')
  const args = ['bench', ...names, '--nodes', '2', '--workers', '2', ...brief, '--json', '--html', page]
  const { code, stdout, stderr } = await run(args)
  t.equal(code, 0, stderr)
  const { machine, results }: Told = JSON.parse(stdout)
  t.equal(machine.node, process.version)
  t.same(
    results.map(({ workload }) => workload),
    names,
  )
  for (const { workload, delivered, delivery, faults, moments } of results) {
    t.same(faults, { lost: 0, doubled: 0, disordered: 0, gaps: 0, errors: 0 }, workload)
    t.ok(delivered > 0 && (delivery?.p50 ?? 0) > 0, `${workload} delivers`)
    t.ok(moments.length > 0, `${workload} has a course`)
  }
  const html = await readFile(page, 'utf8')
  t.match(html, /<svg .*<polyline/)
  t.notMatch(html, /(src|href)=/, 'it needs nothing else')
})

test('at a rate, through the route of Tryton’s clients, several times', async (t) => {
  const args = ['bench', 'channels', ...brief, '--rate', '200', '--transport', 'bus', '--repeat', '2', '--workers', '1']
  const { code, stdout, stderr } = await run(args)
  t.equal(code, 0, stderr)
  t.match(stdout, /^workload +nodes +runs +publ\/s/m)
  t.match(stdout, /^channels +1 +2 /m)
})

test('on clusters of several sizes, published through one node, read from streams', async (t) => {
  const sizes = { sse: [1, 2], ws: [2] }
  for (const [transport, counts] of Object.entries(sizes)) {
    const args = ['bench', 'mixed', '--nodes', `${counts}`, '--through', '1', ...brief, '--rate', '100', '--json']
    const { code, stdout, stderr } = await run([...args, '--transport', transport, '--workers', '1'])
    t.equal(code, 0, stderr)
    const { results }: Told = JSON.parse(stdout)
    t.same(
      results.map(({ nodes }) => nodes),
      counts,
    )
    for (const { nodes, delivered, faults, cpuByNode, wireBytes } of results) {
      t.same(faults, { lost: 0, doubled: 0, disordered: 0, gaps: 0, errors: 0 }, transport)
      t.ok(delivered > 0, `${transport} delivers`)
      t.equal(cpuByNode?.length, nodes)
      t.equal((wireBytes ?? 0) > 200, nodes > 1, 'nodes tell each other')
    }
  }
})

test('what can not be measured is said', async (t) => {
  t.match(await run(['bench', 'nothing']), { code: 2, stderr: /no workload "nothing"/ })
  t.match(await run(['bench', '--worker']), { code: 2 })
  t.match(await run(['bench', '--spread', '--transport', 'bus']), { code: 2, stderr: /poll, sse or ws/ })
  t.match(await run(['bench', '--nodes', '1,0']), { code: 2, stderr: /from 1 to 15/ })
})
