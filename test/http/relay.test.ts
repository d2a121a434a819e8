import { type Test, test } from 'tap'
import { frame } from '../stream/raw-socket.js'
import { StreamStage } from '../stream/stage.js'
import { until } from '../support/until.js'
import { told, Wire } from './wire.js'

const poll = '{"channels":["a"],"last_message":null}'

const pollRequest = `POST /main/bus HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: ${poll.length}\r\n\r\n${poll}`

const eventsRequest = 'GET /main/bus/events?channel=a HTTP/1.1\r\nHost: t\r\n\r\n'

const upgrade = [
  'GET /main/bus/socket?channel=a HTTP/1.1',
  'Host: t',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** A poll that waits on a connection, and behind it this, of which only the head's beginning comes before it is answered. */
const answeredInTheMiddle = async (t: Test, next: string): Promise<{ stage: StreamStage; wire: Wire }> => {
  const stage = await StreamStage.set(t)
  const wire = await Wire.open(stage.port)
  t.teardown(() => wire.close())
  wire.send('POST', '/main/bus', poll)
  await until('it waits', async () => (await stage.count('waiters')) === 1)
  wire.write(next.slice(0, 20))
  // The node has read that by the time when it answers this.
  await stage.count('waiters')
  await stage.publish('a', { n: 1 })
  t.match(told(await wire.reply()), { message: { n: 1 } })
  wire.write(next.slice(20))
  return { stage, wire }
}

test('what node:http says comes when the poll before it has its answer', async (t) => {
  const { wire } = await answeredInTheMiddle(t, pollRequest)
  t.match(told(await wire.reply()), { message: { n: 1 } })
  t.equal((await wire.send('GET', '/readyz').reply()).status, 200)
})

test('so does the head of a stream, before its events', async (t) => {
  const { stage, wire } = await answeredInTheMiddle(t, eventsRequest)
  t.equal((await wire.reply()).status, 200)
  await until('it has begun', () => wire.rest.includes('event: position'))
  await stage.publish('a', { n: 2 })
  await until('it is told', () => wire.rest.includes('"n":2'))
  t.notMatch(wire.rest, /HTTP/)
})

test('frames on such a connection are whole, whoever writes them', async (t) => {
  const { wire } = await answeredInTheMiddle(t, 'GET /nothing HTTP/1.1\r\nHost: t\r\n\r\n')
  t.equal((await wire.reply()).status, 404)
  wire.write(`${upgrade.join('\r\n')}\r\n\r\n`)
  t.equal((await wire.reply()).status, 101)
  await until('it is subscribed', () => wire.rest.includes('"subscribed"'))
  const publish = '{"type":"publish","id":7,"channel":"a","message":{"n":3}}'
  wire.write(Buffer.concat([frame(9, 'PINGDATA'), frame(1, publish)]))
  await until('it is told', () => wire.rest.includes('"n":3') && wire.rest.includes('"published"'))
  t.match(wire.rest, '\x8a\x08PINGDATA')
})
