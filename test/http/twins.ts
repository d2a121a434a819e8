import type { HttpOptions } from '../../src/http/limits.js'
import { until } from '../support/until.js'
import { empty } from './fake-bus.js'
import { Stage } from './stage.js'
import type { Wire } from './wire.js'

/**
 * What a client is told must not depend on who has read its request. So each text is put, in the same pieces, to two
 * servers, one of which has node:http only; what comes back must be the same to the byte, and so must be what has
 * reached the bus.
 */
const poll = '{"channels":["a"],"timeout":0}'
export const message = '{"channel":"a","message":{"n":1}}'
export const waits = '{"channels":["a"]}'

export const post = (target: string, body: string, ...headers: string[]): string => {
  const length = headers.some((line) => /^(content-length|transfer)/i.test(line))
    ? []
    : [`Content-Length: ${Buffer.byteLength(body)}`]
  return `${[`POST ${target} HTTP/1.1`, 'Host: h', 'Content-Type: application/json', ...length, ...headers].join('\r\n')}\r\n\r\n${body}`
}

const inTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Both ends live in this process: after two turns of its event loop what was written has been read. */
const say = async (wire: Wire, pieces: readonly Buffer[]): Promise<void> => {
  for (const piece of pieces) {
    if (piece.length > 0 && wire.socket.writable) await new Promise((resolve) => wire.socket.write(piece, resolve))
    await inTurn()
    await inTurn()
  }
}

export interface Made {
  readonly answers: string
  readonly inputs: string
}

/** What a server makes of it: all that it writes until the connection is closed, and all that the bus is asked. */
export const madeOf = async (stage: Stage, pieces: readonly Buffer[]): Promise<Made> => {
  const wire = await stage.open()
  const from = stage.bus.inputs.length
  await say(wire, pieces)
  wire.socket.end()
  // Behind a poll that waits something may stand for which nothing more is read: then nobody sees that the client goes.
  const patience = setInterval(() => stage.bus.answer(empty), 500)
  await wire.closed.finally(() => clearInterval(patience))
  await until('nobody waits', () => stage.bus.waiting.size === 0)
  const inputs = stage.bus.inputs.slice(from).flatMap((input) => {
    if (input.type === 'poll') return { ...input, reader: 'reader' }
    return input.type === 'publish' ? { ...input, publisher: 'publisher' } : []
  })
  return { answers: wire.rest.replace(/^Date: .*\r\n/gm, ''), inputs: JSON.stringify(inputs) }
}

const answerAtOnce = ({ bus }: Stage): void => {
  bus.onStep = (input) => {
    if (input.type === 'poll' && input.lenientMs !== undefined) bus.answer(empty)
  }
}

export const quickOf = (stage: Stage): number => stage.server.counters().http_quick ?? 0

/** Where the first `count` requests end. They were recognised, so nothing about their form is in doubt. */
export const endsOf = (bytes: Buffer, count: number): readonly number[] => {
  const ends: number[] = []
  for (let i = 0, at = 0; i < count; i++) {
    const bodyAt = bytes.indexOf('\r\n\r\n', at) + 4
    at = bodyAt + Number(/^content-length: (\d+)\r/im.exec(bytes.toString('latin1', at, bodyAt))?.[1])
    ends.push(at)
  }
  return ends
}

export const same = (made: Made, expected: Made, bytes: Buffer): void => {
  const isSame = made.answers === expected.answers && made.inputs === expected.inputs
  if (!isSame) throw new Error(JSON.stringify({ bytes: bytes.toString('latin1'), made, expected }, null, 1))
}

/**
 * Puts the same to both. Of several requests in one piece node:http does none if a later one is no HTTP, while those
 * that are recognised are done one by one; so to the other server these come in pieces of their own.
 */
export const compare = async (
  stages: Pair,
  bytes: Buffer,
  places: readonly number[],
): Promise<Made & { quick: number }> => {
  const [quick, slow] = stages
  const before = quickOf(quick)
  const made = await madeOf(quick, cut(bytes, places))
  const count = quickOf(quick) - before
  const expected = await madeOf(slow, cut(bytes, [...places, ...endsOf(bytes, count)]))
  same(made, expected, bytes)
  return { ...made, quick: count }
}

/** However busy the machine is, what comes in a piece is done at once: what node:http makes of it depends on that. */
const evenTurns = { reportMs: 0, turnMs: 10_000 }

export type Pair = readonly [quick: Stage, slow: Stage]

export const pair = async (t: Parameters<typeof Stage.set>[0], options: Partial<HttpOptions> = {}): Promise<Pair> => {
  const stages = [
    await Stage.set(t, { ...evenTurns, ...options, quick: true }),
    await Stage.set(t, { ...evenTurns, ...options, quick: false }),
  ] as const
  for (const stage of stages) answerAtOnce(stage)
  return stages
}

export const cut = (bytes: Buffer, places: readonly number[]): Buffer[] => {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...ends, bytes.length].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
}

