import { test } from 'tap'
import { Chain } from '../../src/client/core/chain.js'
import type { Event, Handler, Subscription } from '../../src/client/index.js'
import { type Air, type Locks, type Subscriber, shareTabs, type Word } from '../../src/client/tabs.js'
import { World } from './world.js'

const message = (n: number): Event => ({
  type: 'message',
  channel: 'a',
  message: { message_id: `c${n}`, n },
  id: `c${n}`,
  late: false,
})

test('a chain tells what is next, what is old, and where something is missing', (t) => {
  const [reader, hearer] = [new Chain(), new Chain()]
  reader.begin('c0', 'c0')
  hearer.begin('c0', 'c0')
  const [one, two, gap, three] = [message(1), message(2), { type: 'gap', reason: 'evicted' } as const, message(3)].map(
    (event) => reader.add(event),
  )
  if (!one || !two || !gap || !three) throw new Error('a link is missing')
  t.equal(hearer.hear(two), 'hole')
  t.equal(hearer.hear(one), 'next')
  t.equal(hearer.hear(one), 'old')
  t.same(reader.since('c1'), [two, gap, three])
  t.same(reader.since('c3'), [])
  t.equal(reader.since('c9'), undefined)
  t.same(
    [two, gap].map((link) => hearer.hear(link)),
    ['next', 'next'],
  )
  t.equal(hearer.cursor, 'c2', 'a gap is no place to read on from')
  t.equal(hearer.add({ type: 'gap', reason: 'evicted' }), undefined, 'and is told once')
  t.match(hearer.add(message(3)), { after: 'c2 gap', id: 'c3' }, 'so the links are the same, whoever reads')
  t.equal(hearer.add(message(3)), undefined)
  for (let n = 4; n < 1100; n++) reader.add(message(n))
  t.equal(reader.since('c50'), undefined, 'it remembers a thousand')
  t.equal(reader.since('c99')?.length, 1000)
  t.end()
})

type Reading = Pick<Subscription, 'cursor' | 'ready' | 'done' | 'close'>

/** Messages by number, and who reads them at the moment. */
class Bus implements Subscriber {
  size = 0
  readonly readers = new Set<(event: Event) => void | Promise<void>>()
  /** What ends those that read. */
  readonly fails = new Set<(error: unknown) => void>()

  subscribe(_: readonly string[], handler: Handler, { from = 'now' }: { from?: string }): Reading {
    const start = from === 'now' ? this.size : Number(from.slice(1))
    this.readers.add(handler)
    const ready = Promise.resolve().then(async () => {
      for (let n = start + 1; n <= this.size; n++) await handler(message(n))
    })
    let end = (): void => {}
    const done = new Promise<void>((resolve, reject) => {
      end = resolve
      this.fails.add(reject)
    })
    const close = (): Promise<void> => {
      this.readers.delete(handler)
      end()
      return done
    }
    return { cursor: `c${start}`, ready, done, close }
  }

  publish(): void {
    const event = message(++this.size)
    for (const handler of this.readers) void handler(event)
  }
}

interface Tab {
  readonly seen: unknown[]
  readonly shared: ReturnType<typeof shareTabs>
  /** It hears no one for a while. */
  isDeaf: boolean
  readonly air: Air
}

/** What the tabs of one origin share: a lock that goes from one to the next, and the air that words go through. */
class Origin {
  readonly bus = new Bus()
  readonly world = new World(() => 'hang')
  readonly words: Word[] = []
  readonly #tabs: Tab[] = []
  readonly #waiting: (() => Promise<void>)[] = []
  #isHeld = false

  readonly #locks: Locks = {
    request: (_, { signal }, held) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        this.#waiting.push(() => (signal.aborted ? Promise.resolve() : held().then(resolve)))
        this.#next()
      }),
  }

  async open(handler: (n: unknown) => void = () => {}): Promise<Tab> {
    const seen: unknown[] = []
    const air: Air = {
      onmessage: null,
      postMessage: (word) => this.#say(air, word),
      close: () => {
        air.onmessage = null
      },
    }
    const take = (event: Event): void => {
      const n = event.type === 'message' ? event.message['n'] : event.type
      handler(n)
      seen.push(n)
    }
    const shared = shareTabs(this.bus, 'a', take, { ports: this.world, locks: this.#locks, air: () => air })
    const tab = { seen, shared, isDeaf: false, air }
    this.#tabs.push(tab)
    await this.world.settle()
    return tab
  }

  async publish(count = 1): Promise<void> {
    for (let i = 0; i < count; i++) this.bus.publish()
    await this.world.settle()
  }

  #say(from: Air, word: Word): void {
    this.words.push(word)
    for (const tab of this.#tabs) {
      if (tab.air !== from && !tab.isDeaf) queueMicrotask(() => tab.air.onmessage?.({ data: word }))
    }
  }

  #next(): void {
    const held = this.#isHeld ? undefined : this.#waiting.shift()
    if (!held) return
    this.#isHeld = true
    void held().then(() => {
      this.#isHeld = false
      this.#next()
    })
  }
}

