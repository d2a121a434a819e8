import fc from 'fast-check'
import { test } from 'tap'
import { headMost } from '../../src/http/shape.js'
import { until } from '../support/until.js'
import { Stage } from './stage.js'
import {
  compare,
  cut,
  endsOf,
  good,
  madeOf,
  message,
  pair,
  post,
  publishing,
  quickOf,
  same,
  smuggled,
  waits,
} from './twins.js'
import { codeOf, told, type Wire } from './wire.js'

test('requests of which each byte is understood are answered alike', async (t) => {
  const stages = await pair(t)
  for (const text of good) {
    const { quick, answers } = await compare(stages, Buffer.from(text), [])
    t.equal(quick, 1, 'recognised')
    t.match(answers, /^HTTP\/1.1 200 OK\r\n/)
  }
  t.equal((await compare(stages, Buffer.from(good.join('')), [])).quick, good.length)
})

test('those that two parsers could read in two ways are left to the one', async (t) => {
  const stages = await pair(t)
  for (const [name, text] of smuggled) {
    t.equal((await compare(stages, Buffer.from(text, 'latin1'), [])).quick, 0, name)
    t.equal((await compare(stages, Buffer.from(publishing + text, 'latin1'), [])).quick, 1, `${name}, behind another`)
    t.equal((await compare(stages, Buffer.from(text + publishing, 'latin1'), [])).quick, 0, `${name}, before another`)
  }
})

test('what has to wait for its turn, to be done or to be left, is answered alike', async (t) => {
  const stages = await pair(t, { turnMs: 0 })
  const live = 'GET /livez HTTP/1.1\r\nHost: h\r\n\r\n'
  for (const [text, quick] of [
    [good.join(''), good.length],
    [live, 0],
    [publishing + publishing + live, 2],
    [live + publishing, 0],
  ] as const) {
    const made = await compare(stages, Buffer.from(text), [])
    t.equal(made.quick, quick)
    t.match(made.answers, /^HTTP\/1.1 200 OK\r\n/)
  }
})

test('cut at every byte', async (t) => {
  const stages = await pair(t)
  for (const text of [good[1] ?? '', publishing + good[0]]) {
    const bytes = Buffer.from(text)
    for (let at = 1; at < bytes.length; at++) await compare(stages, bytes, [at])
    await compare(stages, bytes, [...bytes.keys()])
  }
  t.pass('all the same')
})

test('long messages, in one piece or in many, one behind the other or behind others', async (t) => {
  const stages = await pair(t, { bodyBytes: 2 ** 20 })
  const publish = (size: number, more = ''): string =>
    post('/main/bus/publish', `{"channel":"a","message":{"n":${size},"x":"${'x'.repeat(size)}","y":"é\\n"${more}}}`)
  const long = publish(16_384)
  const texts = [
    ...[500, 520, 1800, 2052, 3900, 4096, 16_384, 70_000, 300_000].map((size) => publish(size)),
    publish(5000, ',"message_id":"own"'),
    publish(5000, `,"message_id":null,"z":"${'z'.repeat(5000)}"`),
    post('/main/bus/publish', `{"message":{"x":"${'é'.repeat(3000)}"},"key":"k","channel":"c","ack":"all"}`),
    post('/main/bus/publish', `{"messages":[${Array(40).fill('{"channel":"a name","message":{"x":"é"}}').join()}]}`),
    post('/main/bus/publish', `{"channel":"a","message":{"x":"${'x'.repeat(5000)}\u0001"}}`),
    post('/main/bus/poll', `{"channels":["${'c'.repeat(200)}"],"timeout":0,"x":"${'x'.repeat(5000)}"}`),
  ]
  for (const text of texts) {
    const bytes = Buffer.from(text)
    const behind = Buffer.from(long + text)
    await compare(stages, bytes, [])
    // The first shows that this one publishes.
    await compare(stages, behind, [long.length + 1])
    await compare(stages, behind, [])
    await compare(stages, Buffer.from(publishing + text + publishing), [])
    await compare(stages, behind, [long.length + 1, 100, 2052, long.length + 101, long.length + 3000])
  }
  const { inputs } = await compare(stages, Buffer.from(texts.join('')), [])
  t.ok(inputs.includes('x'.repeat(300_000)))
})

