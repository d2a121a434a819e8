import { test } from 'tap'
import type { Message } from '../../src/cluster/message.js'
import { encode } from '../../src/peer/codec.js'
import { closeCodes } from '../../src/peer/refusal.js'
import { acceptByHand, closeOf, greet, handshakeOf, knock, nextFrame } from './raw.js'
import { heartbeat, idOf, open, Side } from './support.js'

const pairOf = async (t: Parameters<typeof open>[0], options = {}) => {
  const a = await open(t, { id: idOf(1), options })
  const b = await open(t, { id: idOf(2), options })
  return { a, b }
}

const large = (bytes: number): Message => ({
  type: 'batch',
  view: { ballot: 1, proposer: idOf(1) },
  row: [1],
  first: 1,
  records: [{ database: 'main', channel: 'c', head: '', tail: 'x'.repeat(bytes), seq: 1, time: 1 }],
})

test('one dials, both are linked, and messages pass both ways', async (t) => {
  const { a, b } = await pairOf(t)
  b.links.seeds([a.address])
  await Promise.all([a.linkedTo(b), b.linkedTo(a)])
  const leave: Message = { type: 'leave' }
  a.links.send([b.id, idOf(9)], heartbeat)
  b.links.send([a.id], leave)
  await Promise.all([a.had('message', b.id), b.had('message', a.id)])
  t.same(b.all('message')[0]?.message, heartbeat)
  t.same(a.all('message')[0]?.message, leave)
})

test('when both dial at once one link is left, the one that the lower id dialled', async (t) => {
  const { a, b } = await pairOf(t)
  a.links.dial(b.id, b.address)
  b.links.dial(a.id, a.address)
  await Promise.all([a.linkedTo(b), b.linkedTo(a)])
  // Until both agree on who dialled it may be that one side still drops what the other has just begun to use.
  const dialled = (side: Side) => side.links.status().links[0]?.dialled
  while (dialled(a) === dialled(b)) await Promise.race([a.next(), b.next()])
  a.links.send([b.id], heartbeat)
  await b.had('message', a.id)
  t.equal(a.links.status().links.length, 1)
  t.equal(b.links.status().links.length, 1)
})

test('a link that the peer cuts is made again', async (t) => {
  const { a, b } = await pairOf(t)
  a.links.dial(b.id, b.address)
  await Promise.all([a.linkedTo(b), b.linkedTo(a)])
  const port = b.port
  await b.links.close()
  await a.had('refused', b.id, 2)
  t.equal(a.all('unlinked', b.id).length, 1)
  const again = await new Side({ id: idOf(3) }).listen(port)
  t.teardown(() => again.links.close())
  await a.linkedTo(again)
  t.equal(a.links.status().addresses[0]?.peer, again.id)
})

test('a peer that dials again has lost its link', async (t) => {
  const side = await open(t, { id: idOf(1) })
  const first = await knock(t, side)
  await greet(first, handshakeOf(idOf(2)))
  const second = await knock(t, side)
  await greet(second, handshakeOf(idOf(2)))
  t.equal(await closeOf(first), closeCodes.doubled)
  second.send(encode(heartbeat))
  await side.had('message', idOf(2))
  t.equal(side.links.status().links.length, 1)
  t.strictSame(
    side.happened.filter(({ peer }) => peer).map(({ event }) => event),
    ['linked', 'unlinked', 'linked', 'message'],
  )
})

test('a link that the lower id dialled stays, if it still answers', async (t) => {
  const { a, b } = await pairOf(t)
  a.links.dial(b.id, b.address)
  await Promise.all([a.linkedTo(b), b.linkedTo(a)])
  const again = await knock(t, a)
  await t.rejects(greet(again, handshakeOf(b.id)))
  t.equal(a.all('unlinked').length, 0)
})

test('a link that does not answer is given up for a new one', async (t) => {
  const side = await open(t, { id: idOf(1), options: { probeMs: 20 } })
  const dead = await acceptByHand(t, idOf(2))
  side.links.dial(idOf(2), dead.address)
  await side.had('linked', idOf(2))
  const again = await knock(t, side)
  await greet(again, handshakeOf(idOf(2)))
  await side.had('linked', idOf(2), 2)
  side.links.send([idOf(2)], heartbeat)
  t.same(await nextFrame(again), encode(heartbeat))
})

