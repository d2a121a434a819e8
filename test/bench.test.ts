import { join } from 'node:path'
import tap, { test } from 'tap'
import { measure } from '../bench/measure.js'
import { type Case, repeated } from '../bench/part.js'
import { parts } from '../bench/parts.js'
import { run } from './support/cli.js'

// Whole clusters in memory, on a machine that may be busy.
tap.setTimeout(120_000)

test('each part of the hot path can be measured', (t) => {
  for (const { name, cases } of parts)
    for (const each of cases) t.doesNotThrow(() => each.prepare()(7), `${name}: ${each.name}`)
  const effort = { rounds: 3, roundMs: 0.5, warmUpMs: 0.5 }
  const idle: Case = { name: 'nothing', prepare: () => repeated((i) => i) }
  const { ns, median, turns, bytes } = measure(idle, effort)
  t.ok(ns > 0 && median >= ns && turns > 0 && bytes >= 0)
  t.end()
})

test('what was recorded can be compared with', async (t) => {
  const file = join(t.testdir(), 'baseline.json')
  const brief = ['ring', '--rounds', '1', '--ms', '1']
  const parts = (...more: readonly string[]) => run([...brief, ...more], '', {}, 'bench/parts.ts')
  const recorded = await parts('--record', file)
  t.equal(recorded.code, 0, recorded.stderr)
  t.match(recorded.stdout, /^part +case +ns +median +spread +bytes$/m)
  const compared = await parts('--compare', file)
  t.match(compared.stdout, /^ring .* \d+\.\d\d x$/m)
  t.match(await run(['nothing'], '', {}, 'bench/parts.ts'), { code: 1, stderr: /'nothing' is invalid .* ring, gate, / })
})

interface Growth {
  readonly costs: readonly { readonly nodes: number; readonly blocks: number }[]
  readonly shares: readonly { readonly nodes: number; readonly bytesPerMessageAndMember: number }[]
}

test('a publish does no more for more channels, messages that are kept, or waiters elsewhere', async (t) => {
  const { code, stdout, stderr } = await run(['--quick', '--json', '--retained', '100000'], '', {}, 'bench/growth.ts')
  t.equal(code, 0, stderr)
  const { costs, shares }: Growth = JSON.parse(stdout)
  for (const nodes of [1, 3]) {
    const blocks = costs.filter((cost) => cost.nodes === nodes).map((cost) => cost.blocks)
    t.equal(blocks.length, 8)
    // The rest is for looking after channels in turn, which is bounded by time.
    t.ok(Math.max(...blocks) < 1.25 * Math.min(...blocks), `on ${nodes}: ${blocks.join(', ')}`)
  }
  for (const { nodes, bytesPerMessageAndMember } of shares.filter((share) => share.nodes <= 7))
    t.ok(bytesPerMessageAndMember <= 1.3 * 200 + 60, `${bytesPerMessageAndMember} bytes on ${nodes}`)
})
