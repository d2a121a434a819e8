import fc from 'fast-check'
import { test } from 'tap'
import { Backlog } from '../../src/client/core/backlog.js'
import { Backoff } from '../../src/client/core/backoff.js'
import { type Entry, readGap, readMessage, readPage } from '../../src/client/core/event.js'
import { EventStream } from '../../src/client/core/event-stream.js'
import { bodyOf, Outbox } from '../../src/client/core/outbox.js'

test('a wait is any time of a window that doubles, up to the most', (t) => {
  for (const dice of [0, 0.5, 0.999]) {
    const backoff = new Backoff(() => dice, { firstMs: 100, maxMs: 1000 })
    const waits = [1, 2, 3, 4, 5, 6].map(() => backoff.next())
    t.same(
      waits,
      [100, 200, 400, 800, 1000, 1000].map((window) => window * dice),
    )
    t.equal(backoff.next(500), 1000 * dice)
    backoff.reset()
    t.equal(backoff.next(500), 500 * dice, 'a hint widens the window')
    backoff.reset()
    t.equal(backoff.next(5000), 1000 * dice, 'but not beyond the most')
  }
  t.end()
})

const streamText = [
  ': hello\n\nretry: 1500\nid: c0\nevent: position\ndata: {"cursor":"c0"}\n\n',
  'id:c1\r\ndata: {"a":\r\ndata:1}\r\n\r\n: heartbeat\r\r',
  'event\nid: c\0x\nfoo: bar\ndata\n\nid: c2\n\ndata: last\r\r: end\n',
].join('')

const streamEvents = [
  { event: 'position', data: '{"cursor":"c0"}', id: 'c0', retryMs: 1500 },
  { event: 'message', data: '{"a":\n1}', id: 'c1', retryMs: 1500 },
  { event: 'message', data: '', id: 'c1', retryMs: 1500 },
  { event: 'message', data: 'last', id: 'c2', retryMs: 1500 },
]

test('a stream of events is the same wherever it is cut', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(streamText.length)), (cuts) => {
      const stream = new EventStream(1000)
      const places = [0, ...cuts.sort((a, b) => a - b), streamText.length]
      const events = places.flatMap((place, i) => stream.push(streamText.slice(places[i - 1] ?? 0, place)))
      t.strictSame(events, streamEvents)
      return true
    }),
    { numRuns: 200 },
  )
  t.equal(new EventStream(10).retryMs, undefined)
  t.throws(() => new EventStream(10).push('data: 12345678901'), RangeError)
  t.throws(() => new EventStream(10).push('data: 123456\ndata: 123456\n'), RangeError)
  t.end()
})

const note = (id: string): Entry => ({
  event: { type: 'message', channel: 'a', message: { message_id: id }, id, late: false },
  cursor: id,
})

test('the cursor moves over what has been taken, and over nothing else', (t) => {
  const backlog = new Backlog('now', 2)
  backlog.add([{ cursor: 'c0' }])
  t.same([backlog.cursor, backlog.end], ['now', 'c0'])
  t.equal(backlog.take(), undefined)
  t.equal(backlog.cursor, 'c0')
  backlog.add([note('c1'), note('c2'), { cursor: 'c3' }])
  t.equal(backlog.isFull, true)
  t.equal(backlog.end, 'c3')
  t.match(backlog.take(), { id: 'c1' })
  t.equal(backlog.cursor, 'c0', 'what is in hand may be lost with whoever holds it')
  t.match(backlog.take(), { id: 'c2' })
  t.equal(backlog.cursor, 'c1')
  t.equal(backlog.isFull, false)
  t.equal(backlog.take(), undefined)
  t.equal(backlog.cursor, 'c3')
  backlog.add([readGap('{"gap":true,"reason":"evicted","oldest":"c7"}', undefined), note('c7')])
  t.same(backlog.take(), { type: 'gap', reason: 'evicted', oldest: 'c7' })
  t.match(backlog.take(), { id: 'c7' })
  t.equal(backlog.cursor, 'c3', 'a gap is told again until what follows it has been taken')
  t.end()
})

test('what nodes say becomes events', (t) => {
  const big = '{"message_id":"c1","n":12345678901234567890}'
  const page = `{"messages":[{"channel":"a","message":${big},"late":true}],"cursor":"c2","gap":true,"reason":"evicted"}`
  const message = { type: 'message', channel: 'a', message: JSON.parse(big), id: 'c1', late: true }
  t.same(readPage(page, false), {
    cursor: 'c2',
    entries: [{ event: { type: 'gap', reason: 'evicted' } }, { event: message, cursor: 'c1' }, { cursor: 'c2' }],
  })
  t.same(readPage(page, true).entries[1], { event: { ...message, text: big }, cursor: 'c1' })
  t.same(readMessage(`{"type":"message","channel":"a","late":true,"message":${big}}`, true).event, {
    ...message,
    text: big,
  })
  t.throws(() => readPage('{}', false), TypeError)
  t.throws(() => readPage('<h1>', false))
  t.end()
})

const parcel = (n: number, terms = '', size = 1): { fields: string; terms: string; deadlineMs: number } => ({
  fields: `"n":${n}`.padEnd(size),
  terms,
  deadlineMs: 0,
})

test('batches keep the order, and are bounded by count, by size and by their terms', (t) => {
  const outbox = new Outbox({ batchCount: 3, batchSize: 100, queueCount: 12 })
  const all = [
    ...[0, 1, 2, 3].map((n) => parcel(n)),
    ...[4, 5].map((n) => parcel(n, ',"ack":"local"')),
    ...[6, 7, 8].map((n) => parcel(n, '', 50)),
    parcel(9, '', 500),
    ...[10, 11].map((n) => parcel(n)),
  ]
  for (const each of all) t.equal(outbox.add(each), true)
  t.equal(outbox.add(parcel(12)), false)
  const sizes: number[] = []
  const out = []
  for (let batch = outbox.take(); batch.length > 0; batch = outbox.take()) {
    sizes.push(batch.length)
    out.push(...batch)
  }
  t.same(out, all)
  t.same(sizes, [3, 1, 2, 2, 1, 1, 2])
  t.end()
})

test('halves come before all else, in order, until one is left', (t) => {
  const outbox = new Outbox()
  for (let n = 0; n < 6; n++) outbox.add(parcel(n))
  const seen: number[][] = []
  for (let batch = outbox.take(); batch.length > 0; batch = outbox.take()) {
    const numbers = batch.map(({ fields }) => Number(fields.slice(4)))
    seen.push(numbers)
    if (seen.length === 1) outbox.add(parcel(6))
    if (numbers.includes(4) && batch.length > 1) outbox.halve(batch)
  }
  t.same(seen, [[0, 1, 2, 3, 4, 5], [0, 1, 2], [3, 4, 5], [3], [4, 5], [4], [5], [6]])
  outbox.add(parcel(7))
  outbox.giveBack([parcel(8)])
  t.same(
    outbox.empty().map(({ fields }) => fields),
    ['"n":8', '"n":7'],
  )
  t.end()
})

test('one message goes as one, many as many', (t) => {
  t.equal(bodyOf([parcel(1, ',"ack":"local"')]), '{"n":1,"ack":"local"}')
  t.equal(bodyOf([parcel(1, ',"x":1'), parcel(2)]), '{"messages":[{"n":1},{"n":2}],"x":1}')
  t.end()
})
