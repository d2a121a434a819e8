import { test } from 'tap'
import { ask } from '../live/ask.js'
import { embed, poll, publish } from '../live/crew.js'
import { until } from '../support/until.js'
import { natsSkip, startNats } from './nats.js'

test('two nodes on one server', { skip: natsSkip }, async (t) => {
  const [server] = await startNats(t)
  const log = server?.url ?? ''
  const [one, two] = [await embed(t, { log, name: 'one' }), await embed(t, { log, name: 'two' })]
  await until('both are ready', () => one.ready && two.ready)
  const waiting = poll(two, { channels: ['a'], cursor: 'now', timeout: 10 })
  await until('it waits', () => two.status().gauges['waiters'] === 1)
  const first = await publish(one, 'a', { n: 1 })
  t.match(JSON.parse(first.text), { message_id: String, copies: 1 }, first.text)
  t.equal((await waiting).cursor, JSON.parse(first.text).message_id)
  for (let n = 2; n < 30; n++) await publish(n % 2 ? one : two, 'a', { n })
  const all = await until('all of it', async () => {
    const batch = await poll(two, { channels: ['a'], cursor: 'earliest' })
    return batch.messages.length === 29 && batch
  })
  t.same(
    all.messages.map(({ message }) => message['n']),
    Array.from({ length: 29 }, (_, i) => i + 1),
  )
  t.match(one.status().log, {
    kind: 'jetstream',
    state: 'connected',
    streams: [{ database: 'main', state: 'following' }],
  })
  // Each hears of the other by a word said now and then, which may come after all of the above.
  await until('one knows of both', () => one.status().view.members.join() === 'one,two')
  t.equal((await ask(one.url, 'GET', '/readyz')).status, 200)
})