export const publishing = post('/main/bus/publish', message, 'Connection: keep-alive')

export const good: readonly string[] = [
  post('/main/bus/poll', poll),
  post('/main/bus/poll', poll, 'Prefer: wait=1', 'User-Agent: x/1 (a; b)', 'Accept: */*'),
  post('/main/bus', '{"channels":["a","b"],"last_message":"1.x"}', 'Origin: http://a'),
  publishing,
  post('/ma-in.2~/bus/publish', message, 'Idempotency-Key: k1'),
  post('/main/bus/publish', '{"channel":"a","message":{"x":"\\r\\n\\r\\nPOST /main/bus HTTP/1.1"}}'),
  post('/main/bus/publish', '{"messages":[{"channel":"é","message":{}},{"channel":"b","message":{}}]}'),
]

/** In each of these two parsers could see the end of a request in two places. */
export const smuggled: readonly (readonly [name: string, text: string])[] = [
  ['length and chunks', post('/main/bus/poll', `0\r\n\r\n`, 'Content-Length: 5', 'Transfer-Encoding: chunked')],
  ['chunks and length', post('/main/bus/poll', `0\r\n\r\n`, 'Transfer-Encoding: chunked', 'Content-Length: 5')],
  ['two lengths', post('/main/bus/poll', poll, 'Content-Length: 30', 'Content-Length: 3')],
  ['the same length twice', post('/main/bus/poll', poll, 'Content-Length: 30', 'Content-Length: 30')],
  ['a list of lengths', post('/main/bus/poll', poll, 'Content-Length: 30, 30')],
  ['a signed length', post('/main/bus/poll', poll, 'Content-Length: +30')],
  ['a length in hexadecimal', post('/main/bus/poll', poll, 'Content-Length: 0x1e')],
  ['a length with zeros', post('/main/bus/poll', poll, 'Content-Length: 0030')],
  ['a length with a blank', post('/main/bus/poll', poll, 'Content-Length: 3 0')],
  ['a length beyond all', post('/main/bus/poll', poll, 'Content-Length: 18446744073709551646')],
  ['a length with a space before the colon', post('/main/bus/poll', poll, 'Content-Length : 30')],
  ['a length behind a tab', post('/main/bus/poll', poll, 'Content-Length:\t30')],
  ['a length under another name', post('/main/bus/poll', poll, 'Content_Length: 3')],
  ['a folded length', post('/main/bus/poll', poll, 'X: a\r\n Content-Length: 3', 'Content-Length: 30')],
  ['a length behind a bare LF', post('/main/bus/poll', poll, 'X: a\nContent-Length: 3', 'Content-Length: 30')],
  ['a length behind a bare CR', post('/main/bus/poll', poll, 'X: a\rContent-Length: 3', 'Content-Length: 30')],
  ['chunks in disguise', post('/main/bus/poll', poll, 'Transfer-Encoding: xchunked', 'Content-Length: 30')],
  ['chunks behind a NUL', post('/main/bus/poll', poll, 'X: a\0Transfer-Encoding: chunked', 'Content-Length: 30')],
  ['chunks that the connection names', post('/main/bus/poll', poll, 'Connection: Transfer-Encoding')],
  ['a length that the connection names', post('/main/bus/poll', poll, 'Connection: Content-Length')],
  ['HTTP/1.0 with chunks', post('/main/bus/poll', '0\r\n\r\n', 'Transfer-Encoding: chunked').replace('1.1', '1.0')],
  ['HTTP/1.0', post('/main/bus/poll', poll).replace('1.1', '1.0')],
  ['two hosts', post('/main/bus/poll', poll, 'Host: other')],
  ['an absolute target', post('http://other/main/bus/poll', poll)],
  ['an upgrade', post('/main/bus/poll', poll, 'Connection: Upgrade', 'Upgrade: h2c')],
  ['an expectation', post('/main/bus/poll', poll, 'Expect: 100-continue')],
  ['a blank line before it', `\r\n${post('/main/bus/poll', poll)}`],
  ['a LF before it', `\n${post('/main/bus/poll', poll)}`],
  ['lines that end in LF', post('/main/bus/poll', poll).replaceAll('\r\n', '\n')],
  ['a head that ends in LF', post('/main/bus/poll', poll).replace('\r\n\r\n', '\r\n\n')],
  ['two blanks in the request line', post('/main/bus/poll', poll).replace('POST ', 'POST  ')],
  ['a last connection', post('/main/bus/poll', poll, 'Connection: close')],
  ['a value of blanks', post('/main/bus/poll', poll, 'Accept:   ')],
  ['a value between blanks', post('/main/bus/poll', poll, 'Accept:  a  ')],
  ['a name with a bracket', post('/main/bus/poll', poll, 'Accept[]: a')],
  ['__proto__', post('/main/bus/poll', poll, '__proto__: a')],
]
