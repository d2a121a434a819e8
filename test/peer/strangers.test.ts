import { once } from 'node:events'
import { connect } from 'node:net'
import { pack } from 'msgpackr'
import { test } from 'tap'
import { encode } from '../../src/peer/codec.js'
import { unannounced } from '../../src/peer/protocol.js'
import { closeCodes } from '../../src/peer/refusal.js'
import { until } from '../support/until.js'
import { closeOf, greet, handshakeOf, knock, nextFrame, talk } from './raw.js'
import { heartbeat, idOf, open } from './support.js'

/** What nobody may do at the peer port (ordering, section 8), and that others don't notice when it is tried. */
const upgrade = (more: readonly string[] = [], line = 'GET / HTTP/1.1', key = 'dGhlIHNhbXBsZSBub25jZQ=='): string =>
  [line, 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Key: ${key}`, ...more, '', ''].join(
    '\r\n',
  )

const version = ['Sec-WebSocket-Version: 13']

test('what is no WebSocket of a peer is answered by HTTP, and closed', async (t) => {
  const side = await open(t)
  const cases: readonly (readonly [what: string, bytes: string, status: number])[] = [
    ['garbage', '\x16\x03\x01\x02\x00\x01', 400],
    ['a request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 426],
    ['a request with a body', `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123456789`, 426],
    ['an upgrade by POST', upgrade(version, 'POST / HTTP/1.1'), 405],
    ['version 99', upgrade(['Sec-WebSocket-Version: 99']), 400],
    ['a bad key', upgrade(version, 'GET / HTTP/1.1', 'short'), 400],
    ['a web page', upgrade([...version, 'Origin: http://localhost']), 403],
    ['a web page of nowhere', upgrade([...version, 'Origin: null']), 403],
    ['large headers', upgrade([...version, `X-Large: ${'x'.repeat(5000)}`]), 431],
    ['no HTTP version', 'GET / HTTP/9.9\r\n\r\n', 400],
  ]
  for (const [what, bytes, status] of cases) {
    const answer = await talk(t, side, bytes)
    t.equal(Number(answer.split(' ')[1]), status, `${what}: ${answer.split('\r\n')[0]}`)
  }
  t.equal(side.links.status().links.length, 0)
})

test('bytes that break WebSocket itself close with its codes', async (t) => {
  const side = await open(t, { options: { frameBytes: 64 * 1024, fragmentsMax: 4, closeMs: 10 } })
  const cases: readonly (readonly [what: string, hex: string, code: number])[] = [
    ['unmasked', '82 01 00', 1002],
    ['a reserved bit', 'c2 80 00000000', 1002],
    ['an unknown opcode', '83 80 00000000', 1002],
    ['a ping of 126 bytes', '89 fe 007e 00000000', 1002],
    ['a fragmented ping', '09 80 00000000', 1002],
    ['a continuation of nothing', '80 80 00000000', 1002],
    ['a close of one byte', '88 81 00000000 03', 1002],
    ['a close with 999', '88 82 00000000 03e7', 1002],
    ['a close with 1005', '88 82 00000000 03ed', 1002],
    ['text that is not UTF-8', '81 82 00000000 c0af', 1007],
    ['a length over the limit', '82 ff 0000000000010001 00000000', 1009],
    ['a length of 2^63', '82 ff 8000000000000000 00000000', 1009],
    ['fragments without end', `02 81 00000000 00 ${'00 81 00000000 00 '.repeat(8)}`, 1008],
  ]
  for (const [what, hex, code] of cases) {
    const request = Buffer.from(upgrade(version), 'latin1')
    const answer = await talk(t, side, Buffer.concat([request, Buffer.from(hex.replaceAll(' ', ''), 'hex')]))
    const frame = Buffer.from(answer.slice(answer.indexOf('\r\n\r\n') + 4), 'latin1')
    t.equal(frame[0] === 0x88 ? frame.readUInt16BE(2) : frame.toString('hex'), code, what)
  }
})

test('a stranger that is not one of the cluster is closed with a code and no more', async (t) => {
  const side = await open(t, { id: idOf(1), options: { closeMs: 50 } })
  const fields = ['test', idOf(2), 'n', 'x:1', Buffer.alloc(32)]
  const cases: readonly (readonly [what: string, frame: Uint8Array | string, code: number])[] = [
    ['text', 'hello', closeCodes.badFrame],
    ['garbage', Buffer.from('c1c1c1', 'hex'), closeCodes.badFrame],
    ['a message', encode(heartbeat), closeCodes.badFrame],
    ['a bomb', Buffer.from('dd7fffffff', 'hex'), closeCodes.badFrame],
    ['too much', Buffer.alloc(5000), closeCodes.badFrame],
    ['far too much', Buffer.alloc(3_000_000), closeCodes.badFrame],
    ['another cluster', pack(['carillon', unannounced.max, 'other', ...fields.slice(1)]), closeCodes.wrongCluster],
    ['another version', pack(['carillon', unannounced.max + 1, ...fields]), closeCodes.wrongVersion],
    ['our own id', pack(['carillon', unannounced.max, 'test', idOf(1), ...fields.slice(2)]), closeCodes.itself],
  ]
  for (const [what, frame, code] of cases) {
    const socket = await knock(t, side)
    socket.on('error', () => {})
    socket.send(frame)
    t.equal(await closeOf(socket), code, what)
  }
  t.equal(side.all('linked').length, 0)
})

test('nobody is linked without a proof made for this very handshake', async (t) => {
  const side = await open(t, { id: idOf(1) })
  const forge = async (make: (theirs: Buffer) => Uint8Array): Promise<number> => {
    const socket = await knock(t, side)
    const handshake = handshakeOf(idOf(2))
    const hello = nextFrame(socket)
    socket.send(handshake.hello)
    const theirs = await hello
    handshake.meet(theirs)
    socket.send(make(theirs))
    return closeOf(socket)
  }
  const before = handshakeOf(idOf(2))
  const other = handshakeOf(idOf(2), [Buffer.from('another secret altogether')])
  t.equal(await forge(() => pack([Buffer.alloc(32)])), closeCodes.wrongSecret, 'forged')
  t.equal(await forge(() => pack([Buffer.alloc(0)])), closeCodes.wrongSecret, 'empty')
  t.equal(await forge((theirs) => theirs), closeCodes.badFrame, 'reflected')
  t.equal(await forge(() => before.proof()), closeCodes.wrongSecret, 'replayed')
  t.equal(await forge(() => other.proof()), closeCodes.wrongSecret, 'of another secret')
  t.equal(side.all('linked').length, 0)
})

test('where the secrets differ, both sides say so, once', async (t) => {
  const options = { dialMinMs: 1, dialMaxMs: 5 }
  const a = await open(t, { id: idOf(1), options })
  const b = await open(t, { id: idOf(2), options, secrets: [Buffer.from('another secret altogether')] })
  b.links.seeds([a.address])
  await until('it was tried more than once', () => a.links.status().refused > 2 && b.links.status().refused > 2)
  const words = { detail: { reason: 'the secrets differ: all nodes need the same one (--secret-file)', code: 4401 } }
  t.match(a.reports('peer refused'), [words])
  t.match(b.reports('peer refused'), [words])
  t.equal(a.reports('peer refused').length, 1)
  t.equal(b.reports('peer refused').length, 1)
  t.match(b.reports('peer refused'), [{ detail: { address: a.address } }])
})

test('a stranger has so much time from the first byte on', async (t) => {
  const side = await open(t, { options: { preauthMs: 20, closeMs: 10 } })
  const silent = connect(side.port, '127.0.0.1')
  const dawdling = connect(side.port, '127.0.0.1')
  dawdling.write('GET / HTTP/1.1\r\nHost:')
  await Promise.all([once(silent, 'close'), once(dawdling, 'close')])
  const greeting = await knock(t, side)
  t.equal(await closeOf(greeting), closeCodes.tooSlow, 'connected, but says nothing')
  await until('they are forgotten', () => side.links.status().strangers === 0)
})

test('there are so many strangers at a time, and a peer is none', async (t) => {
  const side = await open(t, { id: idOf(1), options: { strangersMax: 2 } })
  const friend = await knock(t, side)
  await greet(friend, handshakeOf(idOf(2)))
  const waiting = [await knock(t, side), await knock(t, side)]
  const third = connect(side.port, '127.0.0.1')
  await once(third, 'close')
  t.match(side.reports('peer refused'), [{ detail: { reason: 'too many strangers' } }])
  for (const each of waiting) each.terminate()
  await until('there is room', () => side.links.status().strangers === 0)
  await greet(await knock(t, side), handshakeOf(idOf(3)))
  await side.had('linked', idOf(3))
})

test('refusals are counted, and reported once for an address and a reason', async (t) => {
  const side = await open(t)
  for (let i = 0; i < 3; i++) {
    const socket = await knock(t, side)
    socket.send('text')
    await closeOf(socket)
  }
  t.equal(side.links.status().refused, 3)
  t.strictSame(side.reports('peer refused'), [
    { event: 'peer refused', detail: { address: '127.0.0.1', reason: 'a frame of text', code: closeCodes.badFrame } },
  ])
})

test('one that is authenticated is still held to the messages', async (t) => {
  const frames: readonly (readonly [what: string, frame: Uint8Array | string, code: number])[] = [
    ['text', 'hello', closeCodes.badFrame],
    ['garbage', Buffer.from('c1', 'hex'), closeCodes.badFrame],
    ['an unknown message', pack([99]), closeCodes.badFrame],
    ['a bomb', Buffer.from('91'.repeat(1000), 'hex'), closeCodes.badFrame],
    ['a frame too large', Buffer.alloc(70_000), 1009],
  ]
  const side = await open(t, { id: idOf(1), options: { frameBytes: 65_536, linksMax: 1 } })
  for (const [i, [what, frame, code]] of frames.entries()) {
    const socket = await knock(t, side)
    socket.on('error', () => {})
    await greet(socket, handshakeOf(idOf(10 + i)))
    socket.send(encode(heartbeat))
    await side.had('message', idOf(10 + i))
    socket.send(frame)
    t.equal(await closeOf(socket), code, what)
    await side.had('unlinked', idOf(10 + i))
  }
})

test('a good peer does not notice strangers', async (t) => {
  const side = await open(t, { id: idOf(1), options: { preauthMs: 250 } })
  const friend = await open(t, { id: idOf(2) })
  friend.links.dial(side.id, side.address)
  await Promise.all([side.linkedTo(friend), friend.linkedTo(side)])
  for (let i = 0; i < 20; i++) await talk(t, side, Buffer.alloc(100, i))
  friend.links.send([side.id], heartbeat)
  await side.had('message', friend.id)
  t.equal(side.all('unlinked').length, 0)
})
