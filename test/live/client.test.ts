import tap, { test } from 'tap'
import { run } from '../support/cli.js'
import { crew, publish } from './crew.js'
import { Fleet } from './fleet.js'
import { check, roll } from './roll.js'

// Several processes from source, on a machine that may be busy.
tap.setTimeout(600_000)

test('a rolling restart of all nodes: clients lose nothing, get nothing twice, and see no error', async (t) => {
  const fleet = await Fleet.launch(3, ['--retention-count', '100000'])
  t.teardown(() => fleet.sink())
  const course = await roll({
    fleet,
    servers: fleet.urls.slice(0, 1),
    transports: ['poll', 'sse', 'ws'],
    readers: 15,
    // Soon enough to know all nodes before the first stops.
    options: { lookMs: 1000 },
  })
  check(t, course)
})

test('the command reads the same on every transport, byte for byte', async (t) => {
  const [node] = await crew(t, 1)
  if (!node) return
  await publish(node, 'a', { n: 1, big: 'x'.repeat(100_000) })
  const text = '{"channel":"a","message":{ "n" : 12345678901234567890,\n"é":"\\u00e9"}}'
  const sent = await fetch(`${node.url}/main/bus/publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: text,
  })
  t.equal(sent.status, 200)
  const read = (transport: string): Promise<string> =>
    run(['subscribe', 'a', '--from', 'earliest', '--count', '2', '--transport', transport, '--server', node.url]).then(
      ({ code, stdout, stderr }) => (code === 0 ? stdout : stderr),
    )
  const [poll, sse, ws] = await Promise.all(['poll', 'sse', 'ws'].map(read))
  t.match(poll, /^.*x{100000}.*\n\{"channel":"a","message":\{.* "n" : 12345678901234567890, "é":"\\u00e9"\}\}\n$/)
  t.equal(sse, poll)
  t.equal(ws, poll)
})
