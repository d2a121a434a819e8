import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'tap'
import { takeInTurns } from '../../src/http/arrivals.js'
import { Intake, inletOf } from '../../src/http/intake.js'
import { httpDefaults } from '../../src/http/limits.js'
import { isClear, Outlet, put } from '../../src/http/outlet.js'
import { type Body, Rope } from '../../src/http/rope.js'
import { Turns } from '../../src/http/turns.js'

interface Teardown {
  teardown(end: () => void): void
}

/** Both ends of a connection: what the server writes to, and its client, which does not read yet. */
const ends = async (t: Teardown): Promise<{ outlet: Outlet; client: Socket }> => {
  const turns = new Turns(httpDefaults)
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  takeInTurns(server, turns, (arrival) => inletOf(arrival, turns, httpDefaults))
  const { port } = server.address() as { port: number }
  const client = connect(port, '127.0.0.1').pause()
  const [accepted] = (await once(server, 'connection')) as [Socket]
  const { socket } = new Intake(accepted)
  socket.on('error', () => {})
  client.on('error', () => {})
  t.teardown(() => {
    client.destroy()
    socket.destroy()
    server.close()
  })
  if (!(socket instanceof Outlet)) throw new Error('an accepted socket has no outlet')
  return { outlet: socket, client }
}

const textOf = (n: number, size: number): string => `${n}:`.padEnd(size, String.fromCharCode(0x80 + (n % 128)))

const sizes = [10, 300, 16_384, 16_385, 70_000, 100_000, 400_000]

/** Texts and ropes by turns, of all sizes around those where it is written in another way; some ropes stand there twice. */
const bodies = (count: number): Body[] => {
  const all: Body[] = []
  for (let n = 0; n < count; n++) {
    const text = textOf(n, sizes[n % sizes.length] ?? 0)
    const before = n % 4 === 0 ? all[n - 2] : undefined
    const cut = text.length >> 1
    all.push(before ?? (n % 3 === 0 ? text : new Rope([text.slice(0, cut), text.slice(cut)])))
  }
  return all
}

const bytesOf = (all: readonly Body[]): Buffer => Buffer.from(all.map(String).join(''), 'latin1')

/** All that comes, until so many bytes are there. */
const received = async (client: Socket, size: number): Promise<Buffer> => {
  const chunks: Buffer[] = []
  let left = size
  for await (const chunk of client) {
    chunks.push(chunk as Buffer)
    left -= (chunk as Buffer).length
    if (left <= 0) break
  }
  return Buffer.concat(chunks)
}

test('to who reads, each piece goes past the stream, in its order', async (t) => {
  const { outlet, client } = await ends(t)
  const all = ['a\u00ff', new Rope(['c', 'd'.repeat(20_000)]), 'b'.repeat(1000)]
  for (const body of all) t.ok(put(outlet, body))
  t.equal(outlet.writableLength, 0, 'nothing waits')
  t.ok((await received(client, bytesOf(all).length)).equals(bytesOf(all)))
})

test('it is clear once something was put on it, and until its stream is used in any way', async (t) => {
  const uses: [string, (outlet: Outlet) => void][] = [
    ['write', (outlet) => outlet.write('more')],
    ['cork', (outlet) => outlet.cork()],
    ['end', (outlet) => outlet.end()],
    ['end with a word', (outlet) => outlet.end('more')],
    ['destroySoon', (outlet) => outlet.destroySoon()],
    ['destroy', (outlet) => outlet.destroy()],
    ['an error', (outlet) => outlet.destroy(new Error('it fails'))],
  ]
  for (const [name, use] of uses) {
    const { outlet } = await ends(t)
    t.notOk(isClear(outlet), 'nobody has looked yet')
    put(outlet, 'one')
    t.ok(isClear(outlet))
    use(outlet)
    t.notOk(isClear(outlet), name)
  }
})

test('it is clear again when it is put on after its stream has done all, and only then', async (t) => {
  const { outlet, client } = await ends(t)
  outlet.write('a')
  put(outlet, 'b')
  t.ok(isClear(outlet))
  outlet.cork()
  outlet.write('c')
  put(outlet, 'd')
  t.notOk(isClear(outlet), 'something waits')
  outlet.uncork()
  put(outlet, 'e')
  t.ok(isClear(outlet))
  t.equal(String(await received(client, 5)), 'abcde')
  outlet.end()
  put(outlet, 'late')
  t.notOk(isClear(outlet), 'it has ended')
})

test('one whose client does not read is not clear before it has drained', async (t) => {
  const { outlet, client } = await ends(t)
  while (put(outlet, 'x'.repeat(16_000)));
  t.notOk(isClear(outlet))
  put(outlet, 'y')
  t.notOk(isClear(outlet))
  const drained = once(outlet, 'drain')
  client.resume()
  await drained
  put(outlet, 'z')
  t.ok(isClear(outlet))
})

test('one whose client is gone is not clear any more', async (t) => {
  const { outlet, client } = await ends(t)
  put(outlet, 'one')
  const closed = new Promise((resolve) => outlet.on('close', resolve))
  outlet.resume()
  client.resetAndDestroy()
  await closed
  t.notOk(isClear(outlet))
  t.notOk(put(outlet, 'two'))
  t.notOk(isClear(outlet))
})

test('to who does not read, nothing is lost, doubled or out of order, and what waits is known', async (t) => {
  const { outlet, client } = await ends(t)
  const all = bodies(400)
  const expected = bytesOf(all)
  let isFull = false
  for (const [n, body] of all.entries()) {
    // Some by way of the stream, as node:http and ws would.
    if (n % 7 === 6) outlet.write(String(body), 'latin1')
    else if (!put(outlet, body)) isFull = true
  }
  t.ok(isFull, 'it says so when there is no more room')
  t.ok(outlet.writableNeedDrain)
  const waits = outlet.writableLength
  t.ok(waits > 0 && waits < expected.length)
  const drained = once(outlet, 'drain')
  const got = await received(client, expected.length)
  t.equal(got.length, expected.length)
  t.ok(got.equals(expected))
  await drained
  t.equal(outlet.writableLength, 0)
})

test('piece by piece, always as soon as there is room', async (t) => {
  const { outlet, client } = await ends(t)
  const all = bodies(200)
  const got = received(client, bytesOf(all).length)
  for (const body of all) if (!put(outlet, body)) await once(outlet, 'drain')
  t.ok((await got).equals(bytesOf(all)))
})

test('what was put before the end comes before it', async (t) => {
  const { outlet, client } = await ends(t)
  const all = bodies(60)
  for (const body of all) put(outlet, body)
  outlet.end('the end')
  t.ok(outlet.writableEnded)
  const expected = Buffer.concat([bytesOf(all), Buffer.from('the end')])
  t.ok((await received(client, Number.POSITIVE_INFINITY)).equals(expected))
})

test('a client that goes away in the middle ends it like any socket', async (t) => {
  const { outlet, client } = await ends(t)
  while (put(outlet, 'x'.repeat(16_000)));
  const closed = new Promise((resolve) => outlet.on('close', resolve))
  client.destroy()
  await closed
  t.ok(outlet.destroyed)
  t.notOk(put(outlet, 'more'), 'nothing is written any more')
})

test('one that is closed from here while it is behind closes', async (t) => {
  const { outlet } = await ends(t)
  while (put(outlet, 'x'.repeat(16_000)));
  const closed = once(outlet, 'close')
  outlet.destroy()
  await closed
  t.ok(outlet.destroyed)
})
