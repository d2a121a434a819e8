import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { createNode, type Node } from '../../src/index.js'
import { Wire } from '../http/wire.js'
import { until } from '../support/until.js'
import { ask, type Reply } from './ask.js'
import { agreed, crew, embed, namesInView, poll, publish, renew, secret, statusOf } from './crew.js'

const secretFile = async (t: Test, text: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const file = join(folder, 'secret')
  await writeFile(file, text)
  return file
}

test('three nodes find each other: what one accepts, each of the others gives', async (t) => {
  const nodes = await crew(t, 3)
  const [one, two, three] = nodes as [Node, Node, Node]
  for (const node of nodes) {
    t.equal((await ask(node.url, 'GET', '/readyz')).status, 200)
    t.match(node.url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
    t.match(node.address, /^127\.0\.0\.1:[1-9]\d*$/)
  }
  const { cursor } = await poll(two, { channels: ['a'], timeout: 0 })
  const waiting = poll(two, { channels: ['a'], cursor, timeout: 15 })
  await until('it waits', async () => (await statusOf(two)).gauges.waiters === 1)
  const reply = await publish(one, 'a', { text: 'hi' })
  t.match(JSON.parse(reply.text), { copies: 3, message_id: /./ })
  const batch = await waiting
  t.match(batch.messages, [{ channel: 'a', message: { text: 'hi' } }])
  t.same(
    (await poll(three, { channels: ['a'], cursor })).messages,
    batch.messages,
    'the cursor of one is good at another',
  )
  t.same((await poll(one, { channels: ['a'], cursor: batch.cursor, timeout: 0 })).messages, [])
})

test('close() drains: waiters are answered empty, what is being published is finished, the others know', async (t) => {
  const nodes = await crew(t, 3, { drainTimeout: 5 })
  const [one, ...others] = nodes as [Node, Node, Node]
  const waiting = Array.from({ length: 20 }, () => poll(one, { channels: ['quiet'], timeout: 15 }))
  await until('all wait', async () => (await statusOf(one)).gauges.waiters === 20)
  let answered = 0
  const publishes = Array.from({ length: 200 }, async (_, n): Promise<Reply | undefined> => {
    const reply = await publish(one, 'busy', { n }).catch(() => undefined)
    answered++
    return reply
  })
  await until('it is busy', () => answered > 0)
  const closed = one.close()
  t.match({ ready: one.ready, draining: one.draining }, { ready: false, draining: true })
  for (const batch of await Promise.all(waiting)) t.match(batch, { messages: [], cursor: /./ })
  const replies = await Promise.all(publishes)
  await closed
  const taken = replies.flatMap((reply, n) => (reply?.status === 200 ? [n] : []))
  const unsaid = replies.filter((reply) => reply && reply.status !== 200)
  t.ok(taken.length > 0)
  t.ok(
    unsaid.every((reply) => reply?.status === 503 && !reply.text.includes('unknown')),
    'the rest is refused, and told so',
  )
  await agreed(others)
  const { messages } = await poll(others[0] as Node, { channels: ['busy'], cursor: 'earliest', limit: 1000 })
  t.same(messages.map(({ message }) => message.n).sort(), [...taken].sort(), 'as many as were acknowledged')
  await t.rejects(ask(one.url, 'GET', '/livez'), 'nobody listens any more')
})

test('long messages are given as they were accepted, whatever comes after them where they were read', async (t) => {
  const node = await embed(t)
  const wires = await Promise.all([1, 2, 3].map(() => Wire.open(Number(new URL(node.url).port))))
  t.teardown(() => {
    for (const wire of wires) wire.close()
  })
  const sizes = [10, 500, 600, 2000, 4100, 16_384, 70_000, 262_144, 300_000]
  const sent: object[] = []
  for (const [round, size] of [...sizes, ...sizes].entries())
    for (const [i, wire] of wires.entries()) {
      const message = { i, round, text: `${'é\\"'.repeat(i)}${String.fromCharCode(97 + round + i).repeat(size)}` }
      sent.push(message)
      wire.send('POST', '/main/bus/publish', JSON.stringify({ channel: `c${i}`, message }))
      if (round % 2 === 0) t.equal((await wire.reply()).status, 200)
    }
  for (const wire of wires) for (let n = 0; n < sizes.length; n++) t.equal((await wire.reply()).status, 200)
  const got: object[] = []
  for (const channel of ['c0', 'c1', 'c2']) {
    let cursor = 'earliest'
    for (let count = 0; count < 2 * sizes.length; ) {
      const batch = await poll(node, { channels: [channel], cursor, timeout: 5 })
      for (const { message } of batch.messages) got.push({ i: message.i, round: message.round, text: message.text })
      count += batch.messages.length
      cursor = batch.cursor
    }
  }
  const ordered = (list: readonly object[]): string[] => list.map((each) => JSON.stringify(each)).sort()
  t.ok(ordered(got).join() === ordered(sent).join())
})

test('a publish that was taken before close() is finished by it', async (t) => {
  const [one, two] = (await crew(t, 2)) as [Node, Node]
  const outcomes: unknown[] = []
  const publisher = { settle: (effect: unknown) => outcomes.push(effect) }
  const draft = { database: 'main', channel: 'a', head: '', tail: '"n":1}' }
  one.step({ type: 'publish', publisher, drafts: [draft], ack: 'all', minCopies: 1 })
  t.same(outcomes, [], 'the other one has not confirmed it yet')
  await one.close()
  t.match(outcomes, [{ type: 'published', outcome: { ok: true, copies: 2 } }])
  t.match((await poll(two, { channels: ['a'], cursor: 'earliest' })).messages, [{ message: { n: 1 } }])
})

test('close() may be asked for again, and leaves nothing behind', async (t) => {
  const node = await embed(t)
  const { address, url } = node
  await Promise.all([node.close(), node.close()])
  await node.close()
  t.equal(node.ready, false)
  const listen = new URL(url).host
  const next = await embed(t, { listen, peerListen: address })
  t.equal(next.url, url, 'both ports are free again')
})

test('a port in use is an error that names it, and the other port is given back', async (t) => {
  const node = await embed(t)
  const taken = new URL(node.url).host
  const port = Number(new URL(node.url).port)
  await t.rejects(createNode({ listen: taken, peerListen: '127.0.0.1:0', logLevel: 'silent' }), {
    code: 'EADDRINUSE',
    port,
    message: new RegExp(taken),
  })
  const other = await embed(t)
  const free = new URL(other.url).host
  await other.close()
  const peerListen = node.address
  await t.rejects(createNode({ listen: free, peerListen, logLevel: 'silent' }), { code: 'EADDRINUSE' })
  t.equal((await embed(t, { listen: free })).ready, true)
})

test('another secret, or the name of another cluster, never gets in', async (t) => {
  const [one, two] = (await crew(t, 2)) as [Node, Node]
  const join = [one.address, two.address]
  const strangers = await Promise.all([
    embed(t, { name: 'wrong secret', secret: 'this is not the secret', join, bootstrapTimeout: 0.5 }),
    embed(t, { name: 'wrong cluster', secret, cluster: 'other', join, bootstrapTimeout: 0.5 }),
    embed(t, { name: 'no secret', join, bootstrapTimeout: 0.5 }),
  ])
  await publish(one, 'a', { n: 1 })
  for (const stranger of strangers) {
    await until('it has given up looking', () => stranger.ready)
    t.same(namesInView(stranger), [stranger.name], 'alone')
    t.same((await poll(stranger, { channels: ['a'], cursor: 'earliest', timeout: 0 })).messages, [])
  }
  for (const node of [one, two]) {
    t.same(namesInView(node), ['node-1', 'node-2'])
    t.equal(node.status().members.length, 2, 'they are not even known')
  }
})

test('secrets are changed one by one', async (t) => {
  const [old, young] = ['the secret of last year', 'the secret of this year']
  const both = await secretFile(t, `${young}\n\n  ${old}\n`)
  const one = await embed(t, { name: 'node-1', secretFile: await secretFile(t, `${old}\n${young}`) })
  const two = await embed(t, { name: 'node-2', secretFile: both, join: [one.address] })
  t.ok(await agreed([one, two]))
  const three = await embed(t, { name: 'node-3', secret: old, join: [two.address] })
  t.ok(await agreed([one, two, three]))
})

test('two secrets are good at once while nodes change from one to the other, and no link is dropped', async (t) => {
  const [old, young] = ['the secret of last year', 'the secret of this year']
  const file = await secretFile(t, old)
  const one = await embed(t, { name: 'node-1', secretFile: file })
  const two = await embed(t, { name: 'node-2', secretFile: file, join: [one.address] })
  await agreed([one, two])
  const dropped: unknown[] = []
  for (const node of [one, two]) {
    const report = node.report.bind(node)
    node.report = (each) => {
      if (each.event === 'unlinked') dropped.push(each.detail?.peer)
      report(each)
    }
  }
  const turn = async (node: Node, secrets: string): Promise<void> => {
    await writeFile(file, secrets)
    await renew(node, { name: node.name, secretFile: file })
  }
  const steps = [`${old}\n${young}`, `${young}\n${old}`, young]
  for (const secrets of steps) {
    for (const node of [one, two]) {
      await turn(node, secrets)
      t.match(JSON.parse((await publish(node, 'a', { secrets })).text), { copies: 2 }, 'also between the two')
    }
    const by = secrets.split('\n')[0] ?? ''
    const guest = await embed(t, { name: `with ${by} of ${secrets.length}`, secret: by, join: [two.address] })
    await agreed([one, two, guest])
    await guest.close()
    await agreed([one, two])
  }
  const late = await embed(t, { name: 'late', secret: old, join: [one.address], bootstrapTimeout: 0.3 })
  await until('it has given up looking', () => late.ready)
  t.same(namesInView(late), ['late'])
  t.same(namesInView(one), ['node-1', 'node-2'])
  t.notOk(dropped.some((name) => name === 'node-1' || name === 'node-2'))
  t.equal((await poll(one, { channels: ['a'], cursor: 'earliest' })).messages.length, 2 * steps.length)
})

test('a secret file that holds none is an error before anything listens', async (t) => {
  await t.rejects(createNode({ secretFile: '/nowhere/secret' }), { code: 'ENOENT', path: '/nowhere/secret' })
  const empty = await secretFile(t, ' \n\n')
  await t.rejects(createNode({ secretFile: empty }), { code: 'bad_option', message: /^the secret in \S+ is missing: / })
  const short = await secretFile(t, 'short\n')
  await t.rejects(createNode({ secretFile: short }), {
    code: 'bad_option',
    message: `the secret in ${short} must be text, from 16 to 4096 characters long: make one with "openssl rand -base64 32 > ${short}"`,
  })
})

test('what it is told holds', async (t) => {
  const limits = { messageBytes: 1024, batchCount: 2, channelsPerRequest: 2, pollLimitMax: 3, longPollTimeout: 0.1 }
  const node = await embed(t, { ...limits, corsOrigin: ['https://a'], retentionCount: 1, waiters: 1 })
  const message = { channel: 'a', message: {} }
  const post = (path: string, body: unknown): Promise<Reply> => ask(node.url, 'POST', path, body)
  const rows: readonly (readonly [path: string, body: object, status: number, text: RegExp])[] = [
    ['/main/bus/publish', { channel: 'a', message: { text: 'x'.repeat(1024) } }, 413, /too_large/],
    ['/main/bus/publish', { messages: [message, message, message] }, 400, /at most 2/],
    ['/main/bus/poll', { channels: ['a', 'b', 'c'] }, 400, /at most 2 channels/],
    ['/main/bus/poll', { channels: ['a'], limit: 4 }, 400, /limit/],
    ['/main/bus', { channels: ['a'], last_message: null }, 200, /"message":null/],
    ['/main/bus/publish', { messages: [message, message] }, 200, /message_ids/],
    ['/main/bus/poll', { channels: ['a'], cursor: 'earliest' }, 200, /^\{"messages":\[\{[^[\]{]*\{[^{]*\],/],
  ]
  for (const [path, body, status, text] of rows) {
    const reply = await post(path, body)
    t.equal(reply.status, status, reply.text)
    t.match(reply.text, text)
  }
})

test('a message as large as it is allowed to be gets to the others', async (t) => {
  const size = 7 * 2 ** 20
  const [one, two] = (await crew(t, 2, { messageBytes: 8 * 2 ** 20 })) as [Node, Node]
  const text = 'x'.repeat(size)
  const reply = await publish(one, 'a', { text })
  t.match(JSON.parse(reply.text), { copies: 2 })
  const { messages } = await poll(two, { channels: ['a'], cursor: 'earliest' })
  t.equal(messages[0]?.message.text, text)
})
