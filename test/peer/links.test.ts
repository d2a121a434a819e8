import { test } from 'tap'
import type { Message } from '../../src/cluster/message.js'
import { heartbeat, idOf, open, Side } from './support.js'

const pairOf = async (t: Parameters<typeof open>[0], options = {}) => {
  const a = await open(t, { id: idOf(1), options })
  const b = await open(t, { id: idOf(2), options })
  return { a, b }
}

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
