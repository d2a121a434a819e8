import tap, { test } from 'tap'
import { connect, type Message } from '../../src/client/index.js'
import type { Node } from '../../src/index.js'
import { agreed, crew, embed, poll, secret } from '../live/crew.js'
import { EventReader, SocketReader } from '../stream/tap.js'

// Nodes in this process: three seconds.
tap.setTimeout(60_000)

const trace = (n: number): string => `00-4bf92f3577b34da6a3ce929d0e0e473${n}-00f067aa0ba902b7-01`

const post = async (node: Node, path: string, body: object, headers: { [name: string]: string } = {}) => {
  const given = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
  const response = await fetch(`${node.url}/main/bus${path}`, given)
  return { status: response.status, text: await response.text() }
}

test('a trace comes with its message, on every node and every transport, and in no other place', async (t) => {
  const [one, two] = (await crew(t, 2)) as [Node, Node]
  const port = Number(new URL(two.url).port)
  const events = new EventReader(port, '/main/bus/events?channel=a')
  const socket = new SocketReader(port, '/main/bus/socket?channel=a')
  const publishing = new SocketReader(Number(new URL(one.url).port), '/main/bus/socket')
  t.teardown(() => {
    for (const reader of [events, socket, publishing]) reader.close()
  })
  await Promise.all([events.events.first(1), socket.frames.first(1)])
  const message = (n: number) => ({ channel: 'a', message: { n } })
  const header = { traceparent: trace(1) }
  const sent = [
    await post(one, '/publish', message(1), header),
    await post(one, '/publish', { messages: [message(2), { ...message(3), traceparent: trace(3) }] }, header),
    await post(one, '/publish', { ...message(4), traceparent: trace(4) }, header),
    await post(one, '/publish', { ...message(5), traceparent: 'nonsense' }),
    await post(one, '/publish', { ...message(6), traceparent: 6 }, { traceparent: trace(6).toUpperCase() }),
    await post(one, '/publish', { ...message(7), traceparent: 'nonsense' }, header),
  ]
  for (const { status } of sent) t.equal(status, 200)
  await publishing.send({ type: 'publish', id: 1, ...message(8), traceparent: trace(8) })
  await publishing.frames.first(1)
  await post(one, '/notify', { title: 'x', user: 'a' }, header)

  const traces = [trace(1), trace(1), trace(3), trace(4), undefined, undefined, trace(1), trace(8)]
  const { messages } = await poll(two, { channels: ['a'], cursor: 'earliest' })
  const given = messages as readonly { readonly traceparent?: string; readonly message: object }[]
  t.same(
    given.map(({ traceparent }) => traceparent),
    traces,
    'poll',
  )
  t.same(
    given.map(({ message }) => Object.keys(message)),
    traces.map(() => ['message_id', 'n']),
    'not in the message',
  )
  const [, ...shown] = await events.events.first(9)
  t.same(
    shown.map(({ data }) => JSON.parse(data).traceparent),
    traces,
    'events',
  )
  const [, ...frames] = await socket.frames.first(9)
  t.same(
    frames.map(({ traceparent }) => traceparent),
    traces,
    'frames',
  )
  const [notified] = (await poll(two, { channels: ['user:a'], cursor: 'earliest' })).messages
  t.match(notified, { traceparent: trace(1), message: { title: 'x' } })
  const tryton = await post(two, '', { channels: ['a'], last_message: null })
  t.match(tryton.text, /^\{"channel":"a","message":\{"message_id":"[^"]+","n":1\}\}$/, "Tryton's route is as it was")

  const three = await embed(t, { name: 'node-3', secret, join: [one.address] })
  await agreed([one, two, three])
  const copied = (await poll(three, { channels: ['a'], cursor: 'earliest' })).messages
  t.same(copied, messages, 'a node that joins is given them, too')
})

test('the client library gives and takes it', async (t) => {
  const [node] = (await crew(t, 1)) as [Node]
  const publisher = connect({ servers: [node.url] })
  t.teardown(() => publisher.close())
  await Promise.all([
    publisher.publish('a', { n: 1 }, { traceparent: trace(1) }),
    publisher.publish('a', { n: 2 }),
    publisher.publish('a', { n: 3 }, { traceparent: '"nonsense"' }),
  ])
  for (const transport of ['poll', 'sse', 'ws'] as const) {
    const bus = connect({ servers: [node.url], transport })
    const seen: Message[] = []
    for await (const event of bus.subscribe('a', { from: 'earliest' })) {
      if (event.type === 'message') seen.push(event)
      if (seen.length === 3) break
    }
    await bus.close()
    t.same(
      seen.map((event) => [event.message.n, event.traceparent]),
      [
        [1, trace(1)],
        [2, undefined],
        [3, undefined],
      ],
      transport,
    )
  }
})
