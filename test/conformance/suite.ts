import type { Test } from 'tap'
import { until } from '../support/until.js'
import { type Page, type Published, type Refused, retentionCount, type Wish, type World } from './world.js'

const wish = (text: unknown, channel = 'a', key?: string): Wish => (key ? { channel, text, key } : { channel, text })

const isDone = (published: Published): published is Exclude<Published, { code: string }> => 'ids' in published

const isPage = (page: Page | Refused): page is Page => 'cursor' in page

/** On a busy machine, servers of which one was killed may take so long to agree who leads. */
const electionMs = 60_000

/** One database of a world, and somebody who works with it. */
class Desk {
  constructor(
    readonly world: World,
    readonly database: string,
  ) {}

  async publish(node: number, ...wishes: readonly Wish[]): Promise<readonly string[]> {
    const published = await this.world.publish(node, this.database, wishes)
    if (!isDone(published)) throw new Error(`refused: ${published.code}`)
    return published.ids
  }

  /** Until it is taken: so would a client. */
  insist(node: number, wanted: Wish): Promise<string> {
    const ask = async () => {
      const published = await this.world.publish(node, this.database, [wanted])
      return isDone(published) && published.ids[0]
    }
    return until('it is published', ask, electionMs)
  }

  async poll(node: number, from: string, channels: readonly string[] = ['a'], limit = 1000): Promise<Page> {
    const page = await this.world.poll(node, this.database, channels, from, limit)
    if (!isPage(page)) throw new Error(`refused: ${page.code}`)
    return page
  }

  /** Reads on from node to node until there are so many, each from the last cursor. */
  async chain(nodes: readonly number[], from: string, count: number, channels = ['a'], limit = 7): Promise<Page> {
    const texts: unknown[] = []
    const ids: string[] = []
    let cursor = from
    let hop = 0
    await until(`${count} messages`, async () => {
      const page = await this.world.poll(nodes[hop++ % nodes.length] ?? 0, this.database, channels, cursor, limit)
      if (!isPage(page)) return false
      if (page.gap) throw new Error(`a gap after ${texts.length}: ${page.gap}`)
      texts.push(...page.texts)
      ids.push(...page.ids)
      cursor = page.cursor
      return texts.length >= count
    })
    return { texts, ids, cursor }
  }
}

type Story = (t: Test, desk: Desk) => Promise<void>

const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i)

const append: Story = async (t, desk) => {
  const { nodes } = desk.world
  const ids: string[] = []
  for (let n = 0; n < 6; n++) ids.push(...(await desk.publish(n % nodes, wish(n), wish(`${n}b`, 'b'))))
  for (let node = 0; node < nodes; node++) {
    const { texts, ids: own } = await desk.chain([node], 'earliest', 12, ['a', 'b'])
    t.same(
      texts,
      range(6).flatMap((n) => [n, `${n}b`]),
      `node ${node} gives all, in order`,
    )
    t.same(own, ids, 'by the ids that their publishers were told')
    const rest = await desk.poll(node, ids[4] ?? '', ['b'])
    t.same(rest.texts, ['2b', '3b', '4b', '5b'], 'an id is a cursor, within a batch as well')
  }
  const now = await desk.poll(0, 'now')
  t.same(now.texts, [])
  await desk.publish(0, wish('later'))
  t.same((await desk.chain([nodes - 1], now.cursor, 1)).texts, ['later'])
}

const order: Story = async (t, desk) => {
  const { nodes } = desk.world
  const each = 15
  const publishing = range(nodes).map(async (node) => {
    for (const n of range(each)) await desk.publish(node, wish(`${node} ${n}`, n % 2 ? 'a' : 'b'))
  })
  await Promise.all(publishing)
  const pages = await Promise.all(range(nodes).map((node) => desk.chain([node], 'earliest', nodes * each, ['a', 'b'])))
  for (const page of pages) t.same(page, pages[0], 'one sequence, one id for each')
  for (const node of range(nodes)) {
    const own = pages[0]?.texts.filter((text) => String(text).startsWith(`${node} `))
    t.same(
      own,
      range(each).map((n) => `${node} ${n}`),
      'what one publisher said keeps its order',
    )
  }
}

