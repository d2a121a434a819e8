import { test } from 'tap'
import type { Answer, Shown } from '../../src/effect.js'
import { until } from '../support/until.js'
import { Stage } from './stage.js'
import { codeOf, told } from './wire.js'

const shown = (message: string, more: Partial<Shown> = {}): Shown => {
  const [head = '', tail = ''] = Buffer.from(message).toString('latin1').split('ID')
  return { channel: 'a', head, tail, id: 'id-1', late: false, ...more }
}

const one: Answer = { messages: [shown('{"message_id":ID,"n":1.0}')], cursor: 'c-1' }

/** The request is with the core, and waits. */
const waiting = (stage: Stage, count: number): Promise<unknown> =>
  until(`${count} waiting`, () => stage.bus.waiting.size === count)

test('a Tryton client is given one message, byte by byte as it was published', async (t) => {
  const stage = await Stage.set(t)
  const wire = await stage.open()
  wire.send('POST', '/tryton/bus', '{"channels":["client:é"],"last_message":null}')
  await waiting(stage, 1)
  stage.bus.answer({ messages: [shown('{"b":"é","message_id":ID,"a": 1E2}', { channel: 'client:é' })], cursor: 'c' })
  const reply = await wire.reply()
  t.equal(reply.status, 200)
  t.equal(reply.headers.get('content-type'), 'application/json')
  t.equal(reply.body, '{"channel":"client:é","message":{"b":"é","message_id":"id-1","a": 1E2}}')
  t.match(stage.bus.polls[0], { database: 'tryton', channels: ['client:é'], from: { recentMs: 5000 } })
})

test('a Tryton client is told of nothing, and of a gap', async (t) => {
  const stage = await Stage.set(t)
  const wire = await stage.open()
  const ask = async (answer: Answer): Promise<string> => {
    wire.send('POST', '/main/bus', '{"channels":["a"],"last_message":"x"}')
    await waiting(stage, 1)
    stage.bus.answer(answer)
    return (await wire.reply()).body
  }
  t.equal(await ask({ messages: [], cursor: 'c' }), '{"channel":null,"message":null}')
  t.equal(
    await ask({ ...one, gap: { reason: 'evicted', oldest: 'o' } }),
    '{"channel":"a","message":{"message_id":"id-1","n":1.0},"gap":true}',
  )
})

test('a page of messages, with what there is to say of it', async (t) => {
  const stage = await Stage.set(t)
  const wire = await stage.open()
  const ask = async (answer: Answer): Promise<string> => {
    wire.send('POST', '/main/bus/poll', '{"channels":["a"],"cursor":"x"}')
    await waiting(stage, 1)
    stage.bus.answer(answer)
    return (await wire.reply()).body
  }
  t.equal(await ask({ messages: [], cursor: 'c' }), '{"messages":[],"cursor":"c"}')
  t.equal(
    await ask({
      messages: [shown('{"message_id":ID}'), shown('{"message_id":ID}', { id: 'i-2', late: true })],
      cursor: 'c',
    }),
    '{"messages":[{"channel":"a","message":{"message_id":"id-1"}},' +
      '{"channel":"a","message":{"message_id":"i-2"},"late":true}],"cursor":"c"}',
  )
  t.equal(
    await ask({ messages: [], cursor: 'c', gap: { reason: 'evicted', oldest: 'o' } }),
    '{"messages":[],"cursor":"c","gap":true,"reason":"evicted","oldest":"o"}',
  )
  t.equal(
    await ask({ messages: [], cursor: 'c', gap: { reason: 'unknown_origin' } }),
    '{"messages":[],"cursor":"c","gap":true,"reason":"unknown_origin"}',
  )
})

test('many waiters, of both kinds, share one answer', async (t) => {
  const stage = await Stage.set(t)
  const wires = await Promise.all(Array.from({ length: 20 }, () => stage.open()))
  wires.forEach((wire, i) => {
    wire.send('POST', i % 2 === 0 ? '/main/bus' : '/main/bus/poll', '{"channels":["a"]}')
  })
  await waiting(stage, 20)
  const large = shown(`{"message_id":ID,"d":"${'é'.repeat(20_000)}"}`)
  stage.bus.answer({ messages: [large], cursor: 'c' })
  const bodies = await Promise.all(wires.map((wire) => wire.reply()))
  for (const [i, { body }] of bodies.entries()) t.equal(body, bodies[i % 2]?.body)
  t.equal(JSON.parse(bodies[0]?.body ?? '').message.d.length, 20_000)
  t.equal(JSON.parse(bodies[1]?.body ?? '').messages[0].message.d.length, 20_000)
})

