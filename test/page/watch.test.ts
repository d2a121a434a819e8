import { test } from 'tap'
import type { MemberStatus, Status } from '../../src/effect.js'
import { History } from '../../src/page/history.js'
import { Colours, modelOf } from '../../src/page/model.js'
import { Watch } from '../../src/page/watch.js'
import { until } from '../support/until.js'

const urlOf = (name: string): string => `http://${name}:1`

type Told = { readonly status?: number; readonly body: unknown } | undefined

/** Nodes that answer what the test says, and a clock that only it moves. */
class World {
  nowMs = 0
  isHidden = false
  token = ''
  readonly asked: string[] = []
  readonly sent: string[] = []
  readonly answers = new Map<string, Told>()
  readonly #timers: { readonly atMs: number; readonly ring: () => void }[] = []
  changes = 0

  watch(origin: string): Watch {
    return new Watch(
      {
        fetch: (url, { headers }) => {
          const base = url.replace('/cluster', '')
          this.asked.push(base)
          this.sent.push(headers['Authorization'] ?? '')
          const answer = this.answers.get(base)
          if (!answer) return Promise.reject(new TypeError('Failed to fetch'))
          return Promise.resolve(Response.json(answer.body, { status: answer.status ?? 200 }))
        },
        now: () => this.nowMs,
        after: (ms, ring) => void this.#timers.push({ atMs: this.nowMs + ms, ring }),
        isHidden: () => this.isHidden,
        token: () => this.token,
      },
      origin,
      () => this.changes++,
    )
  }

