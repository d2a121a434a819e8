import { test } from 'tap'
import type { Node } from '../../src/index.js'
import { ask } from '../live/ask.js'
import { agreed, crew, embed, statusOf } from '../live/crew.js'
import { run } from '../support/cli.js'
import { until } from '../support/until.js'
import { FakePostgres } from './fake-postgres.js'

interface Batch {
  readonly messages: readonly { readonly channel: string; readonly message: { readonly n: number } }[]
}

const kept = async (node: Node): Promise<readonly number[]> => {
  const wish = { channels: ['user:1', 'user:2'], cursor: 'earliest', limit: 1000, timeout: 0 }
  const batch: Batch = JSON.parse((await ask(node.url, 'POST', '/tryton/bus/poll', wish)).text)
  return batch.messages.map(({ message }) => message.n)
}

test('three nodes hear the same database: each message once, in order, though one of them stops', async (t) => {
  const postgres = await FakePostgres.start(t)
  const nodes = await crew(t, 3, { trytonListen: [postgres.url('tryton')] })
  const [one, two, three] = nodes as [Node, Node, Node]
  await until('all listen', () => postgres.listeners === 3)
  const total = 600
  for (let n = 0; n < total; n++) {
    postgres.notify(`user:${1 + (n % 2)}`, { type: 'notification', n, message_id: `uuid-${n}` })
    if (n === total / 2) await until('some are there', async () => (await kept(two)).length > 0)
    if (n === total / 2) void one.close()
  }
  await agreed([two, three])
  await until('all are there', async () => (await kept(two)).length >= total)
  const expected = Array.from({ length: total }, (_, n) => n)
  for (const node of [two, three]) t.same(await kept(node), expected, node.name)
  const shown = await run(['status', '--server', two.url])
  t.match(shown.stdout, /DATABASE.*\ntryton +listening +600 /)
  const { feeds } = await statusOf(two)
  t.match(feeds, [{ database: 'tryton', state: 'listening', heard: total, waiting: 0, dropped: 0, losses: 0 }])
})

test('the commands come in with a token', async (t) => {
  const token = 'a-token-of-the-tests'
  const node = await embed(t, { auth: 'trytond=http://127.0.0.1:1', token })
  const publish = ['publish', 'a', '{"n":1}', '--server', node.url, '--timeout', '5']
  t.match(await run(publish), { code: 1, stderr: /a session of trytond is needed/ })
  t.match(await run(publish, '', { CARILLON_TOKEN: token }), { code: 0 })
})