test('a publish is answered with id and copies', async (t) => {
  const stage = await Stage.set(t)
  const reply = await stage.post('/main/bus/publish', '{"channel":"a","message":{"n":1}}', ['Idempotency-Key: k'])
  t.equal(reply.status, 200)
  t.equal(reply.body, '{"message_id":"id-0","copies":3}')
  t.match(stage.bus.publishes[0], { drafts: [{ database: 'main', channel: 'a', key: 'k' }], ack: 'all', minCopies: 1 })
  stage.bus.outcome = () => ({ ok: true, ids: ['first'], copies: 2, duplicates: [true] })
  const again = await stage.post('/main/bus/publish', '{"channel":"a","message":{"n":1}}', ['idempotency-key: k'])
  t.equal(again.body, '{"message_id":"first","copies":2,"duplicate":true}')
  const notify = await stage.post('/main/bus/notify', '{"title":"t","user":1}')
  t.equal(notify.body, '{"message_id":"first","copies":2,"duplicate":true}')
})

test('a batch is answered with ids', async (t) => {
  const stage = await Stage.set(t)
  const items = '{"channel":"a","message":{}},{"channel":"b","message":{}}'
  const reply = await stage.post('/d%2Fb/bus/publish', `{"messages":[${items}],"ack":"local","min_copies":2}`)
  t.equal(reply.body, '{"message_ids":["id-0","id-1"],"copies":3}')
  t.match(stage.bus.publishes[0], { drafts: [{ database: 'd/b' }, { channel: 'b' }], ack: 'local', minCopies: 2 })
  stage.bus.outcome = () => ({ ok: true, ids: ['new', 'old'], copies: 2, duplicates: [false, true] })
  const again = await stage.post('/main/bus/publish', `{"messages":[${items}]}`)
  t.equal(again.body, '{"message_ids":["new","old"],"copies":2,"duplicates":[1]}')
})

test('a body in pieces is the same as a body in one', async (t) => {
  const stage = await Stage.set(t)
  const wire = await stage.open()
  const body = `{"channel":"a","message":{"d":"${'é'.repeat(3000)}"}}`
  const chunks = [...Buffer.from(body)].map((byte) => `1\r\n${String.fromCharCode(byte)}\r\n`)
  wire.write('POST /main/bus/publish HTTP/1.1\r\nHost: h\r\nContent-Type: application/json; charset=utf-8\r\n')
  wire.write('Transfer-Encoding: chunked\r\n\r\n')
  wire.write(Buffer.from(`${chunks.join('')}0\r\n\r\n`, 'latin1'))
  t.equal((await wire.reply()).status, 200)
  const draft = stage.bus.publishes[0]?.drafts[0]
  t.equal(Buffer.from(String(draft?.tail), 'latin1').toString(), `"d":"${'é'.repeat(3000)}"}`)
})

