import { test } from 'tap'
import { agree, announce, protocols, unannounced } from '../../src/peer/protocol.js'
import { closeCodes, Refusal } from '../../src/peer/refusal.js'
import { Net } from '../support/net.js'
import { closeOf, handshakeOf, knock } from './raw.js'
import { heartbeat, idOf, open } from './support.js'

// Two seconds.

test('two nodes speak the highest protocol that both know', (t) => {
  const own = { min: 2, max: 4 }
  const rows: readonly (readonly [header: unknown, spoken: number])[] = [
    ['2-4', 4],
    ['1-2', 2],
    ['3-9', 4],
    ['4-4', 4],
  ]
  for (const [header, spoken] of rows) t.equal(agree(own, header), spoken, String(header))
  t.equal(agree({ min: 1, max: 3 }, undefined), unannounced.max, 'who says nothing speaks the first')
  t.match(agree(own, '5-6'), {
    code: closeCodes.wrongVersion,
    message: 'it speaks protocols 5 to 6, and this node protocols 2 to 4',
  })
  t.match(agree(own, undefined), { code: closeCodes.wrongVersion, message: /^it speaks protocol 1,/ })
  for (const header of ['', '3', '4-3', '1-', '1-2, 1-2', 'a-b', '1-99999999']) {
    const answer = agree(own, header)
    t.equal(answer instanceof Refusal && answer.code, closeCodes.badFrame, JSON.stringify(header))
  }
  t.end()
})

test('what this build speaks and announces', (t) => {
  t.ok(protocols.min >= 1 && protocols.min <= protocols.max)
  t.equal(agree(protocols, announce(protocols)), protocols.max)
  t.end()
})

test('nodes whose ranges meet are linked by what both speak, whoever dials', async (t) => {
  const older = await open(t, { id: idOf(1), protocols: { min: 1, max: 2 } })
  const newer = await open(t, { id: idOf(2), protocols: { min: 2, max: 3 } })
  const newest = await open(t, { id: idOf(3), protocols: { min: 2, max: 3 } })
  newer.links.seeds([older.address, newest.address])
  await Promise.all([newer.linkedTo(older), newer.linkedTo(newest), older.linkedTo(newer)])
  const spoken = newer.links.status().links.map(({ id, protocol }) => [id, protocol])
  t.same(
    new Map(spoken as [string, number][]),
    new Map([
      [older.id, 2],
      [newest.id, 3],
    ]),
  )
  newer.links.send([older.id], heartbeat)
  older.links.send([newer.id], heartbeat)
  await Promise.all([older.had('message'), newer.had('message')])
})

test('nodes whose ranges do not meet are not linked: both say so, until one of them is another', async (t) => {
  const soon = { dialMinMs: 5, dialMaxMs: 10 }
  const older = await open(t, { id: idOf(1), protocols: { min: 1, max: 2 } })
  const newer = await open(t, { id: idOf(2), protocols: { min: 3, max: 4 }, options: soon })
  newer.links.seeds([older.address])
  await Promise.all([newer.had('incompatible'), older.had('report')])
  t.same(newer.all('incompatible')[0]?.addresses, [older.address])
  const code = closeCodes.wrongVersion
  t.match(newer.reports('peer refused'), [
    { detail: { address: older.address, code, reason: 'it speaks protocols 1 to 2, and this node protocols 3 to 4' } },
  ])
  t.match(older.reports('peer refused'), [
    { detail: { address: '127.0.0.1', code, reason: 'it speaks protocols 3 to 4, and this node protocols 1 to 2' } },
  ])
  t.same([...newer.all('linked'), ...older.all('linked')], [])
  await older.links.close()
  const upgraded = await open(t, { id: idOf(3), port: older.port, protocols: { min: 2, max: 4 } })
  await newer.linkedTo(upgraded)
  t.same(newer.all('incompatible').at(-1)?.addresses, [])
})

test('what announces nonsense, or greets by another protocol than it announced, is refused', async (t) => {
  const side = await open(t, { id: idOf(1) })
  const nonsense = await knock(t, side, { headers: { 'Carillon-Protocol': 'all of them' } })
  t.equal(await closeOf(nonsense), closeCodes.badFrame)
  const liar = await knock(t, side, { headers: { 'Carillon-Protocol': '7-9' } })
  t.equal(await closeOf(liar), closeCodes.wrongVersion)
  const newer = await open(t, { id: idOf(2), protocols: { min: 2, max: 2 } })
  const turncoat = await knock(t, newer, { headers: { 'Carillon-Protocol': '2-2' } })
  turncoat.send(handshakeOf(idOf(3)).hello)
  t.equal(await closeOf(turncoat), closeCodes.wrongVersion)
})

test('a node that reaches others and can not talk to them is not ready, so there are no two clusters', (t) => {
  const net = new Net()
  const box = net.add('a', { founder: false, bootstrapMs: 2000 })
  net.step(box, { type: 'incompatible', addresses: ['b:1'] })
  net.pass(10_000)
  t.equal(box.state, 'joining')
  t.same(box.engine.status(net.now).incompatible, ['b:1'])
  net.step(box, { type: 'incompatible', addresses: [] })
  net.pass(200)
  t.equal(box.state, 'ready')
  t.equal(box.engine.status(net.now).incompatible, undefined)
  const [, other] = [box, net.add('c', { founder: false, bootstrapMs: 2000 })]
  net.step(other, { type: 'incompatible', addresses: ['b:1'] })
  net.link(box, other)
  net.until(() => other.state === 'ready' && box.view === 'ac')
  t.pass('beside a node that is ready it is, too')
  t.end()
})

test('a peer that speaks an older protocol is given what it understands, the others all', async (t) => {
  const [sender, older, newer] = [
    await open(t, { id: idOf(1) }),
    await open(t, { id: idOf(2), protocols: { min: 1, max: 1 } }),
    await open(t, { id: idOf(3) }),
  ]
  sender.links.seeds([older.address, newer.address])
  await Promise.all([sender.linkedTo(older), sender.linkedTo(newer)])
  const plain = { database: 'main', channel: 'c', head: '', tail: '"n":1}', seq: 1, time: 1 }
  const traced = { ...plain, traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }
  const batch = { type: 'batch', view: { ballot: 1, proposer: idOf(1) }, row: [1], first: 1 } as const
  const relay = { type: 'relay', from: idOf(1), to: idOf(9) } as const
  for (const message of [
    { ...batch, records: [traced] },
    { ...relay, message: { ...batch, records: [traced] } },
  ]) {
    sender.links.send([older.id, newer.id, older.id], message)
  }
  await Promise.all([older.had('message', sender.id, 4), newer.had('message', sender.id, 2)])
  const got = (side: typeof older) => side.all('message').map(({ message }) => message)
  const untraced = { ...batch, records: [plain] }
  t.same(got(newer), [
    { ...batch, records: [traced] },
    { ...relay, message: { ...batch, records: [traced] } },
  ])
  t.same(got(older), [untraced, untraced, { ...relay, message: untraced }, { ...relay, message: untraced }])
})
