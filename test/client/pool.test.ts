import { test } from 'tap'
import { type Member, Pool, poolDefaults } from '../../src/client/core/pool.js'
import { Prng } from '../../src/verify/prng.js'

const [a, b, c] = ['http://127.0.0.1:1001', 'http://127.0.0.1:1002', 'http://127.0.0.1:1003'] as const
const urls: readonly string[] = [a, b, c]

const dice = (seed = 1): (() => number) => new Prng(`${seed}`).next

const members = (...waiters: readonly number[]): readonly Member[] =>
  waiters.map((each, i) => ({ url: urls[i] ?? '', state: 'alive', ready: true, waiters: each }))

const knowing = (random: () => number, ...waiters: readonly number[]): Pool => {
  const pool = new Pool(urls.slice(0, waiters.length), random)
  pool.learn(members(...waiters))
  return pool
}

test('where it starts is chance, and there it stays', (t) => {
  const random = dice()
  const starts = new Map<string, number>()
  for (let i = 0; i < 3000; i++) {
    const pool = new Pool(urls, random)
    const start = pool.pick(0)
    t.equal(pool.pick(1), start)
    starts.set(start, (starts.get(start) ?? 0) + 1)
  }
  for (const url of urls) t.ok(Math.abs((starts.get(url) ?? 0) - 1000) < 150, `${url} ${starts.get(url)}`)
  t.end()
})

test('a node that failed is passed over for a while, and there is always one to go to', (t) => {
  const pool = new Pool([`${a}/`, b], () => 0)
  t.equal(pool.pick(0), a)
  pool.failed(a, 0)
  t.equal(pool.home, undefined)
  t.equal(pool.pick(0), b)
  pool.failed(b, 0, 5000)
  t.equal(pool.pick(0), a, 'the first whose turn comes')
  pool.worked(a)
  t.equal(pool.pick(0, new Set([a])), b)
  t.equal(pool.pick(0, new Set([a, b])), a, 'b asked to be left alone')
  pool.failed('http://nobody', 0)
  pool.worked('http://nobody')
  t.end()
})

test('the longer it fails the longer it is passed over', (t) => {
  const isBack = (failures: number, nowMs: number): boolean => {
    const pool = new Pool([a, b], () => 0)
    for (let i = 0; i < failures; i++) pool.failed(a, 0)
    return pool.pick(nowMs) === a
  }
  const spans: readonly (readonly [failures: number, ms: number])[] = [
    [1, 500],
    [2, 1000],
    [3, 2000],
    [30, poolDefaults.shun.maxMs / 2],
  ]
  for (const [failures, ms] of spans) t.same([isBack(failures, ms - 1), isBack(failures, ms)], [false, true])
  t.end()
})

test('what is learnt is used once it has been proven', (t) => {
  const pool = new Pool([a], dice())
  const told = [...members(5, 0), { url: c, state: 'down', ready: false, waiters: 0 }]
  t.same(pool.learn(told), [b], 'who is down need not be asked')
  t.same(pool.urls, [a])
  t.equal(pool.pick(0), a)
  pool.worked(b)
  t.same(pool.urls, [a, b])
  t.same(pool.learn(told), [])
  t.same(pool.learn(members(5)), [])
  t.same(pool.urls, [a], 'who is gone from the cluster is forgotten')
  t.same(pool.learn([]), [])
  t.same(pool.urls, [a], 'but for those that were given')
  t.end()
})

test('nobody is sent to his own machine, nor from TLS to plain text, nor to what is no URL', (t) => {
  const strange = ['http://127.0.0.1:9', 'http://localhost:9', 'http://[::1]:9', 'ftp://x', 'http://', '', 'x']
  const learn = (given: string, ...told: readonly string[]): readonly string[] =>
    new Pool([given], dice()).learn(told.map((url) => ({ url })))
  t.same(learn('http://bus.example', ...strange), [])
  t.same(learn('https://bus.example', 'http://node.example', 'https://node.example/x/'), ['https://node.example/x'])
  t.same(learn('http://localhost:1', 'http://127.0.0.1:9'), ['http://127.0.0.1:9'])
  t.throws(() => new Pool(['nonsense'], dice()), /"nonsense" is no URL/)
  t.throws(() => new Pool([], dice()), /servers must name one/)
  const many = Array.from({ length: 1000 }, (_, i) => `http://node-${i}.example`)
  t.equal(learn('http://bus.example', ...many).length, poolDefaults.nodesMax - 1)
  t.end()
})

