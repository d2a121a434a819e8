import { connect } from '@nats-io/transport-node'
import tap, { type Test, test } from 'tap'
import type { Node } from '../../src/index.js'
import { deliveredOf } from '../../src/jetstream/delivered.js'
import { streamOf } from '../../src/jetstream/names.js'
import { loadNats } from '../../src/jetstream/nats.js'
import { manage } from '../conformance/jetstream.js'
import { pollAt, publishTo } from '../conformance/live.js'
import type { Page } from '../conformance/world.js'
import { ask } from '../live/ask.js'
import { embed } from '../live/crew.js'
import { until } from '../support/until.js'
import { type NatsServer, natsSkip, startNats } from './nats.js'

tap.setTimeout(120_000)

const channels = ['a']
const stream = streamOf('carillon', 'main')

const ready = (node: Node): Promise<boolean> => until('it is ready', () => node.ready, 30_000)

const send = async (node: Node, text: unknown, key?: string) =>
  publishTo(node, 'main', [key ? { channel: 'a', text, key } : { channel: 'a', text }])

const read = async (node: Node, from: string): Promise<Page> => {
  const page = await pollAt(node, 'main', channels, from)
  if ('code' in page) throw new Error(page.code)
  return page
}

const begin = async (
  t: Test,
  options: object = {},
): Promise<{ server: NatsServer; node: Node; servers: readonly NatsServer[] }> => {
  const servers = await startNats(t)
  const [server] = servers as [NatsServer]
  const node = await embed(t, { log: server.url, name: 'node', publishTimeout: 2, ...options })
  await ready(node)
  return { server, servers, node }
}

test('without the packages that speak to it, what to install is said', async (t) => {
  const missing = (): Promise<unknown> => Promise.reject(new Error('Cannot find package'))
  await t.rejects(loadNats(missing), {
    code: 'bad_option',
    message: /npm install @nats-io\/transport-node @nats-io\/jetstream/,
  })
})

test('what the servers say of a delivery, older and newer ones', (t) => {
  const told = { seq: 12, delivery: 3, wall: 1700000000000, pending: 4 }
  t.same(deliveredOf('$JS.ACK.s.c.1.12.3.1700000000000000000.4'), told)
  t.same(deliveredOf('$JS.ACK._.acc.s.c.1.12.3.1700000000000000000.4.x9'), told)
  for (const bad of [undefined, '', '$JS.ACK.s.c', 'other.ACK.s.c.1.12.3.1700000000000000000.4'])
    t.equal(deliveredOf(bad), undefined)
  t.end()
})

test('the servers are away, and come back', { skip: natsSkip }, async (t) => {
  const { server, node } = await begin(t)
  await send(node, 1)
  const { cursor } = await read(node, 'earliest')
  await send(node, 2)
  await server.end('SIGKILL')
  await until('it is not ready', () => !node.ready)
  const readiness = await ask(node.url, 'GET', '/readyz')
  t.match([readiness.status, readiness.text], [503, /the log is away/], 'it says why')
  t.match(await send(node, 'refused'), { code: 'not_ready', unknown: false })
  t.same((await read(node, cursor)).texts, [2], 'what is kept is still given')
  await server.start()
  await ready(node)
  t.match(await send(node, 3), { copies: 1 })
  t.same((await read(node, cursor)).texts, [2, 3], 'and all goes on')
})

test('a server that does not answer', { skip: natsSkip }, async (t) => {
  const { server, node } = await begin(t)
  await send(node, 1)
  const { cursor } = await read(node, 'earliest')
  server.signal('SIGSTOP')
  t.match(await send(node, 2, 'k'), { code: 'outcome_unknown', unknown: true }, 'what was under way may be stored')
  await until('it is not ready', () => !node.ready)
  t.match(await send(node, 3), { code: 'not_ready', unknown: false })
  server.signal('SIGCONT')
  await ready(node)
  t.match(await send(node, 2, 'k'), { copies: 1 }, 'again, with its key')
  t.same((await read(node, cursor)).texts, [2], 'it is there once')
})

test('a stream that is deleted and made anew', { skip: natsSkip }, async (t) => {
  const { servers, node } = await begin(t)
  await send(node, 1)
  const { cursor } = await read(node, 'earliest')
  const manager = await manage(t, servers)
  await manager.streams.delete(stream)
  await until('it takes messages again', async () => 'ids' in (await send(node, 'new')), 30_000)
  const page = await read(node, cursor)
  t.match(page, { gap: 'unknown_origin', texts: ['new'] })
  t.match(await read(node, page.cursor), { texts: [], gap: undefined }, 'it is told once')
})

test('keys past the time in which the servers know them, and messages of others', { skip: natsSkip }, async (t) => {
  const { servers, node } = await begin(t, { logDuplicates: 0.1 })
  const first = await send(node, 1, 'k')
  const connection = await connect({ servers: `127.0.0.1:${servers[0]?.port}` })
  t.teardown(() => connection.close())
  await connection.request('carillon.db.main', 'somebody else')
  const start = performance.now()
  await until('they have forgotten it', () => performance.now() - start > 300)
  const other = await embed(t, { log: servers[0]?.url ?? '', name: 'other' })
  await ready(other)
  t.match(await send(other, 1, 'k'), { ids: 'ids' in first ? first.ids : [], duplicates: [true] })
  t.match(await send(other, 2, 'k'), { code: 'key_conflict' })
  await send(other, 3)
  t.same((await read(other, 'earliest')).texts, [1, 3], 'what is none of ours is passed over')
})

test('more than the servers take at a time', { skip: natsSkip }, async (t) => {
  const { node } = await begin(t)
  const large = Array.from({ length: 3 }, (_, n) => ({ channel: 'a', text: `${n}`.repeat(500_000) }))
  t.match(await publishTo(node, 'main', large), { code: 'too_large', unknown: false })
  t.same((await read(node, 'earliest')).texts, [], 'none of it is stored')
})