const keys: Story = async (t, desk) => {
  const { world, database } = desk
  const last = world.nodes - 1
  const [first] = await desk.publish(0, wish(1, 'a', 'k'))
  await desk.chain([last], 'earliest', 1)
  const again = await world.publish(last, database, [wish(1, 'a', 'k')])
  t.match(again, { ids: [first], duplicates: [true] }, 'again, on another node')
  t.match(await world.publish(last, database, [wish(2, 'a', 'k')]), { code: 'key_conflict', unknown: false })
  t.match(await world.publish(0, database, [wish(1, 'b', 'k')]), { code: 'key_conflict' }, 'another channel')
  const mixed = await world.publish(last, database, [wish(3), wish(1, 'a', 'k'), wish(4, 'a', 'l'), wish(4, 'a', 'l')])
  t.match(mixed, { duplicates: [false, true, false, true] }, 'among others')
  if (isDone(mixed)) t.equal(mixed.ids[3], mixed.ids[2])
  // At once on all nodes: whoever comes first in the order is the message.
  const racing = await Promise.all(
    range(world.nodes * 3).map((n) => world.publish(n % world.nodes, database, [wish('r', 'a', 'race')])),
  )
  const ids = new Set(racing.flatMap((published) => (isDone(published) ? published.ids : [published.code])))
  t.equal(ids.size, 1, `one message, by one id: ${[...ids]}`)
  t.equal(racing.filter((published) => isDone(published) && !published.duplicates[0]).length, 1)
  await desk.publish(0, wish('end'))
  for (const node of range(world.nodes))
    t.same((await desk.chain([node], 'earliest', 5)).texts, [1, 3, 4, 'r', 'end'], `node ${node}`)
}

const bounds: Story = async (t, desk) => {
  const { world } = desk
  const total = 3 * Math.ceil(retentionCount / 2)
  const [first = ''] = await desk.publish(0, wish(0))
  const [quiet = ''] = await desk.publish(0, wish('quiet', 'b'))
  for (let n = 1; n <= total; n += 3) await desk.publish(n % world.nodes, ...range(3, n).map((text) => wish(text)))
  const last = world.nodes - 1
  if (world.keepsHistory) {
    t.same((await desk.chain([0, last], first, total)).texts, range(total, 1), 'what rings do not keep, the log does')
    t.same((await desk.chain([last], 'earliest', total + 1)).texts, range(total + 1))
  } else {
    await until('it has come there', async () => (await desk.poll(last, 'earliest')).texts.at(-1) === total)
    const kept = range(retentionCount, total + 1 - retentionCount)
    const page = await desk.poll(last, first)
    t.match(page, { texts: kept, gap: 'evicted', oldest: page.ids[0] })
    t.same((await desk.poll(last, 'earliest')).texts, kept)
    t.equal((await desk.poll(0, page.cursor)).gap, undefined, 'it is told once')
  }
  t.match(await desk.poll(last, quiet, ['b']), { texts: [], gap: undefined }, 'nothing is missing where nothing was')
}

const gaps: Story = async (t, desk) => {
  const { world } = desk
  const last = world.nodes - 1
  const [first = ''] = await desk.publish(0, wish(0))
  if (world.forget) {
    for (const n of range(3, 1)) await desk.publish(0, wish(n))
    await world.forget(desk.database)
    await desk.insist(0, wish('after'))
    const page = await until('the gap is told', async () => {
      const told = await desk.poll(last, first)
      return told.gap !== undefined && told
    })
    t.equal(page.gap, 'evicted')
    const { cursor } = page
    await desk.publish(0, wish('next'))
    t.equal((await desk.chain([0], cursor, 1)).texts.at(-1), 'next', 'and it is told once')
  }
  const { cursor: foreign, reason } = world.foreign
  const told = await desk.poll(0, foreign)
  t.match(told, { gap: reason }, 'a cursor of another log')
  t.ok(told.texts.length > 0, 'from the oldest')
  const [next = ''] = await desk.publish(last, wish('foreign'))
  t.same((await desk.chain([last, 0], told.cursor, 1)).ids, [next], 'and goes on, wherever')
  t.match(await world.poll(0, desk.database, ['a'], `${next}x`), { code: 'bad_cursor' })
}

