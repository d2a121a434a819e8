import { type Test, test } from 'tap'
import type { Node, Options } from '../../src/index.js'
import { type Reply, Wire } from '../http/wire.js'
import { embed } from '../live/crew.js'
import { until } from '../support/until.js'
import { FakeTrytond } from './fake-trytond.js'

const key = 'k'.repeat(64)
const token = 'a-token-of-the-tests'
const session = (user: number): string =>
  `Authorization: Session ${Buffer.from(`login:${user}:${key}`).toString('base64')}`

/** What the two clients of Tryton send beside the body: urllib's headers, and those of a browser. */
const desktop = ['Accept-Encoding: identity', 'User-Agent: Python-urllib/3.11', 'Connection: close', session(5)]
const browser = [
  'Accept: application/json, text/javascript, */*; q=0.01',
  'X-Requested-With: XMLHttpRequest',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Connection: keep-alive',
  session(5),
]

interface Message {
  readonly message_id: string
  readonly title?: string
  readonly [name: string]: unknown
}

interface Got {
  readonly channel: string | null
  readonly message: Message | null
  readonly gap?: boolean
}

/** A node as Tryton's clients meet it, with trytond's sessions behind it. */
class Meeting {
  readonly node: Node
  readonly #wires: Wire[] = []

  private constructor(node: Node) {
    this.node = node
  }

  static async at(t: Test, options: Partial<Options> = {}): Promise<Meeting> {
    const trytond = await FakeTrytond.start(t)
    trytond.sessions.add(`5:${key}`).add(`6:${key}`)
    const node = await embed(t, { auth: `trytond=${trytond.url}`, token, longPollTimeout: 10, ...options })
    await until('it is ready', () => node.ready)
    const meeting = new Meeting(node)
    t.teardown(() => {
      for (const wire of meeting.#wires) wire.close()
    })
    return meeting
  }

  async open(): Promise<Wire> {
    const wire = await Wire.open(Number(new URL(this.node.url).port))
    this.#wires.push(wire)
    return wire
  }

  async ask(body: unknown, headers: readonly string[] = browser): Promise<Reply> {
    const wire = await this.open()
    return await wire.send('POST', '/tryton/bus', JSON.stringify(body), headers).reply()
  }

  async poll(channels: readonly string[], last?: unknown): Promise<Got> {
    const reply = await this.ask({ channels, ...(last === undefined ? {} : { last_message: last }) })
    if (reply.status !== 200) throw new Error(reply.body)
    return JSON.parse(reply.body)
  }

  /** As a server of the site does it; returns the id. */
  async publish(channel: string, message: object): Promise<string> {
    return await this.#post('publish', { channel, message })
  }

  async notify(message: object): Promise<string> {
    return await this.#post('notify', message)
  }

  async #post(action: string, body: object): Promise<string> {
    const wire = await this.open()
    const headers = [`Authorization: Bearer ${token}`]
    const reply = await wire.send('POST', `/tryton/bus/${action}`, JSON.stringify(body), headers).reply()
    if (reply.status !== 200) throw new Error(reply.body)
    return JSON.parse(reply.body).message_id
  }

  waiting(count: number): Promise<boolean> {
    return until(`${count} wait`, () => this.node.status().gauges['waiters'] === count)
  }
}

test('an answer comes as a whole or not at all, for either client', async (t) => {
  const meeting = await Meeting.at(t)
  for (const [i, headers] of [desktop, browser].entries()) {
    const wire = await meeting.open()
    const body = `{"last_message":null,"channels":["client:${i}"]}`
    wire.send('POST', '/tryton/bus', body, headers)
    await meeting.waiting(1)
    t.equal(wire.rest, '', 'not even a status line while it waits')
    await meeting.notify({ title: 'é', client: i })
    const reply = await wire.reply()
    t.equal(reply.status, 200)
    t.equal(reply.headers.get('content-type'), 'application/json')
    t.equal(reply.headers.get('content-length'), String(Buffer.byteLength(reply.body)))
    t.equal(reply.headers.get('transfer-encoding'), undefined)
    t.equal(reply.headers.get('content-encoding'), undefined, 'urllib unpacks nothing')
    t.equal(reply.headers.get('location'), undefined)
    const { channel, message }: Got = JSON.parse(reply.body)
    t.equal(channel, `client:${i}`)
    t.same(Object.keys(message ?? {}).sort(), ['body', 'message_id', 'priority', 'title', 'type'])
    t.match(message, { type: 'notification', title: 'é', body: null, priority: 1, message_id: /./ })
    if (headers === desktop) await wire.closed
    else t.equal((await wire.send('POST', '/tryton/bus', body, headers).reply()).status, 200)
  }
})

test('after the time of a poll there is nothing, said in full', async (t) => {
  const meeting = await Meeting.at(t, { longPollTimeout: 0.1 })
  const reply = await meeting.ask({ channels: [], last_message: null }, desktop)
  t.equal(reply.status, 200)
  t.same(JSON.parse(reply.body), { message: null, channel: null })
})

test('one message a poll: the oldest after the last one, over all channels that are asked for', async (t) => {
  const meeting = await Meeting.at(t)
  const ids: string[] = []
  for (let n = 0; n < 6; n++) ids.push(await meeting.publish(n % 2 ? 'chat:res.user,1' : 'client:a', { n }))
  const both = ['client:a', 'chat:res.user,1']
  const next = async (channels: readonly string[], last?: unknown): Promise<unknown> =>
    (await meeting.poll(channels, last)).message?.['n']
  t.equal(await next(both, ids[1]), 2)
  t.equal(await next(both, ids[1]), 2, 'a poll that is repeated is answered the same')
  t.equal(await next(['chat:res.user,1'], ids[1]), 3)
  t.equal((await meeting.poll(['chat:res.user,1'], ids[1])).channel, 'chat:res.user,1')
  t.equal(await next(['client:a'], ids[1]), 2, 'an id of a channel that is not asked for any more is a place, too')
  for (const last of [undefined, null, 'nobody gave this', '', 7, ['x'], { a: 1 }]) {
    t.equal(await next(both, last), 0, `${JSON.stringify(last)} is none: from the oldest of the last seconds`)
  }
})

