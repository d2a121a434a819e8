import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws'
import type { NodeId } from '../../src/log/node-id.js'
import { Handshake, type Hello, nonceBytes, type Role } from '../../src/peer/handshake.js'
import { unannounced } from '../../src/peer/protocol.js'
import { type Side, secret } from './support.js'

/** A peer without the code that makes a good one: it sends what the test says. */
export const knock = async (t: Test, side: Side, options: ClientOptions = {}): Promise<WebSocket> => {
  const socket = new WebSocket(`ws://${side.address}/`, options)
  t.teardown(() => socket.terminate())
  await once(socket, 'open')
  return socket
}

export const closeOf = async (socket: WebSocket): Promise<number> => {
  const [code] = await once(socket, 'close')
  return Number(code)
}

export const handshakeOf = (id: NodeId, secrets: readonly Uint8Array[] = [secret], role: Role = 'dial'): Handshake => {
  const self: Hello = { cluster: 'test', id, name: 'by hand', address: '', nonce: randomBytes(nonceBytes) }
  return new Handshake({ role, self, secrets, protocol: unannounced.max })
}

/** Rejects when the socket closes instead. */
export const nextFrame = (socket: WebSocket): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    socket.once('message', (frame: Buffer) => resolve(frame))
    socket.once('close', (code) => reject(new Error(`closed with ${code}`)))
  })

/** A peer that accepts, and then answers nothing, not even a ping. */
export const acceptByHand = async (t: Test, id: NodeId): Promise<{ address: string }> => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, autoPong: false })
  t.teardown(() => server.close())
  server.on('connection', (socket) => {
    const handshake = handshakeOf(id, [secret], 'accept')
    socket.once('message', (hello: Buffer) => {
      handshake.meet(hello)
      socket.send(handshake.hello)
      socket.once('message', () => socket.send(handshake.proof()))
    })
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { address: `127.0.0.1:${port}` }
}

/** Greets by hand; the socket is a link then. */
export const greet = async (socket: WebSocket, handshake: Handshake): Promise<void> => {
  const answer = nextFrame(socket)
  socket.send(handshake.hello)
  handshake.meet(await answer)
  const proof = nextFrame(socket)
  socket.send(handshake.proof())
  const refusal = handshake.verify(await proof)
  if (refusal) throw refusal
}

/** Bytes over TCP, and all that comes back until it is closed. */
export const talk = async (t: Test, side: Side, bytes: string | Uint8Array): Promise<string> => {
  const socket: Socket = connect(side.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let answer = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text
  })
  socket.on('error', () => {})
  socket.write(bytes)
  await once(socket, 'close')
  return answer
}
