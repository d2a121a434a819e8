import { test } from 'tap'
import { until } from '../support/until.js'
import { StreamStage } from './stage.js'

const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { error: { code: string } }).error.code

test('a position comes first, then what is published', async (t) => {
  const stage = await StreamStage.set(t)
  const reader = stage.events('channel=a&channel=b')
  const position = await reader.events.nth(0)
  t.equal(position.type, 'position')
  t.same(JSON.parse(position.data), { cursor: position.id })
  const head = await reader.head
  t.match(head, /^HTTP\/1\.1 200 OK/)
  t.match(head, /^Content-Type: text\/event-stream; charset=utf-8$/m)
  t.match(head, /^Cache-Control: no-cache, no-transform$/m)
  t.match(head, /^X-Accel-Buffering: no$/m)
  const id = await stage.publish('b', '{ "text":"grüß",\r\n"more":[1.0,\n1e2] }')
  const event = await reader.events.nth(1)
  t.same([event.type, event.id], ['message', id])
  t.equal(event.data, `{"channel":"b","message":{"message_id":"${id}", "text":"grüß",\n"more":[1.0,\n1e2] }}`)
})

test('it goes on from any cursor, and the header counts before the target', async (t) => {
  const stage = await StreamStage.set(t)
  const ids: string[] = []
  for (let n = 0; n < 5; n++) ids.push(await stage.publish('a', { n }))
  const whole = await stage.events('channel=a&from=earliest').events.first(6)
  t.same(
    whole.map(({ type, id }) => (type === 'message' ? id : type)),
    ['position', ...ids],
  )
  t.equal(whole[0]?.id, 'earliest', 'who is cut off before the first message loses none')
  const rest = await stage.events(`channel=a&from=${ids[0]}`).events.first(5)
  t.same(
    rest.map(({ id }) => id),
    ids,
  )
  const last = await stage.events('channel=a&from=now', [`Last-Event-ID: ${ids[2]}`]).events.first(3)
  t.same(
    last.map(({ id }) => id),
    ids.slice(2),
  )
})

test('HTTP/1.0 gets it without chunks', async (t) => {
  const stage = await StreamStage.set(t)
  const reader = stage.events('channel=a', [], '1.0')
  await reader.events.first(1)
  await stage.publish('a', { n: 1 })
  t.match((await reader.events.nth(1)).data, '"n":1')
  t.notMatch(await reader.head, /transfer-encoding/i)
})

test('HEAD says what GET would', async (t) => {
  const stage = await StreamStage.set(t)
  const response = await fetch(`${stage.node.url}/main/bus/events?channel=a`, { method: 'HEAD' })
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
})

test('what stops it before it begins is an answer', async (t) => {
  const stage = await StreamStage.set(t, { streams: 1 })
  const bad = await fetch(`${stage.node.url}/main/bus/events?channel=a&from=nonsense`)
  t.same([bad.status, await codeOf(bad)], [400, 'bad_cursor'])
  await stage.events('channel=a').events.first(1)
  const full = await fetch(`${stage.node.url}/main/bus/events?channel=a`)
  t.same([full.status, await codeOf(full)], [503, 'overloaded'])
})

test('a closed stream leaves nothing behind', async (t) => {
  const stage = await StreamStage.set(t)
  const readers = Array.from({ length: 3 }, () => stage.events('channel=a'))
  for (const reader of readers) await reader.events.first(1)
  t.same([await stage.count('streams'), await stage.count('waiters')], [3, 3])
  for (const reader of readers) reader.close()
  await until('all are gone', async () => (await stage.count('streams')) === 0)
  t.equal(await stage.count('waiters'), 0)
})

test('a node that stops says so, and when to come back', async (t) => {
  const stage = await StreamStage.set(t)
  const reader = stage.events('channel=a')
  await reader.events.first(1)
  await stage.node.close()
  await reader.closed
  const end = reader.events.items.at(-1)
  t.equal(end?.type, 'end')
  t.equal(JSON.parse(end?.data ?? '').error.code, 'draining')
  t.ok(reader.ended, 'with the last chunk')
})