test('one reads, the others hear; when it is closed, the next one goes on', async (t) => {
  const origin = new Origin()
  await origin.publish(5)
  const tabs = [await origin.open(), await origin.open(), await origin.open()]
  const [first, second, third] = tabs
  if (!first || !second || !third) return
  await Promise.all(tabs.map(({ shared }) => shared.ready))
  t.same(
    tabs.map(({ shared }) => shared.reads),
    [true, false, false],
  )
  await origin.publish(2)
  for (const { seen } of tabs) t.same(seen, [6, 7])
  // The reader says its last word, but not everybody hears it.
  third.isDeaf = true
  await origin.publish(2)
  third.isDeaf = false
  first.shared.close()
  await first.shared.done
  await origin.world.settle()
  t.same([second.shared.reads, origin.bus.readers.size], [true, 1])
  t.same(third.seen, [6, 7])
  await origin.publish()
  for (const { seen } of [second, third]) t.same(seen, [6, 7, 8, 9, 10])
  const late = await origin.open()
  await origin.publish()
  t.same(late.seen, [11])
  for (const { shared } of [second, third, late]) shared.close()
})

test('a reader that was behind goes on where it was, and tells nobody anything twice', async (t) => {
  const origin = new Origin()
  const [first, second, third] = [await origin.open(), await origin.open(), await origin.open()]
  await origin.publish()
  second.isDeaf = true
  await origin.publish(3)
  t.same([second.seen, third.seen], [[1], [1, 2, 3, 4]])
  second.isDeaf = false
  first.shared.close()
  await origin.world.settle()
  t.equal(second.shared.reads, true)
  await origin.publish()
  t.same(second.seen, [1, 2, 3, 4, 5])
  t.same(third.seen, [1, 2, 3, 4, 5])
  second.shared.close()
  third.shared.close()
})

test('who has missed something hears of it at the next question, at the latest', async (t) => {
  const origin = new Origin()
  const [first, second] = [await origin.open(), await origin.open()]
  await origin.publish()
  second.isDeaf = true
  await origin.publish(2)
  second.isDeaf = false
  await origin.world.advance(20_000)
  t.same(second.seen, [1, 2, 3])
  first.shared.close()
  second.shared.close()
})

test('who is too far behind, or gets no answer, reads by itself', async (t) => {
  const origin = new Origin()
  const [first, second, third] = [await origin.open(), await origin.open(), await origin.open()]
  await origin.publish()
  second.isDeaf = true
  await origin.publish(1100)
  second.isDeaf = false
  await origin.publish()
  await origin.world.settle()
  t.equal(second.shared.reads, true)
  t.same(second.seen, third.seen)
  t.equal(origin.bus.readers.size, 2)
  // The reader sleeps, and holds its lock in its sleep.
  first.isDeaf = true
  origin.bus.readers.clear()
  await origin.world.advance(20_000)
  t.equal(third.shared.reads, false, 'the second one answers')
  second.isDeaf = true
  await origin.world.advance(40_000)
  t.equal(third.shared.reads, true)
  await origin.publish()
  t.equal(third.seen.at(-1), 1103)
  for (const { shared } of [first, second, third]) shared.close()
})

test('what ends the reader, or its handler, is told', async (t) => {
  const origin = new Origin()
  const tab = await origin.open()
  const error = new Error('forbidden')
  for (const fail of origin.bus.fails) fail(error)
  await t.rejects(tab.shared.done, error)
  const other = new Origin()
  const first = await other.open()
  const fault = new Error('my fault')
  const second = await other.open(() => {
    throw fault
  })
  const ended = t.rejects(second.shared.done, fault)
  await other.publish()
  await ended
  first.shared.close()
  second.shared.close()
})

test('without locks each reads by itself', async (t) => {
  const bus = new Bus()
  const seen: unknown[] = []
  const shared = shareTabs(bus, ['a'], (event) => void seen.push(event))
  t.equal(shared.reads, true)
  await shared.ready
  bus.publish()
  t.same(seen, [message(1)])
  shared.close()
  await shared.done
  t.equal(bus.readers.size, 0)
})
