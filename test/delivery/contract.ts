import { type Test, test } from 'tap'
import type { Node, Options } from '../../src/index.js'
import { agreed, poll, publish, secret } from '../live/crew.js'
import { Cable } from '../support/cable.js'
import { host } from '../support/free-port.js'
import { until } from '../support/until.js'
import { type Item, type Reading, type Transport, transports } from './transports.js'

const timeout = 180_000

// Tryton's clients start with what is young, and a busy machine makes that old.
const roomy = { firstPollWindow: 600 }

/** What nodes run on. */
export interface Ground {
  /** A node that has nothing to do with others. */
  alone(t: Test, options: Partial<Options>): Promise<Node>
  /** Nodes of one cluster. */
  crew(t: Test, count: number, options: Partial<Options>): Promise<readonly Node[]>
  /** Both sides of a split go on. */
  readonly splits: boolean
  /** Nothing is kept of main but the last messages, so many, which are in the ring of the node as well. */
  forget(node: Node, count: number): Promise<void>
}

type Message = Item & { readonly is: 'message' }

const isMessage = (item: Item): item is Message => item.is === 'message'

const messagesOf = ({ items }: Reading): Message[] => items.items.filter(isMessage)

/** So many messages, when they have come; whatever else has come with them. */
const messages = async (reading: Reading, count: number): Promise<readonly Message[]> => {
  for (let i = 0; messagesOf(reading).length < count; i++) await reading.items.nth(i)
  return messagesOf(reading).slice(0, count)
}

const open = (t: Test, { read }: Transport, ...from: Parameters<Transport['read']>): Reading => {
  const reading = read(...from)
  t.teardown(() => reading.close())
  return reading
}

const sent = async (node: Node, channel: string, n: unknown): Promise<string> =>
  JSON.parse((await publish(node, channel, { n })).text).message_id

const idsOf = async (node: Node, channels: readonly string[]): Promise<string[]> =>
  (await poll(node, { channels, cursor: 'earliest', limit: 1000 })).messages.map(({ message }) =>
    String(message['message_id']),
  )