test('of two by chance the one with less, but never for certain: loads are old news', (t) => {
  const random = dice()
  const count = (loads: readonly number[]): number => {
    let first = 0
    for (let i = 0; i < 3000; i++) if (knowing(random, ...loads).pick(0) === a) first++
    return first
  }
  t.ok(Math.abs(count([100, 100, 100]) - 1000) < 150)
  t.ok(count([0, 1000, 1000]) > 1900, 'all pairs with the empty one')
  t.ok(count([1000, 0, 0]) < 30)
  t.ok(Math.abs(count([0, 100]) - 2970) < 30)
  t.equal(knowing(random, 3, 1).pick(0, new Set([b])), a)
  t.end()
})

test('who is not available, as others see it, is not chosen', (t) => {
  const pool = new Pool(urls, dice())
  pool.learn([{ url: a }, { url: b, ready: false }, { url: c, state: 'suspect' }])
  for (let i = 0; i < 50; i++) {
    t.equal(pool.pick(0), a)
    pool.failed(a, -1e6)
  }
  t.end()
})

test('it is even enough: nobody moves', (t) => {
  for (const loads of [[1], [2, 1, 1], [105, 100, 100], [0, 0, 0], [100, 100, 130]])
    for (let seed = 0; seed < 50; seed++) t.equal(knowing(dice(seed), ...loads).better(a, 0), undefined)
  t.equal(new Pool([a], dice()).better(a, 0), undefined, 'nothing is known')
  t.end()
})

interface Crowd {
  readonly loads: number[]
  moves: number
}

/** Looks at the cluster one after the other, by what was so at the last round of gossip. */
const lookAround = (crowd: Crowd, random: () => number): void => {
  const clients = crowd.loads.flatMap((load, i) => Array.from({ length: load }, () => i))
  let told = members(...crowd.loads)
  clients.forEach((at, i) => {
    // Some hundred look between two rounds of gossip.
    if (i % 300 === 0) told = members(...crowd.loads)
    const pool = new Pool(urls, random)
    pool.learn(told)
    const to = pool.better(urls[at] ?? '', 0)
    if (to === undefined) return
    crowd.loads[at] = (crowd.loads[at] ?? 0) - 1
    crowd.loads[urls.indexOf(to)] = (crowd.loads[urls.indexOf(to)] ?? 0) + 1
    crowd.moves++
  })
}

test('3,000 clients even out in a few looks, without a storm and without swinging', (t) => {
  for (const start of [
    [1500, 1500, 0],
    [3000, 0, 0],
    [1400, 1000, 600],
  ]) {
    const crowd: Crowd = { loads: [...start], moves: 0 }
    const random = dice(7)
    const most: number[] = []
    for (let round = 0; round < 8; round++) {
      lookAround(crowd, random)
      most.push(Math.max(...crowd.loads))
    }
    t.ok(Math.max(...crowd.loads) <= 1115, `${start} became ${crowd.loads}`)
    t.ok(
      most.every((each, i) => i === 0 || each <= (most[i - 1] ?? 0) + 10),
      `never worse: ${most}`,
    )
    const needed = start.reduce((sum, load) => sum + Math.max(0, load - 1000), 0)
    t.ok(crowd.moves <= needed * 1.1 + 10, `${crowd.moves} moves, where ${needed} are needed`)
  }
  t.end()
})

test('a move is to a home of its own, and only to a node that is known', (t) => {
  const pool = knowing(() => 0, 0, 10)
  t.equal(pool.pick(0), a)
  pool.move(b)
  t.equal(pool.pick(0), b)
  pool.move('http://nobody')
  t.equal(pool.home, b)
  t.end()
})
