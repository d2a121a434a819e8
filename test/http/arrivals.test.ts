import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { test } from 'tap'
import { takeInTurns } from '../../src/http/arrivals.js'
import { Inlet } from '../../src/http/inlet.js'
import { inletOf } from '../../src/http/intake.js'
import { httpDefaults } from '../../src/http/limits.js'
import { Turns } from '../../src/http/turns.js'
import { until } from '../support/until.js'

/** Nobody's turn comes before the test says so. */
class Queue extends Turns {
  readonly works: (() => void)[] = []

  constructor() {
    super(httpDefaults)
  }

  override begin(work: () => void): void {
    this.works.push(work)
  }
}

interface Teardown {
  teardown(end: () => void): void
}

const listening = async (t: Teardown, turns: Turns, isQuick = true) => {
  const came: Socket[] = []
  const server: Server = createServer((socket) => came.push(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  takeInTurns(server, turns, isQuick ? (arrival) => inletOf(arrival, turns, httpDefaults) : undefined)
  const { port } = server.address() as { port: number }
  const clients: Socket[] = []
  const join = async (): Promise<Socket> => {
    const client = connect(port, '127.0.0.1')
    clients.push(client.on('error', () => {}))
    await once(client, 'connect')
    return client
  }
  t.teardown(() => {
    for (const socket of [...clients, ...came]) socket.destroy()
    server.close()
  })
  return { server, came, join }
}

for (const isQuick of [true, false])
  test(`a connection becomes a socket when its turn has come: ${isQuick ? 'ours' : "node's"}`, async (t) => {
    const turns = new Queue()
    const { came, join } = await listening(t, turns, isQuick)
    const [client] = [await join(), await join()]
    await until('both wait', () => turns.works.length === 2)
    t.equal(came.length, 0)
    client.write('hello')
    turns.works.shift()?.()
    const [socket] = came
    if (!socket || came.length !== 1) throw new Error(`${came.length} sockets were made of one connection`)
    t.equal(socket instanceof Inlet, isQuick)
    socket.on('error', () => {}).resume()
    t.equal(String((await once(socket, 'data'))[0]), 'hello', 'what came meanwhile is there')
    t.equal(socket.remoteAddress, '127.0.0.1')
  })

test('who waits when the server closes is closed', async (t) => {
  const turns = new Queue()
  const { server, came, join } = await listening(t, turns)
  const client = await join()
  await until('it waits', () => turns.works.length === 1)
  server.close()
  turns.works.shift()?.()
  await once(client.resume(), 'close')
  t.equal(came.length, 0)
})

test('more than may wait are taken as they come', async (t) => {
  const turns = new Queue()
  const { came, join } = await listening(t, turns)
  for (let n = 0; n < 1030; n++) await join()
  await until('all are accepted', () => turns.works.length + came.length === 1030)
  t.equal(came.length, 6)
  for (const work of turns.works.splice(0)) work()
  t.equal(came.length, 1030)
  await join()
  await until('it waits', () => turns.works.length === 1)
  t.equal(came.length, 1030, 'and who comes when they are through waits again')
})