test('the words of the last poll are not all that has come, if more stands behind them', async (t) => {
  const [stage] = await pair(t)
  const poll = (room: number): string =>
    post('/main/bus/poll', `{"channels":["a"],"timeout":0${' '.repeat(room)}}`, 'User-Agent: a poll')
  // As much as is looked at of what comes from who publishes.
  const last = poll(1000 + headMost - poll(1000).length)
  t.equal(last.length, headMost)
  const wire = await stage.open()
  for (const text of [last, publishing]) t.equal((await wire.write(text).reply()).status, 200)
  wire.write(last + publishing.repeat(20))
  for (let i = 0; i < 21; i++) t.equal((await wire.reply()).status, 200)
  t.match([stage.bus.polls.length, stage.bus.publishes.length], [2, 21])
})

test('whatever is asked, and in whatever pieces', async (t) => {
  const stages = await pair(t)
  const edit = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('insert', 'replace', 'delete'),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('\r\n :"{}%0,;'))),
  })
  const known = [...good, post('/main/bus/poll', waits), 'GET /livez HTTP/1.1\r\nHost: h\r\n\r\n']
  const texts = fc.array(fc.constantFrom(...known, ...smuggled.map(([, text]) => text)), { minLength: 1, maxLength: 4 })
  const asked = fc.tuple(texts, fc.array(edit, { maxLength: 3 })).map(([parts, edits]) => {
    const bytes = [...Buffer.from(parts.join(''), 'latin1')]
    for (const { at, kind, byte } of edits)
      bytes.splice(at % bytes.length, kind === 'insert' ? 0 : 1, ...(kind === 'delete' ? [] : [byte]))
    return Buffer.from(bytes)
  })
  let recognised = 0
  await fc.assert(
    fc.asyncProperty(asked, fc.array(fc.nat(), { maxLength: 4 }), async (bytes, places) => {
      const [quick, slow] = stages
      const before = quickOf(quick)
      const whole = await madeOf(quick, cut(bytes, places))
      const ends = endsOf(bytes, quickOf(quick) - before)
      recognised += ends.length
      const end = ends.at(-1) ?? 0
      const known = await madeOf(slow, cut(bytes.subarray(0, end), ends))
      const answers = whole.answers.slice(0, known.answers.length)
      same({ answers, inputs: `${whole.inputs.slice(0, known.inputs.length - 1)}]` }, known, bytes)
      // What node:http makes of several requests in one piece depends on the turns of the event loop between them, so
      // to compare what it is given it gets it byte by byte.
      const rest = [...bytes.keys()].slice(end)
      same(await madeOf(quick, cut(bytes, rest)), await madeOf(slow, cut(bytes, [...ends, ...rest])), bytes)
    }),
    { numRuns: 100 },
  )
  t.ok(recognised > 0, 'some were recognised')
  for (const { bus } of stages) t.notOk(bus.reports.some(({ event }) => event === 'http_mistake'))
})

test('what is no request of ours comes behind one that waits', async (t) => {
  const stage = await Stage.set(t)
  const wire = await stage.open()
  wire.send('POST', '/main/bus/poll', waits).send('GET', '/livez').send('POST', '/main/bus/publish', message)
  await until('published behind it', () => stage.bus.publishes.length === 1)
  t.equal(stage.bus.waiting.size, 1)
  stage.bus.answer({ messages: [], cursor: '1.b' })
  t.equal(told(await wire.reply()).cursor, '1.b')
  t.equal(told(await wire.reply()).status, 'ok')
  t.equal(told(await wire.reply()).message_id, 'id-0')
  wire.send('POST', '/main/bus/poll', waits).send('GET', '/livez')
  await until('waits again', () => stage.bus.waiting.size === 1)
  wire.close()
  await until('freed', () => stage.bus.waiting.size === 0)
})

