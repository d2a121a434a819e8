import { test } from 'tap'
import type { Prng } from '../../src/verify/prng.js'
import { closing, type Frame, frame, RawSocket } from '../stream/raw-socket.js'
import { StreamStage } from '../stream/stage.js'
import type { SocketReader, Told } from '../stream/tap.js'
import { until } from '../support/until.js'
import { fuzz, must } from './fuzz.js'
import { mutated, pieces } from './mutate.js'

const opcode = { text: 1, close: 8, ping: 9, pong: 10 } as const

/** Those that the documents name, and those that a WebSocket has by itself. */
const codes = new Set([1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1013, 4400, 4401, 4403, 4408, 4429])
const types = new Set(['subscribed', 'unsubscribed', 'published', 'message', 'gap', 'heartbeat', 'error'])

const ids = ['1', '"a"', '0', '-1', '1.5', 'null', '"\\u0000"', `"${'x'.repeat(300)}"`, '9007199254740993', '{}']
const channels = ['"a"', '"b"', '"é"', '""', '"\\u0007"', '7', '"__proto__"', `"${'x'.repeat(300)}"`]
const froms = ['"now"', '"earliest"', '"1.x"', '""', '7', 'null']
const words = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    '\\u0000',
    '\xc0\xaf',
    '{"type":"publish"',
    '"type":"subscribe"',
    '"id":1',
    '[[[[',
    '1e999',
  ],
  ...[
    '8100',
    '8180',
    '817e0000',
    '817f7fffffffffffffff',
    '0180',
    '0080',
    '8080',
    '880203e8',
    '8882000000000fa0',
    'c180',
    '8b80',
    '89ff',
  ].map((text) => Buffer.from(text, 'hex')),
]

/** What may be asked, right or wrong; `id` names what must be answered, if it can be. */
const oddRequest = (dice: Prng): string => {
  const type = dice.pick(['publish', 'subscribe', 'unsubscribe', 'nonsense', ''])
  const members = [
    `"type":"${type}"`,
    `"id":${dice.pick(ids)}`,
    `"channel":${dice.pick(channels)}`,
    `"channels":[${dice.pick(channels)},${dice.pick(channels)}]`,
    `"message":${dice.pick(['{}', '{"n":1}', '7', '{"message_id":7}', 'null'])}`,
    `"from":${dice.pick(froms)}`,
    `"key":${dice.pick(channels)}`,
  ]
  return `{${dice.some(members, 1, members.length).join(',')}}`
}

/** A text as one frame, or in pieces with something between. */
const framed = (text: string, dice: Prng): Buffer => {
  const bytes = Buffer.from(text)
  if (dice.chance(0.7)) return frame(opcode.text, bytes)
  const parts = pieces(bytes, dice)
  const frames = parts.flatMap((part, i) => {
    const own = frame(i === 0 ? opcode.text : 0, part, { fin: i === parts.length - 1 })
    return dice.chance(0.2) ? [frame(opcode.ping, 'between'), own] : [own]
  })
  return Buffer.concat(frames)
}

const oddFrame = (dice: Prng): Buffer => {
  const kind = dice.below(10)
  if (kind < 5) return framed(oddRequest(dice), dice)
  if (kind === 5) return frame(dice.below(16), 'x'.repeat(dice.below(200)), { fin: dice.chance(0.7) })
  if (kind === 6) return frame(opcode.text, 'x', { length: BigInt(Math.floor(dice.scaled(1, 2 ** 62))) })
  if (kind === 7)
    return closing(dice.pick([999, 1000, 1005, 3000, 4400, 65_535]), dice.chance(0.3) ? Buffer.from([0xc0]) : '')
  if (kind === 8) return frame(opcode.text, '{}', { rsv: dice.below(8), masked: dice.chance(0.5) })
  return Buffer.concat(Array.from({ length: dice.below(300) }, () => frame(dice.below(2), 'x', { fin: false })))
}

const toldIn = ({ data }: Frame): Told => JSON.parse(data.toString())

/** All that the node says is well-formed, and nothing but what the documents say. */
const checkFrames = (frames: readonly Frame[], bytes: Buffer): void => {
  const asked = bytes.toString('hex')
  frames.forEach(({ opcode: kind, data }, i) => {
    if (kind === opcode.text) must(types.has(toldIn({ opcode: kind, data }).type), 'not ours', asked, data.toString())
    else if (kind === opcode.close) {
      const code = data.length >= 2 ? data.readUInt16BE(0) : 1005
      // Who closes with a code is answered with that code.
      const isEcho = asked.includes('88') && ((code >= 1000 && code < 1015) || (code >= 3000 && code < 5000))
      must(codes.has(code) || isEcho, 'a code that is not ours', asked, data.toString('hex'))
      must(i === frames.length - 1, 'something behind the close', asked, frames.length)
    } else must(kind === opcode.ping || kind === opcode.pong, 'no frame of ours', asked, kind)
    must(!data.includes('internal'), 'a mistake', asked, data.toString())
  })
}

