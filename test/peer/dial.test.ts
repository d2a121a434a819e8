import { once } from 'node:events'
import { createServer as createHttp } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { pack } from 'msgpackr'
import { type Test, test } from 'tap'
import { type WebSocket, WebSocketServer } from 'ws'
import { unannounced } from '../../src/peer/protocol.js'
import { closeCodes } from '../../src/peer/refusal.js'
import { Refusals } from '../../src/peer/refusals.js'
import { handshakeOf } from './raw.js'
import { idOf, open, type Side } from './support.js'

/** What may be found at an address that is not a peer's. */
const serve = async (server: Server): Promise<string> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const silent = (t: Test): Promise<string> => {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket.on('error', () => {})))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return serve(server)
}

const web = (t: Test): Promise<string> => {
  const server = createHttp((_request, response) => response.end('hello'))
  t.teardown(() => server.close())
  return serve(server)
}

const speaking = (t: Test, speak: (socket: WebSocket) => void): Promise<string> => {
  const server = createHttp()
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => {
    socket.on('error', () => {})
    t.teardown(() => socket.terminate())
    speak(socket)
  })
  t.teardown(() => server.close())
  return serve(server)
}

const codeFor = async (side: Side, address: string): Promise<unknown> => {
  const found = (): unknown =>
    side.reports('peer refused').find(({ detail }) => detail?.['address'] === address)?.detail?.['code']
  side.links.seeds([address])
  await side.until(() => found() !== undefined)
  return found()
}

test('whoever is dialled and is no peer costs so much time and so many bytes', async (t) => {
  const side = await open(t, {
    id: idOf(1),
    options: { preauthMs: 100, closeMs: 10, dialMinMs: 1000, dialMaxMs: 1000 },
  })
  const fields = [idOf(2), 'name', '127.0.0.1:1', Buffer.alloc(32)]
  const hello = (version: number, cluster: string) => (socket: WebSocket) =>
    socket.send(pack(['carillon', version, cluster, ...fields]))
  const forged = (socket: WebSocket): void => {
    const handshake = handshakeOf(idOf(2), undefined, 'accept')
    socket.send(handshake.hello)
    socket.send(pack([Buffer.alloc(32)]))
  }
  const cases: readonly (readonly [what: string, address: string, code: unknown])[] = [
    ['TCP and silence', await silent(t), closeCodes.tooSlow],
    ['WebSocket and silence', await speaking(t, () => {}), closeCodes.tooSlow],
    ['a web server', await web(t), 'Unexpected server response: 200'],
    ['text', await speaking(t, (socket) => socket.send('hello')), closeCodes.badFrame],
    ['a flood', await speaking(t, (socket) => socket.send(Buffer.alloc(3_000_000))), closeCodes.badFrame],
    ['another version', await speaking(t, hello(unannounced.max + 1, 'test')), closeCodes.wrongVersion],
    ['another cluster', await speaking(t, hello(unannounced.max, 'other')), closeCodes.wrongCluster],
    ['a forged proof', await speaking(t, forged), closeCodes.wrongSecret],
    ['a slammed door', await speaking(t, (socket) => socket.terminate()), 1006],
  ]
  for (const [what, address, code] of cases) t.equal(await codeFor(side, address), code, what)
  t.equal(side.all('linked').length, 0)
})

test('closing does not wait for whoever is being dialled', async (t) => {
  const side = await open(t, { id: idOf(1) })
  side.links.seeds([await silent(t), await speaking(t, () => {})])
  await side.links.close()
  t.strictSame(side.links.status().addresses, [])
})

test('a refusal is reported once in a while for its address and reason', (t) => {
  const told: unknown[] = []
  const often = new Refusals(60_000, (report) => told.push(report.detail?.['address']))
  for (const address of ['a', 'b', 'a']) often.add(address, 'reason', 1)
  often.add('a', 'another reason', 1)
  t.strictSame(told, ['a', 'b', 'a'])
  t.equal(often.count, 4)
  const always = new Refusals(0, (report) => told.push(report.event))
  for (let i = 0; i < 2; i++) always.add('c', 'reason', 1)
  t.equal(told.length, 5)
  for (let i = 0; i < 2000; i++) often.add(`address ${i}`, 'reason', 1)
  often.add('a', 'reason', 1)
  t.equal(told.at(-1), 'a', 'the memory of it is bounded')
  t.end()
})
