import { test } from 'tap'
import { statuses } from '../../src/http/refusal.js'
import type { Prng } from '../../src/verify/prng.js'
import { cut, endsOf, good, madeOf, type Pair, pair, post, quickOf, same, smuggled } from '../http/twins.js'
import { codeOf, told, Wire } from '../http/wire.js'
import { embed } from '../live/crew.js'
import { fuzz, must } from './fuzz.js'
import { mutated, pieces } from './mutate.js'

const names = [
  '"a"',
  '"é"',
  '""',
  '"__proto__"',
  '"a\\u0007"',
  '"\\ud800"',
  '7',
  'null',
  '"user:1"',
  `"${'x'.repeat(257)}"`,
]
const values = [
  '1',
  '-1',
  '0',
  '1e400',
  '9007199254740993',
  'null',
  'true',
  '"now"',
  '"earliest"',
  '"1.x"',
  '[]',
  '{}',
  '""',
]
const headers = [
  ...[
    'Connection: close',
    'Connection: keep-alive',
    'Transfer-Encoding: chunked',
    'Content-Length: 5',
    'Content-Length: 0',
  ],
  ...[
    'Expect: 100-continue',
    'Host: other',
    'Content-Encoding: gzip',
    'Content-Type: text/plain',
    'Prefer: wait=1',
    'Upgrade: h2c',
  ],
  ...[
    'Idempotency-Key: k',
    'Idempotency-Key: \xff',
    'X-Forwarded-For: 1.2.3.4',
    'Origin: http://a',
    'Cookie: a=b',
    'X: a\r\n b',
  ],
]
const targets = [
  '/main/bus',
  '/main/bus/poll',
  '/main/bus/publish',
  '/main/bus/notify',
  '/livez',
  '/readyz',
  '/openapi.json',
  '*',
]
const more = [
  '/../bus',
  '/%00/bus',
  '/%ZZ/bus/poll',
  '/é/bus',
  'http://h/main/bus/poll',
  '/main/bus/events',
  '/main/bus/ticket',
  '/',
]
const methods = ['POST', 'POST', 'POST', 'GET', 'HEAD', 'OPTIONS', 'PUT', 'CONNECT', 'post']

/** What requests are made of; also where a parser may stumble. */
const words = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\r\n\r\n',
    ' ',
    '\t',
    ':',
    '\0',
    '0\r\n\r\n',
    '5\r\nhello\r\n',
    ';a=b',
    'HTTP/1.1',
    'HTTP/1.0',
    'HTTP/9.9',
  ],
  ...[
    '{',
    '}',
    '[[[[',
    '"',
    '\\u0000',
    '\\',
    ',',
    '1e999',
    '-0',
    'null',
    '{"channel":"a","message":{}}',
    '\ufeff',
    '\xc0\xaf',
  ],
  ...headers.map((line) => `${line}\r\n`),
  'POST /main/bus/publish HTTP/1.1\r\n',
]

const member = (dice: Prng): string => {
  const name = dice.pick([
    'channels',
    'channel',
    'message',
    'messages',
    'cursor',
    'limit',
    'timeout',
    'last_message',
    'key',
    'ack',
    'x',
  ])
  if (name === 'channels') return `"channels":[${dice.pick(names)}${dice.chance(0.3) ? `,${dice.pick(names)}` : ''}]`
  if (name === 'message') return `"message":{${dice.chance(0.5) ? `"n":${dice.pick(values)}` : ''}}`
  if (name === 'messages') return `"messages":[{"channel":${dice.pick(names)},"message":{}}]`
  return `"${name}":${dice.pick(name === 'channel' ? names : values)}`
}

const bodyOf = (dice: Prng): string => `{${Array.from({ length: dice.below(5) }, () => member(dice)).join(',')}}`

const chunkedOf = (body: string, dice: Prng): string => {
  const at = dice.below(body.length + 1)
  const chunks = [body.slice(0, at), body.slice(at)].filter((each) => each !== '')
  return `${chunks.map((each) => `${Buffer.byteLength(each).toString(16)}\r\n${each}\r\n`).join('')}0\r\n\r\n`
}

const requestOf = (dice: Prng): string => {
  if (dice.chance(0.4)) return dice.pick(good)
  if (dice.chance(0.1)) return dice.pick(smuggled)[1]
  const extra = Array.from({ length: dice.below(3) }, () => dice.pick(headers))
  const body = bodyOf(dice)
  const isChunked = extra.includes('Transfer-Encoding: chunked')
  const target = dice.pick(dice.chance(0.7) ? targets : more)
  return post(target, isChunked ? chunkedOf(body, dice) : body, ...extra).replace('POST', dice.pick(methods))
}