const say = async (socket: RawSocket, bytes: Buffer, dice: Prng): Promise<void> => {
  for (const piece of pieces(bytes, dice)) {
    socket.write(piece)
    await new Promise(setImmediate)
  }
}

/** Somebody else, who publishes and reads on the same node. */
class Quiet {
  #count = 0

  constructor(
    readonly stage: StreamStage,
    readonly reader: SocketReader,
  ) {}

  async look(): Promise<void> {
    await this.stage.publish('quiet', { n: this.#count++ })
    const last = await this.reader.frames.nth(this.#count)
    must((last.message as { n: number }).n === this.#count - 1, 'others are not served as they should', last)
  }

  async nobodyElse(): Promise<void> {
    await until('all others are gone', () => this.stage.node.status().gauges.streams === 1)
  }
}

const quietOn = async (stage: StreamStage): Promise<Quiet> => {
  const reader = stage.socket('?channel=quiet&from=now')
  await reader.frames.first(1)
  return new Quiet(stage, reader)
}

test('whatever comes on a socket, it is answered in order or closed with its code', async (t) => {
  const stage = await StreamStage.set(t, {
    retentionCount: 20,
    frameBytes: 65_536,
    frameFragments: 100,
    reportInterval: 0,
  })
  const quiet = await quietOn(stage)
  let closed = 0
  await fuzz(t, 0.6, async (dice, n) => {
    const frames = Buffer.concat(Array.from({ length: dice.whole(1, 6) }, () => oddFrame(dice)))
    const bytes = dice.chance(0.6) ? mutated(frames, dice, words) : frames
    const socket = new RawSocket(stage.port)
    await say(socket, bytes, dice)
    await say(socket, closing(1000), dice)
    const isOver = socket.closed.then(() => true)
    // It may wait for the rest of a frame that was announced.
    await Promise.race([isOver, new Promise((resolve) => setTimeout(resolve, 20))])
    socket.close()
    await socket.closed
    checkFrames(socket.frames, bytes)
    if (socket.frames.at(-1)?.opcode === opcode.close) closed++
    if (n % 25 > 0) return
    await quiet.look()
    await quiet.nobodyElse()
  })
  t.ok(closed > 0, `${closed} were closed in words`)
})

interface Plan {
  readonly texts: readonly string[]
  /** What is published, in this order. */
  readonly published: readonly number[]
  /** Of all requests. */
  readonly ids: readonly number[]
}

/** Good requests, of which all are answered, and a subscription to what they publish. */
const planOf = (dice: Prng, name: string): Plan => {
  const published: number[] = []
  const texts = [`{"type":"subscribe","id":0,"channels":["a ${name}"],"from":"now"}`]
  const all = [0]
  for (let id = 1; id <= dice.whole(1, 8); id++) {
    all.push(id)
    const kind = dice.below(4)
    if (kind === 0) texts.push(`{"type":"subscribe","id":${id},"channels":["b","c"]}`)
    else if (kind === 1) texts.push(`{"id":${id},"channels":["b"],"type":"unsubscribe"}`)
    else {
      texts.push(`{"type":"publish","id":${id},"channel":"a ${name}","message":{"n":${id}},"key":"${name} ${id}"}`)
      published.push(id)
    }
  }
  return { texts, published, ids: all }
}

/** Asks, in pieces, and checks what comes. */
const converse = async (stage: StreamStage, dice: Prng, name: string): Promise<void> => {
  const { texts, published, ids } = planOf(dice, name)
  const bytes = Buffer.concat(texts.map((text) => framed(text, dice)))
  const socket = new RawSocket(stage.port)
  await say(socket, bytes, dice)
  const all = (): Told[] => socket.frames.filter((each) => each.opcode === opcode.text).map(toldIn)
  const messages = (): Told[] => all().filter(({ type }) => type === 'message')
  const answers = (): Told[] => all().filter(({ type }) => type !== 'message')
  await until('all is answered', () => answers().length >= ids.length && messages().length >= published.length)
  socket.close()
  await socket.closed
  checkFrames(socket.frames, bytes)
  must(!answers().some(({ type }) => type === 'error'), 'refused', answers())
  const answered = answers().map(({ id }) => Number(id))
  must(answered.sort((a, b) => a - b).join() === ids.join(), 'not each once', answered, ids)
  const read = messages().map(({ message }) => (message as { n: number }).n)
  must(read.join() === published.join(), 'not what was published', read, published)
}

test('good requests, in whatever pieces, are each answered once, and what they publish comes once', async (t) => {
  const stage = await StreamStage.set(t, { retentionCount: 20, channels: 1_000_000 })
  const quiet = await quietOn(stage)
  await fuzz(t, 0.4, async (dice, n) => {
    const many = Array.from({ length: 12 }, (_, i) => converse(stage, dice.fork(i), `${n} ${i}`))
    await Promise.all(many)
    if (n % 5 === 0) await quiet.look()
  })
  await quiet.nobodyElse()
})
