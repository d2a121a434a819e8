import { type Test, test } from 'tap'
import { FakeTrytond } from '../tryton/fake-trytond.js'
import { StreamStage } from './stage.js'

const key = 'k'.repeat(64)
const token = 'a token of its own'.replaceAll(' ', '-')
const session = `Session ${Buffer.from(`admin:5:${key}`).toString('base64')}`
const cookie = { cookie: `tryton_session=admin:5:${key}` }
const bearer = { authorization: `Bearer ${token}` }

/** A node that asks trytond about everyone, again and again. */
const scene = async (t: Test): Promise<{ stage: StreamStage; trytond: FakeTrytond }> => {
  const trytond = await FakeTrytond.start(t)
  trytond.sessions.add(`5:${key}`)
  const stage = await StreamStage.set(t, { auth: `trytond=${trytond.url}`, authCache: 0.1, authTimeout: 1, token })
  return { stage, trytond }
}

test('strangers get no stream, and who has a session gets their own', async (t) => {
  const { stage } = await scene(t)
  t.equal((await fetch(`${stage.node.url}/main/bus/events?channel=a`)).status, 401)
  t.equal(await stage.socket('?channel=a').refused, 401)
  const reader = stage.events('channel=user:7', [`Authorization: ${session}`])
  await reader.events.first(1)
  const client = stage.socket('', { headers: cookie })
  await client.send({ type: 'subscribe', id: 1, channels: ['user:7', 'a'] })
  t.same((await client.frames.nth(0))['channels'], ['a', 'user:5'])
  const server = stage.socket('', { headers: bearer })
  for (const channel of ['user:7', 'user:5']) await server.send({ type: 'publish', id: channel, channel, message: {} })
  t.match(await server.frames.first(2), [{ type: 'published' }, { type: 'published' }])
  t.match(await client.frames.nth(1), { type: 'message', channel: 'user:5' })
  t.equal(JSON.parse((await reader.events.nth(1)).data).channel, 'user:5')
})

test('a session may not publish, and goes on reading', async (t) => {
  const { stage } = await scene(t)
  const client = stage.socket('', { headers: cookie })
  await client.send({ type: 'publish', id: 1, channel: 'a', message: {} })
  t.match(await client.frames.nth(0), { type: 'error', id: 1, error: { code: 'forbidden' } })
  await client.send({ type: 'subscribe', id: 2, channels: ['a'] })
  t.match(await client.frames.nth(1), { type: 'subscribed' })
})

test('when the session is over, so is the stream', async (t) => {
  const { stage, trytond } = await scene(t)
  const reader = stage.events('channel=a', [`Authorization: ${session}`])
  const client = stage.socket('?channel=a', { headers: cookie })
  const idle = stage.socket('', { headers: cookie })
  const server = stage.socket('?channel=a', { headers: bearer })
  await Promise.all([reader.events.first(1), client.frames.first(1), server.frames.first(1), idle.opened])
  trytond.sessions.clear()
  t.equal((await client.closed).code, 4401)
  t.equal((await idle.closed).code, 4401)
  await reader.closed
  t.equal(reader.events.items.at(-1)?.type, 'end')
  await server.send({ type: 'publish', id: 1, channel: 'a', message: {} })
  t.match(
    (await server.frames.first(3))
      .slice(1)
      .map(({ type }) => type)
      .sort(),
    ['message', 'published'],
  )
})

test('nobody stays on old knowledge that has run out', async (t) => {
  const { stage, trytond } = await scene(t)
  const client = stage.socket('?channel=a', { headers: cookie })
  await client.frames.first(1)
  trytond.failure = 500
  t.equal((await client.closed).code, 1013)
})
