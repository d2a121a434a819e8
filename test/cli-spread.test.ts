import tap, { test } from 'tap'
import { run } from './support/cli.js'

// Nodes as processes that are restarted, on a machine that may be busy.
tap.setTimeout(180_000)

test('how evenly clients lie on the nodes, while these are restarted', async (t) => {
  const args = ['bench', '--spread', '--nodes', '2', '--subscribers', '20', '--duration', '1', '--rate', '20']
  const { code, stdout, stderr } = await run([...args, '--json'])
  t.equal(code, 0, stderr)
  const { rows, losses }: { rows: { phase: string; counts: number[]; reconnects: number }[]; losses: object } =
    JSON.parse(stdout)
  t.same(
    rows.map(({ phase }) => phase),
    ['before', 'node-1 restarts', 'node-2 restarts', '0 to 10 s after'],
  )
  t.ok(rows.slice(1, 3).every(({ reconnects }) => reconnects > 0))
  t.same(losses, { lost: 0, doubled: 0, gaps: 0, errors: 0 })
})