test('a link on which nothing comes is destroyed, and dialled again', async (t) => {
  const side = await open(t, { id: idOf(1), options: { silentMs: 80 } })
  const friend = await open(t, { id: idOf(3) })
  const dead = await acceptByHand(t, idOf(2))
  side.links.dial(friend.id, friend.address)
  side.links.dial(idOf(2), dead.address)
  await side.had('linked', idOf(2), 2)
  t.equal(side.all('unlinked', friend.id).length, 0, 'to answer a ping is enough')
})

test('whoever broke the rules is cut off, and kept away from', async (t) => {
  const { a, b } = await pairOf(t)
  a.links.dial(b.id, b.address)
  await Promise.all([a.linkedTo(b), b.linkedTo(a)])
  a.links.hangup(b.id, closeCodes.badFrame, 'told lies')
  t.equal(a.all('unlinked', b.id).length, 1, 'at once')
  await b.had('unlinked', a.id)
  t.match(b.reports('unlinked'), [{ detail: { code: closeCodes.badFrame } }])
  t.match(a.reports('peer refused'), [{ detail: { reason: 'told lies', code: closeCodes.badFrame } }])
  const knocking = await knock(t, a)
  knocking.send(handshakeOf(b.id).hello)
  t.equal(await closeOf(knocking), closeCodes.tryLater)
  t.equal(a.all('linked').length, 1)
  a.links.hangup(idOf(9), closeCodes.badFrame, 'nobody that is linked')
})

test('it may come back when the time is over', async (t) => {
  const { a, b } = await pairOf(t, { awayMs: 20, dialMinMs: 5, dialMaxMs: 10 })
  a.links.dial(b.id, b.address)
  await Promise.all([a.linkedTo(b), b.linkedTo(a)])
  a.links.hangup(b.id, closeCodes.badFrame, 'told lies')
  await Promise.all([a.had('linked', b.id, 2), b.had('linked', a.id, 2)])
})

test('a peer that does not take what it is sent is cut off', async (t) => {
  const side = await open(t, { id: idOf(1), options: { queueBytes: 2 ** 20, closeMs: 10 } })
  const lazy = await knock(t, side)
  await greet(lazy, handshakeOf(idOf(2)))
  lazy.pause()
  for (let i = 0; i < 100 && side.reports('peer too slow').length === 0; i++) side.links.send([idOf(2)], large(200_000))
  t.equal(side.reports('peer too slow').length, 1)
  await side.had('unlinked', idOf(2))
})

test('a frame that no peer would take is not sent', async (t) => {
  const { a, b } = await pairOf(t, { frameBytes: 100_000 })
  a.links.dial(b.id, b.address)
  await Promise.all([a.linkedTo(b), b.linkedTo(a)])
  a.links.send([b.id], large(100_000))
  a.links.send([b.id], large(90_000))
  await b.had('message', a.id)
  t.match(a.reports('frame too large'), [{ detail: { type: 'batch' } }])
  t.equal(b.all('message').length, 1)
})

test('there are so many links', async (t) => {
  const side = await open(t, { id: idOf(1), options: { linksMax: 1 } })
  await greet(await knock(t, side), handshakeOf(idOf(2)))
  const more = await knock(t, side)
  more.send(handshakeOf(idOf(3)).hello)
  t.equal(await closeOf(more), closeCodes.tryLater)
  await greet(await knock(t, side), handshakeOf(idOf(2)))
})

test('without a secret there is a warning, and no proof', async (t) => {
  const [a, b] = [await open(t, { id: idOf(1), secrets: [] }), await open(t, { id: idOf(2), secrets: [] })]
  a.links.dial(b.id, b.address)
  await Promise.all([a.linkedTo(b), b.linkedTo(a)])
  t.equal(a.reports('no peer secret').length, 1)
})

test('closing tells the peers, and can be done at any time', async (t) => {
  const { a, b } = await pairOf(t)
  a.links.dial(b.id, b.address)
  await Promise.all([a.linkedTo(b), b.linkedTo(a)])
  await a.links.close()
  await b.had('unlinked', a.id)
  t.match(b.reports('unlinked'), [{ detail: { code: closeCodes.goingAway } }])
  await b.had('refused', a.id, 2)
  const never = new Side({ id: idOf(3) })
  await never.links.close()
  const dialling = new Side({ id: idOf(4) })
  dialling.links.dial(b.id, b.address)
  await dialling.links.close()
})
