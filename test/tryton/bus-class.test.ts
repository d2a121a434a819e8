import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Test, test } from 'tap'
import { type Asked, FakeServer, type Script } from '../support/fake-server.js'
import { until } from '../support/until.js'

const driver = fileURLToPath(new URL('drive_bus.py', import.meta.url))
const folder = fileURLToPath(new URL('../../src/tryton', import.meta.url))
const hasPython = spawnSync('python3', ['--version']).status === 0
const skip = hasPython ? false : 'there is no python3'

interface Settings {
  readonly carillon_servers: string
  readonly carillon_token_file?: string
  /** Of the module, made shorter. */
  readonly constants?: { readonly [name: string]: number }
}

/** A process of trytond, as far as its bus is concerned. */
class Python {
  readonly process: ChildProcess
  stderr = ''
  readonly #answers: AsyncIterator<string>

  constructor(settings: Settings) {
    const env = {
      ...process.env,
      PYTHONPATH: folder,
      PYTHONDONTWRITEBYTECODE: '1',
      BUS_SETTINGS: JSON.stringify(settings),
    }
    this.process = spawn('python3', [driver], { env, stdio: 'pipe' })
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    if (!this.process.stdout) throw new Error('no pipe')
    this.#answers = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]()
  }

  async do(what: string, order: object = {}): Promise<unknown> {
    this.process.stdin?.write(`${JSON.stringify({ do: what, ...order })}\n`)
    const { value, done } = await this.#answers.next()
    if (done) throw new Error(this.stderr)
    return JSON.parse(value)
  }

  async publish(
    messages: readonly (readonly [channel: string, message: object])[],
    more: object = {},
  ): Promise<string[]> {
    return (await this.do('publish', { messages, ...more })) as string[]
  }

  /** As it ends by itself: what it has not delivered yet is, if that does not take long. */
  async end(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.process.once('close', resolve))
    this.process.stdin?.end()
    return await ended
  }
}

interface Item {
  readonly channel: string
  readonly message: { readonly message_id: string; readonly [name: string]: unknown }
}

const itemsOf = ({ body }: Asked): readonly Item[] => JSON.parse(body).messages

const serve = async (t: Test, script: Script = () => ({})): Promise<FakeServer> => {
  const server = await FakeServer.listen(script)
  t.teardown(() => server.close())
  return server
}

const launch = (t: Test, servers: readonly string[], more: Partial<Settings> = {}): Python => {
  const python = new Python({ carillon_servers: servers.join(', '), ...more })
  t.teardown(() => {
    python.process.kill()
  })
  return python
}

const notices = (from: number, to: number): [string, object][] =>
  Array.from({ length: to - from }, (_, i) => [`user:${i % 3}`, { type: 'notification', title: `é ${from + i}` }])

test('what is committed is published, in order, with the keys that it was given', { skip }, async (t) => {
  const server = await serve(t)
  const python = launch(t, [`${server.url}/`])
  const ids: string[] = []
  for (let i = 0; i < 5; i++) ids.push(...(await python.publish(notices(i * 10, i * 10 + 10))))
  t.equal(await python.do('flush', { seconds: 10 }), true)
  const items = server.asked.flatMap(itemsOf)
  t.same(
    items.map(({ message }) => message.message_id),
    ids,
  )
  t.match(items[11], { channel: 'user:1', message: { type: 'notification', title: 'é 11' } })
  t.match(server.asked[0], { method: 'POST', path: '/tryton/bus/publish' })
})

test('what is rolled back is not, also when the transaction goes on', { skip }, async (t) => {
  const server = await serve(t)
  const python = launch(t, [server.url])
  await python.publish(notices(0, 2), { rollback: true, again: true })
  const [id] = await python.publish(notices(2, 3))
  await python.publish([], { again: true })
  await python.do('flush', { seconds: 10 })
  t.same(
    server.asked.flatMap(itemsOf).map(({ message }) => message.message_id),
    [id],
  )
})

test('databases are kept apart, and large messages are fine', { skip }, async (t) => {
  const server = await serve(t)
  const python = launch(t, [server.url])
  const title = 'x'.repeat(20_000)
  await python.publish([['a', { title }]], { database: 'one' })
  await python.publish([['a', { title }]], { database: 'two/é' })
  await python.do('flush', { seconds: 10 })
  t.same(
    server.asked.map(({ path }) => path),
    ['/one/bus/publish', '/two%2F%C3%A9/bus/publish'],
  )
  t.equal(itemsOf(server.asked[0] as Asked)[0]?.message['title'], title)
})