test('a request that is cut at any byte is the same as one in a piece', async (t) => {
  const stage = await Stage.set(t)
  const wire = await stage.open()
  const body = '{"channel":"\\u0061","message":{"é":[1.50,"\\ud83d\\ude00"]}}'
  const head = 'POST /main/bus/publish HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nIdempotency-Key: é\r\n'
  const bytes = Buffer.from(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  for (let i = 1; i < bytes.length; i++) {
    wire.write(bytes.subarray(0, i))
    // The other end has seen something of it: another connection was served meanwhile.
    if (i % 16 === 0) await stage.ask('GET', '/livez')
    t.equal((await wire.write(bytes.subarray(i)).reply()).status, 200)
  }
  const [first, ...others] = stage.bus.publishes.map(({ drafts }) => drafts[0])
  t.equal(others.length, bytes.length - 2)
  t.match(first, { channel: 'a', key: 'é' })
  for (const other of others) t.same(other, first)
})

test('what the core refuses has a status, and says when to come again', async (t) => {
  const stage = await Stage.set(t)
  const codes = [
    ['key_conflict', 409, undefined],
    ['too_few_copies', 503, '1'],
    ['overloaded', 503, '1'],
    ['draining', 503, '1'],
  ] as const
  for (const [code, status, retryAfter] of codes) {
    stage.bus.outcome = () => ({ ok: false, code, reason: 'why', unknown: false })
    const reply = await stage.post('/main/bus/publish', '{"channel":"a","message":{}}')
    t.equal(reply.status, status)
    t.equal(reply.headers.get('retry-after'), retryAfter)
    t.equal(reply.body, `{"error":{"code":"${code}","message":"why"}}`)
  }
  stage.bus.outcome = () => ({ ok: false, code: 'outcome_unknown', reason: 'late', unknown: true })
  const unknown = await stage.post('/main/bus/publish', '{"channel":"a","message":{}}')
  t.equal(unknown.status, 503)
  t.same(told(unknown), { error: { code: 'outcome_unknown', message: 'late' }, outcome: 'unknown' })
  stage.bus.onStep = (input) => {
    if (input.type === 'poll') stage.bus.refuse('bad_cursor')
  }
  const poll = await stage.post('/main/bus/poll', '{"channels":["a"],"cursor":"%"}')
  t.equal(poll.status, 400)
  t.equal(codeOf(poll), 'bad_cursor')
})

test('nobody is asked while the node is not ready', async (t) => {
  const stage = await Stage.set(t)
  stage.bus.ready = false
  const bodies = [
    ['/main/bus', '{"channels":["a"]}'],
    ['/main/bus/poll', '{"channels":["a"]}'],
    ['/main/bus/publish', '{"channel":"a","message":{}}'],
    ['/main/bus/notify', '{"title":"t","user":1}'],
  ] as const
  for (const [target, body] of bodies) {
    const reply = await stage.post(target, body)
    t.equal(reply.status, 503)
    t.equal(codeOf(reply), 'not_ready')
    t.equal(reply.headers.get('retry-after'), '1')
  }
  stage.bus.draining = true
  const reply = await stage.post('/main/bus', '{"channels":["a"]}')
  t.equal(codeOf(reply), 'draining')
  t.equal(reply.headers.get('connection'), 'close')
  t.equal(stage.bus.inputs.length, 0)
})

test('a waiter is given up when its connection closes', async (t) => {
  const stage = await Stage.set(t)
  const wire = await stage.open()
  const half = await stage.open()
  wire.send('POST', '/main/bus', '{"channels":["a"]}').send('POST', '/main/bus/poll', '{"channels":["a"]}')
  half.send('POST', '/main/bus/poll', '{"channels":["a"]}')
  await waiting(stage, 3)
  wire.close()
  await waiting(stage, 1)
  half.socket.end()
  await waiting(stage, 0)
  t.equal(stage.bus.inputs.filter(({ type }) => type === 'cancel').length, 3)
  stage.bus.answer(one)
  t.equal(stage.bus.reports.length, 0)
})

test('answers come in the order of the requests', async (t) => {
  const stage = await Stage.set(t)
  const wire = await stage.open()
  wire.send('POST', '/main/bus/poll', '{"channels":["a"]}')
  wire.send('GET', '/livez')
  wire.send('POST', '/main/bus/publish', '{"channel":"a","message":{}}')
  wire.send('GET', '/nowhere')
  await until('published', () => stage.bus.publishes.length === 1)
  t.equal(wire.rest, '')
  stage.bus.answer(one)
  t.match(told(await wire.reply()), { cursor: 'c-1' })
  t.match(told(await wire.reply()), { status: 'ok' })
  t.match(told(await wire.reply()), { message_id: 'id-0' })
  t.equal((await wire.reply()).status, 404)
})

test('a mistake of ours is told from one of theirs, and others are served', async (t) => {
  const stage = await Stage.set(t)
  stage.bus.onStep = () => {
    throw new Error('a bug')
  }
  const reply = await stage.post('/main/bus/poll', '{"channels":["a"]}')
  t.equal(reply.status, 500)
  t.equal(codeOf(reply), 'internal')
  t.match(stage.bus.reports, [{ event: 'http_mistake', detail: { error: /a bug/ } }])
  t.equal((await stage.ask('GET', '/livez')).status, 200)
})
