import { test } from 'tap'
import { Histogram } from '../../src/log/histogram.js'
import { History } from '../../src/page/history.js'
import { between, layout } from '../../src/page/layout.js'
import { labelsOf } from '../../src/page/names.js'
import { linear, logarithmic } from '../../src/page/scale.js'
import { quantile } from '../../src/page/spread.js'
import {
  bytes,
  duration,
  footing,
  perSecond,
  type Standing,
  sentence,
  short,
  shortened,
  standingOf,
  visible,
} from '../../src/page/words.js'

const spreadOf = (...ms: readonly number[]): ReturnType<Histogram['spread']> => {
  const histogram = new Histogram()
  for (const each of ms) histogram.add(each)
  return histogram.spread()
}

test('below which value a share of the times lies', (t) => {
  const none = spreadOf()
  t.equal(quantile(0.5, none, none), undefined)
  t.equal(quantile(0.5, spreadOf(7, 7), none), 7.5, 'in the middle of the bucket from 5 to 10')
  t.equal(quantile(0.99, spreadOf(99_999), none), 10_000, 'there is nothing above the last bound')
  t.equal(quantile(0.5, spreadOf(0.1, 0.1, 7), spreadOf(0.1, 0.1)), 7.5, 'of what has come since')
  t.equal(quantile(0.5, spreadOf(0.1), spreadOf(7)), undefined, 'this is another life')
  t.end()
})

const status = (published: number, id = 'n1'): Parameters<History['add']>[1] => ({
  id: id as never,
  counters: { published, shown: 2 * published, delivered: 0 },
  times: { publish: spreadOf(...Array(published).fill(7)), delivery: spreadOf() },
})

test('rates between one look and the next', (t) => {
  const history = new History(10_000)
  history.add('a', status(0), 0)
  t.same(history.points('a'), [])
  history.add('a', status(10), 2000)
  history.add('a', status(11), 2100)
  t.equal(history.points('a').length, 1, 'too soon')
  t.match(history.latest('a', 3000), { atMs: 2000, published: 5, shown: 10, delivered: 0, publish50: 7.5 })
  t.equal(history.latest('a', 3000)?.delivery50, undefined)
  t.equal(history.latest('a', 9000), undefined, 'old by now')
  history.add('a', status(3, 'n2'), 4000)
  t.equal(history.points('a').length, 1, 'another life counts from nothing')
  history.add('a', status(5, 'n2'), 5000)
  t.match(history.points('a')[1], { published: 2 })
  history.add('a', status(5, 'n2'), 13_000)
  t.same(
    history.points('a').map(({ atMs }) => atMs),
    [5000, 13_000],
    'and what is too old goes',
  )
  history.keep(new Set(['b']))
  t.same(history.points('a'), [])
  t.end()
})

test('numbers in words', (t) => {
  t.same([undefined, 0, 2, 0.25, 99.94, 1234.5].map(perSecond), ['–', '0', '2', '0.3', '99.9', '1,235'])
  const times = [undefined, 0.26, 2, 47.6, 1500, 20_000, 120_000, 7_200_000]
  t.same(times.map(duration), ['–', '0.3 ms', '2 ms', '48 ms', '1.5 s', '20 s', '2 min', '2 h'])
  t.same([5, 2000, 2 ** 20].map(bytes), ['5 bytes', '2.0 KiB', '1.0 MiB'])
  t.same([shortened('127.0.0.1:7500', 9), shortened('node-1', 9)], ['127.…7500', 'node-1'])
  t.equal([...shortened('🔔'.repeat(20), 5)].length, 5)
  t.equal(visible('a\u202eb\u2028c\u200dd\u{e0001}é'), 'a\\u202eb\\u2028c\u200dd\\udb40\\udc01é')
  t.end()
})

test('names as short as tells them apart', (t) => {
  t.same(labelsOf(['node-1', 'node-2']), ['node-1', 'node-2'])
  const long = (name: string): string => `production-eu-${name}.internal.example:7500`
  t.same(labelsOf(['node-1', 'node-22'].map(long)), ['node-1', 'node-22'])
  t.same(labelsOf(['berlin', 'paris-2'].map(long)), ['berlin', 'paris-2'])
  t.same(labelsOf(['192.168.100.1:7500', '192.168.100.2:7500']), ['100.1', '100.2'])
  t.same(labelsOf(['127.0.0.1:17500', '127.0.0.1:17501', 'x']), ['127.0.0.1:17500', '127.0.0.1:17501', 'x'])
  t.same(labelsOf([long('a')]), [long('a')])
  t.same(labelsOf([long('a'), `${long('a')}-b`]).length, 2)
  t.same([1, 0.5, 9999, 12_500, 200_000].map(short), ['1', '0.5', '9,999', '12.5K', '200K'])
  t.end()
})

