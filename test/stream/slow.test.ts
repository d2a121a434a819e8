import tap, { test } from 'tap'
import { until } from '../support/until.js'
import { StreamStage } from './stage.js'

// For the file as a whole: the runner's own limit is shorter than a busy machine needs.
tap.setTimeout(180_000)

const filler = 'x'.repeat(60_000)
/** Longer than any test may take: what is cut is not cut for the time. */
const never = 600

/** Publishes until this stream has no more room. */
const fill = async (stage: StreamStage, channel: string, isFull: () => Promise<boolean>): Promise<string[]> => {
  const ids: string[] = []
  await until('the streams are full', async () => {
    for (let i = 0; i < 10; i++) ids.push(await stage.publish(channel, { n: ids.length, filler }))
    return isFull()
  })
  return ids
}

test('who reads nothing is cut, and loses nothing', async (t) => {
  const stage = await StreamStage.set(t, { slowTimeout: never, slowBytes: 100_000, retentionCount: 10_000 })
  const slow = stage.events('channel=a')
  const socket = stage.socket('?channel=a')
  await Promise.all([slow.events.first(1), socket.frames.first(1)])
  slow.socket.pause()
  socket.ws.pause()
  const ids = await fill(stage, 'a', async () => (await stage.count('streams_slow')) === 2)
  await until('they are gone', async () => (await stage.count('streams')) === 0)
  slow.socket.resume()
  await slow.closed
  const last = slow.events.items.at(-1)?.id ?? ''
  const rest = ids.slice(ids.indexOf(last) + 1)
  t.not(rest.length, 0, 'it has not had all')
  const again = stage.events('channel=a', [`Last-Event-ID: ${last}`])
  const got = await again.events.first(rest.length + 1)
  t.same(
    got.slice(1).map(({ id }) => id),
    rest,
  )
})

test('who takes too long is cut by time', async (t) => {
  const stage = await StreamStage.set(t, { slowTimeout: 0.1, writeRate: 2 ** 30, slowBytes: 2 ** 30 })
  const slow = stage.events('channel=a')
  await slow.events.first(1)
  slow.socket.pause()
  await fill(stage, 'a', async () => (await stage.count('streams_slow')) === 1)
  t.equal(await stage.count('streams'), 0)
})

test('who only stops for a while misses nothing, and nothing is kept for it meanwhile', async (t) => {
  const stage = await StreamStage.set(t, { slowTimeout: never, slowBytes: 2 ** 30, retentionCount: 10_000 })
  const slow = stage.events('channel=a&channel=b')
  const quick = stage.events('channel=a&channel=b')
  await Promise.all([slow.events.first(1), quick.events.first(1)])
  slow.socket.pause()
  const ids: string[] = []
  // More than the system takes for a connection that nobody reads.
  for (let n = 0; n < 400; n++) ids.push(await stage.publish(n % 2 ? 'a' : 'b', { n, filler }))
  await quick.events.first(401)
  slow.socket.resume()
  for (let n = 0; n < 3; n++) ids.push(await stage.publish('a', { n }))
  const got = await slow.events.first(404)
  t.same(
    got.slice(1).map(({ id }) => id),
    ids,
  )
  t.equal(await stage.count('streams_slow'), 0)
})

test('one who asks on a socket and does not read the answers is not asked for more', async (t) => {
  const stage = await StreamStage.set(t, { slowTimeout: 0.1, writeRate: 2 ** 30 })
  const socket = stage.socket()
  await socket.opened
  socket.ws.pause()
  const request = JSON.stringify({ type: 'subscribe', id: 'x'.repeat(250), channels: [] })
  await until('it is cut', async () => {
    if (socket.ws.bufferedAmount < 2 ** 20) for (let i = 0; i < 1000; i++) socket.ws.send(request)
    return (await stage.count('streams_slow')) === 1
  })
})
