import { test } from 'tap'
import { StreamStage } from '../stream/stage.js'
import { until } from '../support/until.js'
import { bearer, mint, secret } from './door.js'

const options = { auth: 'jwt', jwtSecret: secret } as const

const ticketFor = async (stage: StreamStage, token: string): Promise<string> => {
  const headers = { Authorization: `Bearer ${token}` }
  const reply = await fetch(`${stage.node.url}/main/bus/ticket`, { method: 'POST', headers })
  const told = (await reply.json()) as { ticket: string; expires_in: number }
  return told.ticket
}

const publish = (stage: StreamStage, token: string, message: object): Promise<Response> =>
  fetch(`${stage.node.url}/main/bus/publish`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: JSON.stringify({ channel: 'a', message }),
  })

test('a stream by header, cookie and ticket; none without, and none of other channels', async (t) => {
  const stage = await StreamStage.set(t, options)
  const token = await mint({ subscribe: ['a'], publish: ['a'] })
  const ticket = await ticketFor(stage, token)
  const streams = [
    stage.events('channel=a', [bearer(token)]),
    stage.events('channel=a', [`Cookie: carillon=${token}`]),
    stage.events(`channel=a&ticket=${ticket}`),
  ]
  for (const stream of streams) t.equal((await stream.events.nth(0)).type, 'position')
  t.equal((await publish(stage, token, { n: 1 })).status, 200)
  for (const stream of streams) t.match((await stream.events.nth(1)).data, '"n":1')
  t.match(await stage.events('channel=a').head, /^HTTP\/1.1 401 .*www-authenticate: bearer realm="carillon"/is)
  t.match(await stage.events(`channel=b&ticket=${ticket}`).head, /^HTTP\/1.1 403 .*insufficient_scope/s)
  t.match(await stage.events('channel=a&ticket=nonsense').head, /^HTTP\/1.1 401 .*invalid_token/s)
  const header = await fetch(`${stage.node.url}/main/bus/poll`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${ticket}` },
    body: '{"channels":["a"],"timeout":0}',
  })
  t.equal(header.status, 401, 'a ticket is no token')
})

test('a bad token where no stream would be opened anyway is refused like any other', async (t) => {
  const stage = await StreamStage.set(t, options)
  const good = await mint({ subscribe: ['a'] })
  const ask = async (method: string, path: string, token: string): Promise<number> => {
    const headers = { Authorization: `Bearer ${token}` }
    return (await fetch(`${stage.node.url}/main/bus/${path}`, { method, headers })).status
  }
  // The answer to each shows that the node lives on.
  t.equal(await ask('GET', 'socket?channel=a', 'nonsense'), 401)
  t.equal(await ask('GET', 'socket?channel=a', good), 426)
  t.equal(await ask('HEAD', 'events?channel=a', 'nonsense'), 401)
  t.equal(await ask('HEAD', 'events?channel=a', good), 200)
})

test('a ticket is short-lived, and what it opened lives on', async (t) => {
  const stage = await StreamStage.set(t, { ...options, ticketTimeout: 1 })
  const token = await mint({ subscribe: ['a'], publish: ['a'] })
  const ticket = await ticketFor(stage, token)
  const stream = stage.events(`channel=a&ticket=${ticket}`)
  await stream.events.first(1)
  const isRefused = async (): Promise<boolean> =>
    /^HTTP\/1.1 401/.test(await stage.events(`channel=a&ticket=${ticket}`).head)
  await until('the ticket is good for nothing', isRefused, 10_000)
  await publish(stage, token, { n: 1 })
  t.match((await stream.events.nth(1)).data, '"n":1')
})

test('streams end with the token', async (t) => {
  const stage = await StreamStage.set(t, options)
  const token = await mint({ subscribe: ['a'], publish: ['a'] }, { expires: 3 })
  const stream = stage.events('channel=a', [bearer(token)])
  const socket = stage.socket(`?channel=a&ticket=${await ticketFor(stage, token)}`)
  await Promise.all([stream.events.first(1), socket.frames.first(1)])
  t.match((await stream.events.find(({ type }) => type === 'end')).data, /the token has expired/)
  t.equal((await socket.closed).code, 4401)
  await stream.closed
})

test('a socket publishes and subscribes as its ticket allows, also when that has run out', async (t) => {
  const stage = await StreamStage.set(t, { ...options, ticketTimeout: 1 })
  const token = await mint({ subscribe: ['a'], publish: ['b'] })
  const ticket = await ticketFor(stage, token)
  const socket = stage.socket(`?ticket=${ticket}`)
  await socket.opened
  const isRefused = async (): Promise<boolean> => {
    const late = stage.socket(`?ticket=${ticket}`)
    return (await Promise.race([late.refused, late.opened])) === 401
  }
  await until('the ticket has run out', isRefused, 10_000)
  const ask = async (request: { readonly id: number; readonly [name: string]: unknown }): Promise<object> => {
    await socket.send(request)
    return socket.frames.find(({ id }) => id === request.id)
  }
  t.match(await ask({ type: 'publish', id: 1, channel: 'b', message: {} }), { type: 'published' })
  t.match(await ask({ type: 'publish', id: 2, channel: 'a', message: {} }), {
    type: 'error',
    error: { code: 'forbidden' },
  })
  t.match(await ask({ type: 'subscribe', id: 3, channels: ['b'] }), { type: 'error', error: { code: 'forbidden' } })
  t.match(await ask({ type: 'subscribe', id: 4, channels: ['a'] }), { type: 'subscribed' })
})
