import { connect, type Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { pack, unpack } from 'msgpackr'
import { test } from 'tap'
import type { Message } from '../../src/cluster/message.js'
import { decode, encode } from '../../src/peer/codec.js'
import { closeCodes, Refusal } from '../../src/peer/refusal.js'
import type { Prng } from '../../src/verify/prng.js'
import { anyMessage } from '../peer/messages.js'
import { handshakeOf } from '../peer/raw.js'
import { heartbeat, idOf, open, type Side } from '../peer/support.js'
import { frame } from '../stream/raw-socket.js'
import { draft } from '../support/core.js'
import { type Box, Net } from '../support/net.js'
import { fuzz, must } from './fuzz.js'
import { mutated, pieces } from './mutate.js'

const hex = (text: string): Uint8Array => Buffer.from(text, 'hex')

/** Markers of MessagePack, lengths that lie, and values at the edges. */
const words = [
  ...['c0', 'c1', 'c4ff', 'c6ffffffff', 'd9ff', 'dbffffffff', 'dcffff', 'ddffffffff', 'dfffffffff', 'c7ff01'].map(hex),
  ...['cb7ff8000000000000', 'cb7fefffffffffffff', 'cfffffffffffffffff', 'd38000000000000000', 'ceffffffff'].map(hex),
  ...['a2c0af', 'a3edb080', '90', '91', '9f', '80', '81a15f00', 'd600ffffffff'].map(hex),
  '__proto__',
  idOf(1),
]

const odd: readonly unknown[] = [
  ...[-1, 0, 1.5, 2 ** 31, 2 ** 53, 2 ** 53 - 1, -0, Number.NaN, Number.POSITIVE_INFINITY],
  ...['', '\0', 'x'.repeat(300), '\ufeff', idOf(7), null, true, [], [[]], [[[[[[[[[]]]]]]]]], Buffer.alloc(3)],
]

/** So many rounds draw on the same messages, which are made anew for each such block. */
const block = 2000
let samples: { readonly block: number; readonly messages: readonly Message[] } | undefined

const sampleOf = (dice: Prng, n: number): Message => {
  const now = Math.floor(n / block)
  if (samples?.block !== now) samples = { block: now, messages: fc.sample(anyMessage, { numRuns: 200, seed: now }) }
  return dice.pick(samples.messages)
}

/** The same tree, with another value somewhere. */
const bent = (value: unknown, dice: Prng): unknown => {
  if (!Array.isArray(value) || value.length === 0 || dice.chance(0.15)) return dice.pick(odd)
  const list = [...value]
  const at = dice.below(list.length)
  const kind = dice.below(6)
  if (kind === 0) list.splice(at, 1)
  else if (kind === 1) list.splice(at, 0, dice.pick(list))
  else if (kind === 2) list[at] = dice.pick(list)
  else list[at] = bent(list[at], dice)
  return list
}

const frameOf = (dice: Prng, n: number): Uint8Array => {
  const bytes = encode(sampleOf(dice, n))
  if (dice.chance(0.05)) return Buffer.from(Array.from({ length: dice.below(60) }, () => dice.below(256)))
  return dice.chance(0.5) ? mutated(bytes, dice, words) : pack(bent(unpack(bytes), dice))
}

test('whatever the bytes are, they are a message that can be told again, or refused', async (t) => {
  const counts = { taken: 0, refused: 0 }
  await fuzz(t, 0.4, (dice, n) => {
    const whole = encode(sampleOf(dice, n))
    must(!(decode(whole) instanceof Refusal), 'a good one is refused', Buffer.from(whole).toString('hex'))
    const bytes = frameOf(dice, n)
    const message = decode(bytes)
    if (message instanceof Refusal) {
      must(message.code === closeCodes.badFrame, 'another code', message.code)
      counts.refused++
      return
    }
    counts.taken++
    const again = decode(encode(message))
    must(isDeepStrictEqual(again, message), 'told otherwise', Buffer.from(bytes).toString('hex'), again)
  })
  t.ok(counts.taken > 0 && counts.refused > 0, JSON.stringify(counts))
})

/** What one of them says is bent on its way to another. */
const disturb = (net: Net, dice: Prng, rate: number): void => {
  net.lose = (from, to, message) => {
    if (!dice.chance(rate)) return false
    const bytes = encode(message)
    const spoilt = dice.chance(0.5) ? mutated(bytes, dice, words) : pack(bent(unpack(bytes), dice))
    const read = decode(spoilt)
    // A link that brings no message is cut.
    if (!(read instanceof Refusal)) net.step(to, { type: 'received', from: from.id, message: read })
    return true
  }
}

test('what is bent on its way between nodes makes none of them fail', async (t) => {
  let bad = 0
  await fuzz(t, 0.4, (dice) => {
    const net = new Net()
    const [a, b, c] = net.start(['a', 'b', 'c']) as [Box, Box, Box]
    a.publish(draft('a', 'before'))
    net.pass(20)
    disturb(net, dice, dice.between(0.01, 0.3))
    for (let n = 0; n < 5; n++) {
      dice.pick([a, b, c]).publish(draft('a', n))
      net.pass(dice.below(400))
    }
    net.lose = () => false
    bad += [a, b, c].reduce((sum, { hangups }) => sum + hangups.length, 0)
    for (const box of net.boxes) {
      const kept = box.gauge('unstable_bytes') + box.gauge('staged_bytes') + box.gauge('queued_bytes')
      must(kept < 2 ** 20, 'too much is kept', kept)
      must(box.engine.audit().length === 0, 'broken', box.engine.audit())
      const asked = box.poll('earliest', ['a'])
      // A peer that says it has this one's name makes it step aside (R1), and that is told.
      const hasSteppedAside = box.refusals.get(asked) === 'draining'
      must(box.answers.has(asked) || hasSteppedAside, 'it does not answer')
    }
  })
  t.ok(bad > 0, 'some was noticed')
})

/** What a peer says from the first byte on: the upgrade, its greeting, and something in place of a proof. */
const strangerOf = (dice: Prng): Buffer => {
  const lines = ['GET / HTTP/1.1', 'Host: h', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  const head = Buffer.from(`${lines.join('\r\n')}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`)
  const handshake = handshakeOf(idOf(dice.whole(2, 9)))
  const say = (bytes: Uint8Array): Buffer => frame(2, bytes)
  const proof = pack([Buffer.alloc(dice.pick([0, 31, 32, 33]), 1)])
  const whole = Buffer.concat([head, say(handshake.hello), say(proof), say(encode(heartbeat))])
  const isBent = dice.chance(0.3)
  const own = isBent ? Buffer.concat([head, say(pack(bent(unpack(handshake.hello), dice))), say(proof)]) : whole
  return mutated(own, dice, [...words, 'Origin: x\r\n', '\r\n\r\n'])
}

const knock = async (side: Side, dice: Prng): Promise<void> => {
  const socket: Socket = connect(side.port, '127.0.0.1')
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.on('error', () => {}).resume()
  for (const piece of pieces(strangerOf(dice), dice)) {
    if (piece.length > 0 && socket.writable) socket.write(piece)
    await new Promise(setImmediate)
  }
  if (dice.chance(0.3)) socket.end()
  await closed
}

test('no stranger becomes a peer, and peers do not notice', async (t) => {
  const options = { preauthMs: 150, closeMs: 100, strangersMax: 1000, reportMs: 0 }
  const [side, friend] = [await open(t, { id: idOf(1), options }), await open(t, { id: idOf(2), options })]
  side.links.dial(friend.id, friend.address)
  await side.linkedTo(friend)
  let told = 0
  await fuzz(t, 0.2, async (dice) => {
    await Promise.all(Array.from({ length: 24 }, (_, i) => knock(side, dice.fork(i))))
    friend.links.send([side.id], heartbeat)
    await side.had('message', friend.id, ++told)
    must(side.links.status().links.length === 1, 'a stranger is linked', side.links.status().links)
    must(side.all('linked').length === 1 && side.all('unlinked').length === 0, 'a peer has noticed')
    side.happened.splice(0, side.happened.length, ...side.happened.filter(({ event }) => event !== 'report'))
  })
  t.equal(side.all('message').length, told, 'and no message but those of the peer was heard')
})