  /** Lets time pass, in steps in which everybody may answer. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms
    for (; this.nowMs < endMs; this.nowMs += 250) {
      const due = this.#timers.filter(({ atMs }) => atMs <= this.nowMs)
      for (const timer of due) this.#timers.splice(this.#timers.indexOf(timer), 1)
      for (const { ring } of due) ring()
      await new Promise(setImmediate)
      await new Promise(setImmediate)
    }
  }

  up(names: readonly string[], down: readonly string[] = []): void {
    for (const name of names) this.answers.set(urlOf(name), { body: statusOf(name, [...names, ...down], down) })
    for (const name of down) this.answers.delete(urlOf(name))
  }
}

const memberOf = (name: string, self: string, down: readonly string[]): MemberStatus => ({
  ...{ id: name as never, name, address: '', url: urlOf(name), self: name === self, ready: true, lag: 0, waiters: 0 },
  ...{ state: down.includes(name) ? 'down' : 'alive', inView: !down.includes(name), heardMs: 0, unheard: [] },
})

const empty = { bounds: [], counts: [], sum: 0 }

const statusOf = (self: string, names: readonly string[], down: readonly string[] = []): Status => ({
  ...{ id: self as never, name: self, ready: true, state: 'ready', view: { id: '1', members: names } },
  ...{ members: names.map((name) => memberOf(name, self, down)), counters: {}, gauges: {} },
  times: { publish: empty, delivery: empty },
  log: { kind: 'mesh' },
})

test('it finds the others, and goes on with one of them', async (t) => {
  const world = new World()
  world.up(['a', 'b', 'c'])
  const watch = world.watch(urlOf('a'))
  await world.pass(1000)
  t.equal(watch.listening.url, urlOf('a'))
  t.same(watch.sources.map(({ url }) => url).sort(), ['a', 'b', 'c'].map(urlOf))
  t.equal(watch.own('c')?.status.name, 'c')
  world.up(['b', 'c'], ['a'])
  await world.pass(1500)
  t.not(watch.listening.url, urlOf('a'))
  t.equal(watch.isLost, false)
  const before = world.asked.filter((url) => url === urlOf('a')).length
  world.up(['a', 'b', 'c'])
  await world.pass(4000)
  t.ok(world.asked.filter((url) => url === urlOf('a')).length > before, 'it is asked again')
  t.not(watch.listening.url, urlOf('a'), 'and it stays where it is')
  watch.listenTo(urlOf('a'))
  t.equal(watch.listening.url, urlOf('a'))
  watch.listenTo('http://nobody')
  t.equal(watch.listening.url, urlOf('a'))
})

test('all are away, and one comes back', async (t) => {
  const world = new World()
  world.up(['a', 'b'])
  const watch = world.watch(urlOf('a'))
  await world.pass(1000)
  world.up([], ['a', 'b'])
  await world.pass(6000)
  t.equal(watch.isLost, true)
  t.ok(world.asked.length < 60, 'nobody is asked without a pause')
  world.up(['b'], ['a'])
  await world.pass(4000)
  t.equal(watch.isLost, false)
  t.equal(watch.listening.url, urlOf('b'))
})

test('one that is not known any more is not asked any more', async (t) => {
  const world = new World()
  world.up(['a', 'b'])
  const watch = world.watch(urlOf('a'))
  await world.pass(1000)
  world.up(['a'])
  await world.pass(4000)
  t.same(
    watch.sources.map(({ url }) => url),
    [urlOf('a')],
  )
  const before = world.asked.length
  await world.pass(3000)
  t.notOk(world.asked.slice(before).includes(urlOf('b')))
})

test('while nobody looks it asks seldom, and at once when somebody does', async (t) => {
  const world = new World()
  world.up(['a'])
  world.isHidden = true
  const watch = world.watch(urlOf('a'))
  await world.pass(10_000)
  t.equal(world.asked.length, 1)
  t.equal(watch.isLost, false)
  world.isHidden = false
  watch.wake()
  await world.pass(250)
  t.equal(world.asked.length, 2)
})

test('refusals, tokens, and what others may see', async (t) => {
  const world = new World()
  const error = { code: 'unauthorized', message: 'a token is needed' }
  world.answers.set(urlOf('a'), { status: 401, body: { error } })
  const watch = world.watch(urlOf('a'))
  await world.pass(500)
  t.same(watch.listening.refused, { status: 401, ...error })
  const member = { url: urlOf('a'), state: 'alive', ready: true, inView: true, waiters: 2 }
  world.answers.set(urlOf('a'), { body: { ready: true, members: [member, { ...member, url: urlOf('b') }] } })
  world.token = 'x'
  watch.wake()
  await until('told', () => watch.listening.look)
  t.equal(world.sent.at(-1), 'Bearer x')
  t.equal(watch.listening.refused, undefined)
  t.equal(watch.listening.look?.isPartial, true)
  t.equal(watch.own('a:1'), undefined)
  const { nodes } = modelOf(watch, new History(1000), new Colours(), 0)
  t.match(nodes, [
    { name: 'a:1', isHeard: true, standing: 'ready' },
    { name: 'b:1', isHeard: false },
  ])
  world.answers.set(urlOf('a'), {
    status: 503,
    body: { error: { code: 'not_ready', message: 'the node is starting' } },
  })
  await world.pass(2000)
  t.equal(watch.listening.silence, 'the node is starting')
})

test('what is drawn', async (t) => {
  const world = new World()
  world.up(['n1', 'n2', 'n10'])
  const broken = statusOf('n1', ['n1', 'n2', 'n10', 'n11'], ['n11'])
  const [, n2, n10] = broken.members
  Object.assign(n2 ?? {}, { unheard: ['n1'] })
  Object.assign(n10 ?? {}, { state: 'suspect' })
  world.answers.set(urlOf('n1'), { body: broken })
  const watch = world.watch(urlOf('n1'))
  await world.pass(500)
  const colours = new Colours()
  const { nodes, links } = modelOf(watch, new History(1000), colours, 0)
  t.same(
    nodes.map(({ name, standing }) => `${name} ${standing}`),
    ['n1 ready', 'n2 ready', 'n10 suspect', 'n11 down'],
  )
  t.same(
    nodes.map(({ colour }) => colour),
    [0, 1, 2, 3],
  )
  t.equal(colours.of('n10'), 2, 'for good')
  t.same(
    links.map(({ from, to, state }) => `${from}-${to} ${state}`),
    ['0-1 broken', '0-2 doubtful', '1-2 doubtful'],
  )
  const elsewhere = { ...broken, log: { kind: 'jetstream', state: 'connected', streams: [] } }
  world.answers.set(urlOf('n1'), { body: elsewhere })
  await world.pass(1500)
  t.same(modelOf(watch, new History(1000), colours, 0).links, [], 'on a log of others there are none')
  const { log: _, ...older } = broken
  const members = broken.members.map(({ unheard: _, ...member }) => member)
  world.answers.set(urlOf('n1'), { body: { ...older, members } })
  await world.pass(1500)
  t.match(modelOf(watch, new History(1000), colours, 0).links[0], { state: 'up' }, 'an older node says less')
  const many = Array.from({ length: 20 }, (_, i) => `m${i}`)
  world.answers.set(urlOf('n1'), { body: { ...statusOf('n1', ['n1', ...many]) } })
  await world.pass(2000)
  t.same(modelOf(watch, new History(1000), colours, 0).links, [], 'of many only what is wrong')
  t.equal(watch.sources.length, 16, 'and not all of many are asked')
})
