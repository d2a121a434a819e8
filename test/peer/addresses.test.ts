import { test } from 'tap'
import { delayMs } from '../../src/peer/addresses.js'
import { peerDefaults } from '../../src/peer/limits.js'
import { closeCodes } from '../../src/peer/refusal.js'
import { until } from '../support/until.js'
import { idOf, open, Side } from './support.js'

const soon = { dialMinMs: 5, dialMaxMs: 10 }

test('twice in quick succession, then ever more rarely, never all in step', (t) => {
  const delays = (chance: number): number[] => [0, 1, 2, 3, 4, 20, 2000].map((n) => delayMs(n, peerDefaults, chance))
  t.strictSame(delays(0), [0, 60, 75, 150, 300, 1500, 1500])
  t.strictSame(delays(1), [10, 100, 150, 300, 600, 3000, 3000])
  t.end()
})

test('a seed is dialled until someone is there', async (t) => {
  const early = await open(t, { id: idOf(1), options: soon })
  const gone = await new Side({ id: idOf(2) }).listen()
  await gone.links.close()
  early.links.seeds([gone.address])
  await until('it has tried', () => (early.links.status().addresses[0]?.attempts ?? 0) > 3)
  t.equal(early.all('refused').length, 0, 'it is nobody that is known')
  const late = await open(t, { id: idOf(3), port: gone.port })
  await Promise.all([early.linkedTo(late), late.linkedTo(early)])
})

test('its own address is dropped, quietly', async (t) => {
  const side = await open(t, { id: idOf(1) })
  side.links.seeds([`localhost:${side.port}`])
  await until('it has found itself', () => side.links.status().addresses.length === 0)
  side.links.dial(side.id, 'other:1')
  side.links.dial(idOf(2), side.address)
  t.strictSame(side.links.status().addresses, [])
  t.equal(side.links.status().refused, 0)
})

test('two addresses of one peer make one link, and only its own tells that it is gone', async (t) => {
  const side = await open(t, { id: idOf(1), options: soon })
  const other = await new Side({ id: idOf(2) }).listen()
  side.links.seeds([`localhost:${other.port}`, other.address])
  await side.linkedTo(other)
  await until('both are known', () => side.links.status().addresses.every(({ peer }) => peer === other.id))
  t.equal(side.all('linked').length, 1)
  await other.links.close()
  await side.had('refused', other.id, 2)
})

test('whoever is forgotten is dialled no more, but a seed is', async (t) => {
  const side = await open(t, { id: idOf(1), options: soon })
  const gone = await new Side({ id: idOf(2) }).listen()
  const seed = await new Side({ id: idOf(3) }).listen()
  side.links.seeds([seed.address])
  side.links.dial(gone.id, gone.address)
  await Promise.all([side.linkedTo(gone), side.linkedTo(seed)])
  await Promise.all([gone.links.close(), seed.links.close()])
  await Promise.all([side.had('refused', gone.id), side.had('refused', seed.id)])
  side.links.forget(gone.id, gone.address)
  side.links.forget(seed.id, seed.address)
  t.match(side.links.status().addresses, [{ address: seed.address, peer: undefined }])
  const back = await open(t, { id: idOf(4), port: seed.port })
  await side.linkedTo(back)
  t.equal(side.links.status().addresses[0]?.peer, back.id)
})

test('of two that claim one address the younger is there', async (t) => {
  const side = await open(t, { id: idOf(1) })
  const young = await open(t, { id: idOf(5) })
  side.links.dial(young.id, young.address)
  side.links.dial(idOf(2), young.address)
  await side.linkedTo(young)
  t.match(side.links.status().addresses, [{ peer: young.id }])
  side.links.dial(idOf(2), young.address)
  t.match(side.links.status().addresses, [{ peer: young.id }])
})

test('an address that can not be one is not dialled, and there are so many', async (t) => {
  const side = await open(t, { id: idOf(1), options: { addressesMax: 2 } })
  const nonsense = ['', 'host', 'a b:1', 'http://x/', '[fe80::1%eth0]:1', 'host:99999']
  for (const [i, address] of nonsense.entries()) side.links.dial(idOf(10 + i), address)
  t.strictSame(side.links.status().addresses, [])
  for (const port of [1, 2, 3]) side.links.dial(idOf(20 + port), `127.0.0.1:${port}`)
  t.equal(side.links.status().addresses.length, 2)
})

test('a peer of another secret, or another cluster, is reported once and tried again', async (t) => {
  const side = await open(t, { id: idOf(1), options: soon })
  const foreign = await open(t, { id: idOf(2), cluster: 'other' })
  const unknowing = await open(t, { id: idOf(3), secrets: [Buffer.from('not the secret')] })
  const trusting = await open(t, { id: idOf(4), secrets: [] })
  side.links.seeds([foreign.address, unknowing.address, trusting.address])
  await until('all were tried again', () => side.links.status().addresses.every(({ attempts }) => attempts > 2))
  const codes = side
    .reports('peer refused')
    .filter(({ detail }) => String(detail?.['address']).includes(':'))
    .map(({ detail }) => `${detail?.['address']} ${detail?.['code']}`)
  t.strictSame(
    codes.sort(),
    [
      `${foreign.address} ${closeCodes.wrongCluster}`,
      `${unknowing.address} ${closeCodes.wrongSecret}`,
      `${trusting.address} ${closeCodes.wrongSecret}`,
    ].sort(),
  )
  t.equal(side.all('linked').length + trusting.all('linked').length, 0)
})