test('a server that does not take it is left for the next, with the same keys', { skip }, async (t) => {
  const deaf = await serve(t, (_, count) => (count % 2 ? 'cut' : { status: 503 }))
  const gone = await serve(t)
  const { url } = gone
  await gone.close()
  const server = await serve(t, (_, count) => (count === 1 ? { status: 503 } : {}))
  const python = launch(t, [url, deaf.url, server.url])
  const ids = await python.publish(notices(0, 3))
  t.equal(await python.do('flush', { seconds: 10 }), true)
  const tries = [...deaf.asked, ...server.asked].map(itemsOf)
  t.equal(tries.length, 4)
  for (const each of tries)
    t.same(
      each.map(({ message }) => message.message_id),
      ids,
    )
  await python.publish(notices(3, 4))
  await python.do('flush', { seconds: 10 })
  t.equal(deaf.asked.length, 2, 'the one that took it is asked first')
})

test('a transaction never waits for the bus', { skip }, async (t) => {
  const server = await serve(t, () => 'hang')
  const python = launch(t, [server.url], { constants: { FAREWELL: 0 } })
  for (let i = 0; i < 20; i++) await python.publish(notices(i, i + 1))
  await until('it is asked', () => server.asked.length === 1)
  t.equal(await python.do('flush', { seconds: 0 }), false)
})

test('one that no server wants keeps no other back', { skip }, async (t) => {
  const server = await serve(t, ({ body }) => (body.includes('"bad"') ? { status: 413 } : {}))
  const python = launch(t, [server.url])
  await python.publish([
    ['a', { n: 1 }],
    ['a', { n: 'bad' }],
    ['a', { n: 3 }],
  ])
  await python.publish([['a', { n: 4 }]])
  t.equal(await python.do('flush', { seconds: 10 }), true)
  const taken = server.asked.filter(({ body }) => !body.includes('"bad"')).flatMap(itemsOf)
  t.same(
    taken.map(({ message }) => message['n']),
    [1, 3, 4],
  )
  await python.end()
  t.match(python.stderr, /a message is refused.*413/)
})

test('what can not be delivered is given up in the end', { skip }, async (t) => {
  const server = await serve(t, ({ path }) => (path.startsWith('/lost') ? { status: 401 } : {}))
  const python = launch(t, [server.url], { constants: { GIVE_UP: 0.2, WAITING_SIZE: 10_000 } })
  await python.publish(notices(0, 1), { database: 'lost' })
  await python.publish([['a', { title: 'x'.repeat(20_000) }]])
  await python.publish([['a', { n: 1 }]])
  t.equal(await python.do('flush', { seconds: 10 }), true)
  t.match(server.asked.at(-1)?.body, /"n":1/)
  await python.end()
  t.match(python.stderr, /1 messages are lost.*401/)
  t.match(python.stderr, /too much waits/)
})

test('a process that ends delivers what it has', { skip }, async (t) => {
  const server = await serve(t)
  const python = launch(t, [server.url])
  await python.publish(notices(0, 100))
  t.equal(await python.end(), 0)
  t.equal(server.asked.flatMap(itemsOf).length, 100)
})

test('a fork publishes for itself', { skip }, async (t) => {
  const server = await serve(t)
  const python = launch(t, [server.url])
  t.equal(await python.do('fork', { messages: notices(0, 1), child: { messages: notices(1, 3) } }), 0)
  t.equal(await python.do('flush', { seconds: 10 }), true)
  const titles = server.asked.flatMap(itemsOf).map(({ message }) => message['title'])
  t.same(titles.sort(), ['é 0', 'é 1', 'é 2'], 'each once')
})

test('it waits in the cluster for those who wait in trytond', { skip }, async (t) => {
  const file = t.testdir({ token: 'the-token\n' })
  const answer = '{"channel":"a","message":{"message_id":"x","at":{"__class__":"datetime","year":2026}}}'
  const server = await serve(t, (_, count) => (count === 1 ? 'cut' : { body: answer }))
  const other = await serve(t, () => ({ body: answer }))
  const python = launch(t, [server.url, other.url], { carillon_token_file: `${file}/token` })
  const got = await python.do('subscribe', { channels: ['b', 'a'], last_message: 'w' })
  t.same(got, JSON.parse(answer))
  t.match(other.asked[0], { path: '/tryton/bus', headers: { authorization: 'Bearer the-token' } })
  t.same(JSON.parse(other.asked[0]?.body ?? ''), { channels: ['a', 'b'], last_message: 'w' })
  await server.close()
  await other.close()
  t.equal(await python.do('subscribe', { channels: ['a'] }), 'unavailable', 'which is 503, and not 501')
})