test('who has seen all waits; everyone who waits is given each message', async (t) => {
  const meeting = await Meeting.at(t)
  const last = await meeting.publish('client:a', { n: 0 })
  const polls = Array.from({ length: 10 }, () => meeting.poll(['client:a'], last))
  await meeting.waiting(10)
  await meeting.publish('client:b', { n: 'for others' })
  await meeting.publish('client:a', { n: 1 })
  for (const got of await Promise.all(polls)) t.match(got, { channel: 'client:a', message: { n: 1 } })
})

test('an id that fell off the ring gives the oldest that is kept, and says so', async (t) => {
  const meeting = await Meeting.at(t, { retentionCount: 3 })
  const ids: string[] = []
  for (let n = 0; n < 10; n++) ids.push(await meeting.publish('client:a', { n }))
  t.match(await meeting.poll(['client:a'], ids[1]), { message: { n: 7 }, gap: true })
  t.equal((await meeting.poll(['client:a'], ids[7])).gap, undefined)
})

test('without an id, what is older than the window is not shown again', async (t) => {
  const meeting = await Meeting.at(t, { firstPollWindow: 0, longPollTimeout: 0.1 })
  const id = await meeting.publish('client:a', { n: 0 })
  const next = await meeting.publish('client:a', { n: 1 })
  t.same(await meeting.poll(['client:a']), { channel: null, message: null })
  t.match(await meeting.poll(['client:a'], id), { message: { n: 1, message_id: next } }, 'with one it is')
})

test('values of trytond are passed on as they are', async (t) => {
  const meeting = await Meeting.at(t)
  const message =
    '{"type":"message","message_id":"0d2f","at":{"__class__":"datetime","year":2026},"n":1.10,"s":"\\u00e9"}'
  const wire = await meeting.open()
  const headers = [`Authorization: Bearer ${token}`]
  const publish = `{"channel":"chat:res.user,1","message":${message}}`
  const { message_id: id } = JSON.parse((await wire.send('POST', '/tryton/bus/publish', publish, headers).reply()).body)
  const reply = await meeting.ask({ channels: ['chat:res.user,1'] })
  t.equal(reply.body, `{"channel":"chat:res.user,1","message":${message.replace('"0d2f"', JSON.stringify(id))}}`)
})

test('a notification goes to one client, or to all of a user, and to nobody else', async (t) => {
  const meeting = await Meeting.at(t, { longPollTimeout: 0.2 })
  await meeting.notify({ title: 'for a client', user: 6, client: 'abc' })
  await meeting.notify({ title: 'for a user', body: 'text', priority: 3, user: 6 })
  const wire = await meeting.open()
  const ask = async (headers: readonly string[], channels: readonly string[]): Promise<Got> =>
    JSON.parse((await wire.send('POST', '/tryton/bus', JSON.stringify({ channels }), headers).reply()).body)
  t.match(await ask([session(5)], ['user:6']), { channel: null, message: null })
  t.match(await ask([session(6)], []), {
    channel: 'user:6',
    message: { title: 'for a user', body: 'text', priority: 3 },
  })
  t.match(await ask([session(5)], ['client:abc']), { channel: 'client:abc', message: { title: 'for a client' } })
})

test('methods, and bodies that are none', async (t) => {
  const meeting = await Meeting.at(t)
  const wire = await meeting.open()
  const get = await wire.send('GET', '/tryton/bus', undefined, browser).reply()
  t.match({ status: get.status, allow: get.headers.get('allow') }, { status: 405, allow: 'POST, OPTIONS' })
  t.equal((await wire.send('OPTIONS', '/tryton/bus').reply()).status, 204)
  const bodies: readonly (readonly [body: string, status: number])[] = [
    ['', 400],
    ['{', 400],
    ['[]', 400],
    ['{"channels":null}', 400],
    ['{"channels":[1]}', 400],
    [`{"channels":${JSON.stringify(Array.from({ length: 1001 }, (_, i) => `client:${i}`))}}`, 400],
  ]
  for (const [body, status] of bodies) {
    const reply = await (await meeting.open()).send('POST', '/tryton/bus', body, browser).reply()
    t.equal(reply.status, status, body.slice(0, 30))
  }
})

test('a node that stops lets those who wait go on elsewhere, and never says 501', async (t) => {
  const meeting = await Meeting.at(t)
  const wires = await Promise.all(Array.from({ length: 5 }, () => meeting.open()))
  for (const wire of wires) wire.send('POST', '/tryton/bus', '{"channels":[]}', browser)
  const late = await meeting.open()
  await meeting.waiting(5)
  const closed = meeting.node.close()
  for (const wire of wires) {
    const reply = await wire.reply()
    t.equal(reply.status, 200)
    t.same(JSON.parse(reply.body), { channel: null, message: null })
  }
  const reply = await late
    .send('POST', '/tryton/bus', '{"channels":[]}', browser)
    .reply()
    .catch(() => undefined)
  t.ok(reply === undefined || reply.status === 503, 'refused, or closed without an answer')
  await closed
})