/** Every promise on every transport, some of which take seconds to break. */
export const delivers = (ground: Ground): void => {
  const alone = (t: Test, options: Partial<Options> = {}): Promise<Node> => ground.alone(t, { ...roomy, ...options })

  for (const transport of transports) {
    test(transport.name, { timeout }, async (t) => {
      await t.test('history, then what comes, with no hole between', async (t) => {
        const [one, two] = (await ground.crew(t, 2, roomy)) as [Node, Node]
        const total = 200
        const readings: Reading[] = []
        for (let n = 0; n < total; n++) {
          await sent(n % 3 === 0 ? two : one, n % 2 === 0 ? 'a' : 'b', n)
          if (n % 20 === 0) readings.push(open(t, transport, { node: one, channels: ['a', 'b'], from: 'earliest' }))
        }
        for (const reading of readings) {
          const got = await messages(reading, total)
          t.same(
            got.map(({ n }) => n),
            got.map((_, n) => n),
          )
        }
      })

      await t.test('two channels that others do not see', async (t) => {
        const node = await alone(t)
        for (const channel of ['a', 'b', 'ä/🔔 ?&=+%']) await sent(node, channel, channel)
        const reading = open(t, transport, { node, channels: ['b', 'ä/🔔 ?&=+%'], from: 'earliest' })
        t.same(
          (await messages(reading, 2)).map(({ channel, n }) => [channel, n]),
          [
            ['b', 'b'],
            ['ä/🔔 ?&=+%', 'ä/🔔 ?&=+%'],
          ],
        )
      })

      await t.test('a gap is told before what follows it', async (t) => {
        const node = await alone(t, { retentionCount: 3 })
        const first = await sent(node, 'a', 0)
        for (let n = 1; n < 6; n++) await sent(node, 'a', n)
        await ground.forget(node, 3)
        const reading = open(t, transport, { node, channels: ['a'], from: first })
        const got = await messages(reading, 3)
        t.same(
          got.map(({ n }) => n),
          [3, 4, 5],
        )
        const items = reading.items.items.filter(({ is }) => is !== 'at')
        t.equal(
          items.findIndex(({ is }) => is === 'gap'),
          0,
        )
        if (!transport.bare) t.match(items[0], { reason: 'evicted', oldest: got[0]?.id })
      })

      await t.test('a cursor from nodes that nobody knows', async (t) => {
        // At first it may be that news of these nodes are still on their way.
        const quick = { suspectTimeout: 0.2, heartbeat: 0.1 }
        const [elsewhere, node] = await Promise.all([alone(t), alone(t, quick)])
        const foreign = await sent(elsewhere, 'a', 'elsewhere')
        const reading = open(t, transport, { node, channels: ['a'], from: foreign })
        const gap = (): Item | undefined => reading.items.items.find(({ is }) => is === 'gap')
        let n = 0
        await until('it is told', async () => {
          await sent(node, 'a', n++)
          return gap() !== undefined
        })
        if (!transport.bare) t.match(gap(), { reason: 'unknown_origin' })
        t.same(
          (await messages(reading, n)).map((message) => message.n),
          Array.from({ length: n }, (_, i) => i),
        )
      })

      await t.test('what the other side of a split has taken comes once, late', { skip: !ground.splits }, async (t) => {
        const mainland = await alone(t, { name: 'mainland', secret })
        const cable = await Cable.open(t)
        const island = await alone(t, {
          name: 'island',
          secret,
          join: [`${host}:${cable.port}`],
          bootstrapTimeout: 0.1,
        })
        await until('the island serves', () => island.ready)
        await sent(island, 'a', 'island')
        // The second one of a millisecond is later than any first one.
        await sent(mainland, 'b', 'mainland')
        await sent(mainland, 'a', 'mainland')
        const reading = open(t, transport, { node: mainland, channels: ['a'], from: 'earliest' })
        await messages(reading, 1)
        cable.lay(Number(mainland.address.split(':')[1]))
        await agreed([mainland, island])
        const got = await messages(reading, 2)
        t.same(
          got.map(({ n }) => n),
          ['mainland', 'island'],
        )
        if (!transport.bare)
          t.same(
            got.map(({ late }) => late),
            [false, true],
          )
      })

      await t.test('a node that stops ends it, and another one goes on', async (t) => {
        const [one, two] = (await ground.crew(t, 2, roomy)) as [Node, Node]
        const reading = open(t, transport, { node: one, channels: ['a'], from: 'earliest' })
        const first = await sent(one, 'a', 0)
        await messages(reading, 1)
        await one.close()
        t.equal((await reading.items.find(({ is }) => is === 'end')).is, 'end')
        await sent(two, 'a', 1)
        const next = open(t, transport, { node: two, channels: ['a'], from: first })
        t.same(
          (await messages(next, 1)).map(({ n }) => n),
          [1],
        )
        t.equal(messagesOf(reading).length, 1)
      })

      await t.test('what is too much is refused', async (t) => {
        const node = await alone(t, { channelsPerRequest: 2, waiters: 1 })
        const many = open(t, transport, { node, channels: ['a', 'b', 'c'], from: 'earliest' })
        t.match(await many.items.find(({ is }) => is === 'refused'), { code: 'bad_request' })
        open(t, transport, { node, channels: ['a'], from: 'earliest' })
        await until('it waits', () => node.status().gauges['waiters'] === 1)
        const second = open(t, transport, { node, channels: ['a'], from: 'earliest' })
        t.match(await second.items.find(({ is }) => is !== 'at'), { is: 'refused', code: 'overloaded' })
      })

      await t.test('what makes no sense is refused', async (t) => {
        const node = await alone(t)
        const bad = (channels: readonly string[], from: string): Promise<Item> =>
          open(t, transport, { node, channels, from }).items.find(({ is }) => is !== 'at')
        t.match(await bad([''], 'earliest'), { is: 'refused', code: 'bad_channel' })
        t.match(await bad(['x'.repeat(257)], 'earliest'), { is: 'refused', code: 'bad_channel' })
        t.match(await bad(['a\u0000'], 'earliest'), { is: 'refused', code: 'bad_channel' })
        t.match(await bad([], 'earliest'), { is: 'refused', code: 'bad_request' })
        if (transport.bare) return
        const id = await sent(node, 'a', 1)
        for (const from of [id.slice(0, -1), `${id}x`, 'x'.repeat(1600), '1.5'])
          t.match(await bad(['a'], from), { is: 'refused', code: 'bad_cursor' }, from)
      })

      if (!transport.bare) {
        await t.test('from now on, and from the position that it was told', async (t) => {
          const [one, two] = (await ground.crew(t, 2, roomy)) as [Node, Node]
          await sent(one, 'a', 'before')
          const reading = open(t, transport, { node: one, channels: ['a'], from: 'now' })
          const at = await reading.items.find(({ is }) => is === 'at')
          await sent(one, 'a', 'after')
          t.same(
            (await messages(reading, 1)).map(({ n }) => n),
            ['after'],
          )
          const again = open(t, transport, { node: two, channels: ['a'], from: at.is === 'at' ? at.cursor : '' })
          t.same(
            (await messages(again, 1)).map(({ n }) => n),
            ['after'],
          )
        })
      }
    })
  }

  test('from transport to transport and node to node, each message once and in order', { timeout }, async (t) => {
    const nodes = await ground.crew(t, 3, roomy)
    const total = 300
    let published = 0
    const publishing = Promise.all(
      nodes.map(async (node, index) => {
        for (; published < total; await sent(node, index % 2 ? 'a' : 'b', published)) published++
      }),
    )
    const hopper = async (start: number): Promise<string[]> => {
      const got: string[] = []
      for (let hop = start; got.length < total; hop++) {
        const node = nodes[hop % nodes.length] as Node
        const transport = transports[(hop * 7) % transports.length] as Transport
        const reading = open(t, transport, { node, channels: ['a', 'b'], from: got.at(-1) ?? 'earliest' })
        const some = await messages(reading, Math.min(1 + ((hop * 5) % 17), total - got.length))
        got.push(...some.map(({ id }) => id))
        reading.close()
      }
      return got
    }
    const all = await Promise.all([0, 1, 2, 3, 4].map(hopper))
    await publishing
    const order = (await idsOf(nodes[0] as Node, ['a', 'b'])).slice(0, total)
    for (const got of all) t.same(got, order)
  })
}