test('how a node is, and how the cluster is', (t) => {
  const member = { state: 'alive', ready: true, inView: true } as const
  t.equal(standingOf(member, undefined), 'ready')
  t.equal(standingOf(member, 'frozen'), 'changing')
  t.equal(standingOf({ ...member, ready: false }, 'draining'), 'draining')
  t.equal(standingOf({ ...member, inView: false }, 'ready'), 'joining')
  t.equal(standingOf({ ...member, state: 'apart' }, 'ready'), 'apart')
  t.equal(standingOf({ ...member, state: 'apart', ready: false }, undefined), 'joining')
  const told = (...all: readonly Standing[]): string =>
    sentence(all.map((standing, i) => ({ name: `n${i + 1}`, standing }))).text
  t.equal(told('ready'), 'One node, and it is ready.')
  t.equal(told('ready', 'ready', 'ready'), 'All 3 nodes agree.')
  t.equal(told('ready', 'down', 'joining'), 'n3 is joining; n2 is down.')
  t.equal(told('apart', 'ready', 'apart', 'apart'), 'n1, n3 and n4 are apart: they have another view.')
  t.equal(told(...Array<Standing>(9).fill('draining')), '9 nodes are draining: they stop.')
  const view = { id: '7.n1', members: ['a', 'b'] }
  t.equal(footing({ view, log: { kind: 'mesh' } }), 'view 7 of 2')
  t.equal(footing({ view: { id: '', members: [] }, log: { kind: 'mesh' } }), '')
  t.equal(footing({ view, log: { kind: 'jetstream', state: 'connected', streams: [] } }), 'on JetStream')
  const stream = {
    database: 'main',
    stream: 's',
    state: 'following',
    first: 1,
    last: 9,
    messages: 9,
    bytes: 9,
  } as const
  const streams = [{ ...stream, replicas: 1, shown: 5, lag: 4, fetches: 0, restarts: 0, holes: 0 }]
  t.equal(footing({ view, log: { kind: 'jetstream', state: 'connected', streams } }), 'on JetStream, 4 behind')
  t.equal(footing({ view, log: { kind: 'jetstream', state: 'away', streams } }), 'JetStream is away')
  t.same(
    (['ready', 'joining', 'down'] as const).map((standing) => sentence([{ name: 'a', standing }]).tone),
    ['good', 'warn', 'bad'],
  )
  t.end()
})

test('all nodes have a place in the picture, and room for their names', (t) => {
  for (const [width, height] of [
    [300, 260],
    [900, 400],
  ] as const)
    for (const count of [1, 2, 3, 7, 16, 64]) {
      const { spots, radius } = layout(count, width, height)
      t.equal(spots.length, count)
      for (const { x, y } of spots) {
        t.ok(x >= radius && x <= width - radius, `${count} in ${width}: ${x}`)
        t.ok(y >= radius && y <= height - radius - 34, `${count} in ${height}: ${y}`)
      }
      t.equal(new Set(spots.map(({ x, y }) => `${x} ${y}`)).size, count, 'each its own')
    }
  t.same(between({ x: 0, y: 0 }, { x: 100, y: 0 }, 10), [
    { x: 10, y: 0 },
    { x: 90, y: 0 },
  ])
  t.end()
})

test('scales begin and end with something round', (t) => {
  t.same(linear(0).ticks, [0, 0.5, 1])
  t.same(linear(37).ticks, [0, 25, 50])
  t.equal(linear(37).at(25), 0.5)
  t.same(linear(200).ticks, [0, 100, 200])
  t.same(logarithmic(3, 40).ticks, [1, 10, 100])
  t.equal(logarithmic(3, 40).at(10), 0.5)
  t.same(logarithmic(10, 10).ticks, [10, 100])
  t.equal(logarithmic(1, 10).at(0), 0)
  t.end()
})