const bytesOf = (dice: Prng): Buffer => {
  const whole = Array.from({ length: dice.whole(1, 3) }, () => requestOf(dice)).join('')
  const bytes = Buffer.from(whole, dice.chance(0.8) ? 'latin1' : 'utf8')
  return dice.chance(0.8) ? mutated(bytes, dice, words) : bytes
}

const known = new Set<number>([100, 200, 204, ...Object.values(statuses)].filter((status) => status !== 500))

/** Where an answer has no body, whatever it says of its length. */
const isBare = (status: number): boolean => status === 100 || status === 204

/** All that a server says are answers, one after the other, and none of them tells of a mistake. */
const checkAnswers = (text: string, bytes: Buffer): void => {
  const asked = bytes.toString('latin1')
  for (let rest = text; rest !== ''; ) {
    const [, code = '', head = ''] = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/.exec(rest) ?? []
    const status = Number(code)
    must(known.has(status), 'no answer, or not one of ours', asked, rest)
    rest = rest.slice(rest.indexOf('\r\n\r\n') + 4)
    // What answers HEAD looks as if it had a body; then there is nothing more to be told apart.
    if (/HEAD |events/i.test(asked)) return
    const length = isBare(status) ? 0 : Number(/^Content-Length: (\d+)\r$/im.exec(head)?.[1])
    const body = rest.slice(0, length)
    must(body.length === length, 'cut short', asked, text)
    if (status >= 400 && status !== 401)
      must(codeOf({ status, body, headers: new Map() }) !== undefined, 'no code', asked, body)
    rest = rest.slice(length)
  }
}

const serves = async (port: number): Promise<boolean> => {
  const wire = await Wire.open(port)
  const reply = await wire.send('POST', '/main/bus/poll', '{"channels":["a"],"timeout":0}').reply()
  wire.close()
  return reply.status === 200 && told(reply).cursor !== undefined
}

/** The twins make the same of it; see `quick.test.ts` for what of it can be compared. */
const compareTwins = async ([quick, slow]: Pair, bytes: Buffer, dice: Prng): Promise<number> => {
  const places = dice.chance(0.5) ? [] : [dice.below(bytes.length + 1), dice.below(bytes.length + 1)]
  const before = quickOf(quick)
  const whole = await madeOf(quick, cut(bytes, places))
  const ends = endsOf(bytes, quickOf(quick) - before)
  const end = ends.at(-1) ?? 0
  const parts = await madeOf(slow, cut(bytes.subarray(0, end), ends))
  const answers = whole.answers.slice(0, parts.answers.length)
  same({ answers, inputs: `${whole.inputs.slice(0, parts.inputs.length - 1)}]` }, parts, bytes)
  checkAnswers(whole.answers, bytes)
  if (dice.chance(0.15)) {
    const rest = [...bytes.keys()].slice(end)
    same(await madeOf(quick, cut(bytes, rest)), await madeOf(slow, cut(bytes, [...ends, ...rest])), bytes)
  }
  return ends.length
}

test('whatever is asked, those who recognise it and node:http make the same of it', async (t) => {
  const stages = await pair(t)
  let recognised = 0
  await fuzz(t, 0.7, async (dice, n) => {
    const bytes = bytesOf(dice)
    recognised += await compareTwins(stages, bytes, dice)
    for (const { bus, server, port } of stages) {
      must(
        !bus.reports.some(({ event }) => event === 'http_mistake'),
        'a mistake',
        bytes.toString('latin1'),
        bus.reports,
      )
      bus.reports.length = 0
      bus.inputs.length = 0
      must(bus.waiting.size === 0, 'somebody still waits', bytes.toString('latin1'))
      if (n % 50 === 0) must(await serves(port), 'others are not served')
      must((server.counters().http_connections ?? 0) <= 1, 'a connection is left', bytes.toString('latin1'))
    }
  })
  t.ok(recognised > 0, `${recognised} were recognised`)
})

test('a node answers whatever comes, to its end, and forgets who asked', async (t) => {
  const node = await embed(t, { retentionCount: 10, channels: 200 })
  const port = Number(new URL(node.url).port)
  await fuzz(t, 0.3, async (dice, n) => {
    const bytes = bytesOf(dice)
    const wire = await Wire.open(port)
    for (const piece of pieces(bytes, dice)) {
      if (piece.length > 0 && wire.socket.writable) wire.write(piece)
      await new Promise(setImmediate)
    }
    wire.socket.end()
    await wire.closed
    checkAnswers(wire.rest, bytes)
    if (n % 20 > 0) return
    must(await serves(port), 'others are not served')
    const { waiters, streams, publishing } = node.status().gauges
    must(waiters === 0 && streams === 0 && publishing === 0, 'held for nobody', node.status().gauges)
  })
})
