import { once } from 'node:events'
import { connect } from 'node:net'
import { WebSocket } from 'ws'
import type { Node } from '../../src/index.js'
import type { NodeId } from '../../src/log/node-id.js'
import { closeOf, greet, handshakeOf, nextFrame } from '../peer/raw.js'
import { secret } from './crew.js'

/** Of both ports. */
export const portsOf = (node: Node): { readonly client: number; readonly peer: number } => ({
  client: Number(new URL(node.url).port),
  peer: Number(node.address.split(':')[1]),
})

/** Everything that a port says to these bytes, until it closes the connection. */
export const talk = async (port: number, bytes: string | Uint8Array): Promise<string> => {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text
  })
  socket.on('error', () => {})
  socket.write(bytes)
  await once(socket, 'close')
  return answer
}

/** The status of the answer; the connection must be closed by the port. */
export const statusOf = async (port: number, bytes: string | Uint8Array): Promise<number> =>
  Number((await talk(port, bytes)).split(' ')[1])

export const get = (target: string, ...headers: string[]): string =>
  `${[`GET ${target} HTTP/1.1`, 'Host: h', ...headers].join('\r\n')}\r\n\r\n`

export const post = (target: string, body: string | Buffer, ...headers: string[]): Buffer => {
  const given = headers.map((line) => line.split(':')[0]?.toLowerCase())
  const type = given.includes('content-type') ? [] : ['Content-Type: application/json']
  const framed = given.includes('content-length') || given.includes('transfer-encoding')
  const length = framed ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
  const head = [`POST ${target} HTTP/1.1`, 'Host: h', 'Connection: close', ...type, ...length, ...headers]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)])
}

/** The first bytes of a WebSocket, right or wrong. */
export const upgrade = (
  more: readonly string[] = ['Sec-WebSocket-Version: 13'],
  line = 'GET / HTTP/1.1',
  key = 'dGhlIHNhbXBsZSBub25jZQ==',
): string =>
  `${[line, 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Key: ${key}`, ...more].join('\r\n')}\r\n\r\n`

/** The code with which bytes behind a good upgrade are answered. */
export const closeCodeOf = async (port: number, hex: string): Promise<number | string> => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  const answer = await talk(port, Buffer.concat([Buffer.from(upgrade(), 'latin1'), bytes]))
  const frame = Buffer.from(answer.slice(answer.indexOf('\r\n\r\n') + 4), 'latin1')
  return frame[0] === 0x88 ? frame.readUInt16BE(2) : frame.toString('hex')
}

type Reachable = Pick<Node, 'address'>

const knock = async (node: Reachable): Promise<WebSocket> => {
  const socket = new WebSocket(`ws://${node.address}/`)
  socket.on('error', () => {})
  await once(socket, 'open')
  return socket
}

/** The code with which a stranger's first frame is answered. */
export const refusalOf = async (node: Reachable, frame: Uint8Array | string): Promise<number> => {
  const socket = await knock(node)
  socket.send(frame)
  return closeOf(socket)
}

const secrets = [Buffer.from(secret)]

/** The code with which a proof is answered that was made, somehow, from the other side's greeting. */
export const forgery = async (node: Node, id: NodeId, make: (theirs: Buffer) => Uint8Array): Promise<number> => {
  const socket = await knock(node)
  const handshake = handshakeOf(id, secrets)
  const answer = nextFrame(socket)
  socket.send(handshake.hello)
  const theirs = await answer
  handshake.meet(theirs)
  socket.send(make(theirs))
  return closeOf(socket)
}

/** The code with which a frame is answered from someone who knows the secret. */
export const betrayal = async (node: Node, id: NodeId, frame: Uint8Array | string): Promise<number> => {
  const socket = await knock(node)
  await greet(socket, handshakeOf(id, secrets))
  socket.send(frame)
  return closeOf(socket)
}