const restart: Story = async (t, desk) => {
  const { nodes } = desk.world
  const before: string[] = []
  for (const n of range(5)) before.push(...(await desk.publish(n % nodes, wish(n, 'a', `key ${n}`))))
  await desk.chain(range(nodes), 'earliest', 5)
  for (const node of range(nodes)) {
    await desk.world.restart(node)
    const page = await desk.chain([node], before[0] ?? '', 4 + node)
    t.same(page.texts.slice(0, 4), [1, 2, 3, 4], `node ${node} goes on where it was, in another life`)
    t.same(page.ids.slice(0, 4), before.slice(1))
    const again = await desk.world.publish(node, desk.database, [wish(2, 'a', 'key 2')])
    t.match(again, { ids: [before[2]], duplicates: [true] }, 'and knows the keys')
    await desk.publish(node, wish(`after ${node}`))
  }
}

const loss: Story = async (t, desk) => {
  const { nodes } = desk.world
  const taken: string[] = []
  let going = true
  let n = 0
  const publishing = (async () => {
    while (going) {
      n++
      taken.push(await desk.insist(n % nodes, wish(n, 'a', `key ${n}`)))
      // Not so many that the first are evicted.
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  await until('some are there', () => taken.length > 5)
  await desk.world.lose()
  const then = taken.length
  await until('it goes on', () => taken.length > then + 5, electionMs)
  going = false
  await publishing
  const hops = await Promise.all(
    [range(nodes), range(nodes).reverse()].map((way) => desk.chain(way, 'earliest', 1, ['a'], 1)),
  )
  t.same(hops[0], hops[1])
  const all = await desk.chain(range(nodes), hops[0]?.cursor ?? '', n - 1)
  t.same([...(hops[0]?.texts ?? []), ...all.texts], range(n, 1), 'nothing is lost, nothing comes twice')
  t.same([...(hops[0]?.ids ?? []), ...all.ids], taken)
}

const hopping: Story = async (t, desk) => {
  const { nodes } = desk.world
  const total = 60
  const publishing = range(nodes).map(async (node) => {
    // Servers may still be at odds about who is gone.
    for (let n = node; n < total; n += nodes) await desk.insist(node, wish(n, 'a', `key ${n}`))
  })
  const readers = [range(nodes), range(nodes).reverse(), [0]].map((way, i) =>
    desk.chain(way, 'earliest', total, ['a'], i + 1),
  )
  const pages = await Promise.all(readers)
  await Promise.all(publishing)
  for (const page of pages) {
    t.same(page.ids, pages[0]?.ids)
    t.same(new Set(page.texts).size, total)
  }
}

const copies: Story = async (t, desk) => {
  const { world, database } = desk
  t.match(await world.publish(0, database, [wish(1)], 99), { code: 'too_few_copies', unknown: false })
  const published = await world.publish(0, database, [wish(2)])
  const sure = isDone(published) ? published.copies : 0
  t.match(await world.publish(0, database, [wish(3)], sure), { copies: sure })
  t.match(await world.publish(0, database, [wish(4)], sure + 1), { code: 'too_few_copies' })
  t.same((await desk.chain([0], 'earliest', 2)).texts, [2, 3], 'what was refused is not there')
}

const stories: { readonly [name: string]: Story } = {
  append,
  order,
  keys,
  bounds,
  gaps,
  restart,
  'loss of one that holds messages': loss,
  'resume from any node': hopping,
  copies,
}

/** What every log must do, story by story, each in a database of its own. */
export const conforms = async (t: Test, world: World): Promise<void> => {
  let number = 0
  for (const [name, story] of Object.entries(stories))
    await t.test(name, (t) => story(t, new Desk(world, `story-${++number}`)))
}