test('answers keep the order of the requests, whichever is known first', async (t) => {
  const stage = await Stage.set(t)
  const wire = await stage.open()
  for (let i = 0; i < 3; i++) wire.send('POST', '/main/bus/poll', waits)
  wire.send('POST', '/main/bus/publish', message).send('POST', '/main/bus/publish', '{}')
  await until('published', () => stage.bus.inputs.length === 4)
  const [first, second, third] = stage.bus.waiting
  for (const [reader, cursor] of [
    [third, '3'],
    [first, '1'],
    [second, '2'],
  ] as const) {
    if (!reader) throw new Error('nobody waits')
    stage.bus.waiting.clear()
    stage.bus.waiting.add(reader)
    stage.bus.answer({ messages: [], cursor })
  }
  for (const cursor of ['1', '2', '3']) t.equal(told(await wire.reply()).cursor, cursor)
  t.equal(told(await wire.reply()).message_id, 'id-0')
  t.equal(codeOf(await wire.reply()), 'bad_request')
})

test('a waiter is freed when its connection closes', async (t) => {
  const stage = await Stage.set(t)
  for (const end of [(wire: Wire) => wire.close(), (wire: Wire) => wire.socket.end()]) {
    const wire = await stage.open()
    wire.send('POST', '/main/bus/poll', waits)
    await until('waiting', () => stage.bus.waiting.size === 1)
    end(wire)
    await until('freed', () => stage.bus.waiting.size === 0)
    await until('gone', () => stage.server.counters().http_connections === 0)
  }
  const wire = await stage.open()
  wire.send('POST', '/main/bus/poll', waits).send('OPTIONS', '/main/bus').socket.end()
  await wire.closed
  await until('freed, with an answer of node:http behind it', () => stage.bus.waiting.size === 0)
})

test('a connection that rests is closed, one that waits is not', async (t) => {
  const stage = await Stage.set(t, { keepAliveMs: 20, checkMs: 5 })
  const [waiting, resting] = [await stage.open(), await stage.open()]
  waiting.send('POST', '/main/bus/poll', waits)
  await until('waiting', () => stage.bus.waiting.size === 1)
  t.equal((await resting.send('POST', '/main/bus/publish', message).reply()).status, 200)
  await resting.closed
  t.equal(resting.rest, '')
  stage.bus.answer({ messages: [], cursor: '1.b' })
  t.equal((await waiting.reply()).status, 200)
})

test('many requests in one piece are done in turns', async (t) => {
  const stage = await Stage.set(t, { turnMs: 0 })
  let turn = 0
  const turns: number[] = []
  const count = (): void => {
    turn++
    if (turns.length < 100) setImmediate(count)
  }
  setImmediate(count)
  stage.bus.onStep = () => turns.push(turn)
  const wire = await stage.open()
  wire.write(publishing.repeat(100))
  for (let i = 0; i < 100; i++) t.equal((await wire.reply()).status, 200)
  const most = Math.max(...turns.map((each) => turns.filter((other) => other === each).length))
  t.ok(most <= 32, `${most} at a stretch`)
})

test('who is too slow to read is waited for, not read on', async (t) => {
  const stage = await Stage.set(t, { outboundBytes: 2 ** 20 })
  const wire = await stage.open()
  stage.bus.onStep = (input) => {
    if (input.type === 'poll') stage.bus.answer({ messages: [], cursor: 'c'.repeat(2 ** 18) })
  }
  for (let i = 0; i < 100; i++) wire.send('POST', '/main/bus/poll', waits)
  for (let i = 0; i < 100; i++) t.equal((await wire.reply()).status, 200)
  t.equal(stage.server.counters().http_cut, 0)
})
