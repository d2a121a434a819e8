import tap, { test } from 'tap'
import { closing, frame, RawSocket } from './raw-socket.js'
import { StreamStage } from './stage.js'

// For the file as a whole: the runner's own limit is shorter than a busy machine needs.
tap.setTimeout(180_000)

/**
 * The cases of the Autobahn test suite (fuzzingclient), under its numbers, as far as they ask something of a server. It
 * wants an echo; here a text that is a publish is answered, and any other text is closed with 4400, binary with 1003.
 * Its sections 12 and 13 are about compression, which is never agreed on; 9 is about size and 10 about fragments.
 */
const start = '{"type":"publish","id":1,"channel":"a","message":{"t":"'
const end = '"}}'

/** A publish of so many bytes. */
const sized = (bytes: number): string => (start + end).padEnd(bytes)
const holding = (...bytes: number[]): Buffer =>
  Buffer.concat([Buffer.from(start), Buffer.from(bytes), Buffer.from(end)])

const text = frame(1, sized(80))
const [part1, part2, part3] = [sized(90).slice(0, 30), sized(90).slice(30, 60), sized(90).slice(60)]
const first = frame(1, part1, { fin: false })
const middle = frame(0, part2, { fin: false })
const last = frame(0, part3)
const ping = (data = ''): Buffer => frame(9, data)

/** What comes back: an answer to the publish, pongs with these data, and the code of the close. */
type Expected = { readonly answers?: number; readonly pongs?: readonly string[]; readonly code?: number | null }
type Case = readonly [name: string, bytes: readonly Buffer[], expected: Expected]

const answered: Expected = { answers: 1 }
const broken: Expected = { code: 1002 }
const notText: Expected = { code: 1007 }

const framing: readonly Case[] = [
  ['1.1.1 an empty text', [frame(1)], { code: 4400 }],
  ...[125, 126, 127, 128, 65_535, 65_536].map(
    (size, i): Case => [`1.1.${i + 2} a text of ${size} bytes`, [frame(1, sized(size))], answered],
  ),
  ...[0, 125, 126, 65_536].map(
    (size): Case => [`1.2 binary of ${size} bytes`, [frame(2, Buffer.alloc(size))], { code: 1003 }],
  ),
  ['2.1 a ping without data', [ping()], { pongs: [''] }],
  ['2.2 a ping with text', [ping('Hello, world!')], { pongs: ['Hello, world!'] }],
  ['2.3 a ping that is no UTF-8', [frame(9, Buffer.from([0, 255, 254, 253]))], { pongs: ['\u0000\xff\xfe\xfd'] }],
  ['2.4 a ping of 125 bytes', [ping('p'.repeat(125))], { pongs: ['p'.repeat(125)] }],
  ['2.5 a ping of 126 bytes', [ping('p'.repeat(126))], broken],
  ['2.7 a pong that nobody asked for', [frame(10), text], answered],
  ['2.8 the same with data', [frame(10, 'unasked'), text], answered],
  ['2.9 a pong, then a ping', [frame(10, 'unasked'), ping('x')], { pongs: ['x'] }],
  [
    '2.10 ten pings',
    Array.from({ length: 10 }, (_, i) => ping(`${i}`)),
    { pongs: Array.from({ length: 10 }, (_, i) => `${i}`) },
  ],
  ['3.1 RSV 1', [frame(1, sized(80), { rsv: 1 })], broken],
  ['3.2 RSV 2 behind a good text', [text, frame(1, sized(80), { rsv: 2 }), ping()], { answers: 1, code: 1002 }],
  ['3.5 RSV 5 in binary', [frame(2, 'x', { rsv: 5 })], broken],
  ['3.6 RSV 6 in a ping', [frame(9, 'x', { rsv: 6 })], broken],
  ['3.7 RSV 7 in a close', [frame(8, '', { rsv: 7 })], broken],
  ...[3, 4, 5, 6, 7].map((opcode): Case => [`4.1 opcode ${opcode}`, [frame(opcode)], broken]),
  ...[11, 12, 13, 14, 15].map((opcode): Case => [`4.2 opcode ${opcode}`, [frame(opcode, 'x')], broken]),
  ['no mask', [frame(1, sized(80), { masked: false })], broken],
]

const fragments: readonly Case[] = [
  ['5.1 a ping in two', [frame(9, 'a', { fin: false }), frame(0, 'b')], broken],
  ['5.2 a pong in two', [frame(10, 'a', { fin: false }), frame(0, 'b')], broken],
  ['5.3 a text in fragments', [first, middle, last], answered],
  ['5.6 a ping between fragments', [first, ping('x'), middle, last], { answers: 1, pongs: ['x'] }],
  ['5.9 a continuation of nothing, the last', [frame(0, 'x'), text], broken],
  ['5.12 a continuation of nothing, not the last', [frame(0, 'x', { fin: false }), text], broken],
  [
    '5.15 a continuation behind a whole message',
    [first, frame(0, part2 + part3), frame(0, 'x')],
    { answers: 1, code: 1002 },
  ],
  ['5.18 a text within a text', [first, text], broken],
  [
    '5.19 pings between fragments',
    [first, ping('1'), ping('2'), middle, ping('3'), last],
    { answers: 1, pongs: ['1', '2', '3'] },
  ],
  ['10.1.1 a text of 65,536 bytes in 51 fragments', fiftyOne(sized(65_536)), answered],
]

function fiftyOne(whole: string): Buffer[] {
  const size = 1300
  const count = Math.ceil(whole.length / size)
  return Array.from({ length: count }, (_, i) =>
    frame(i === 0 ? 1 : 0, whole.slice(i * size, (i + 1) * size), { fin: i === count - 1 }),
  )
}

const valid: readonly (readonly [name: string, ...bytes: number[]])[] = [
  ['6.2 κόσμε', 0xce, 0xba, 0xe1, 0xbd, 0xb9, 0xcf, 0x83, 0xce, 0xbc, 0xce, 0xb5],
  ['6.7.2 U+0080', 0xc2, 0x80],
  ['6.7.3 U+0800', 0xe0, 0xa0, 0x80],
  ['6.7.4 U+10000', 0xf0, 0x90, 0x80, 0x80],
  ['6.9.2 U+07FF', 0xdf, 0xbf],
  ['6.9.3 U+FFFF', 0xef, 0xbf, 0xbf],
  ['6.9.4 U+10FFFF', 0xf4, 0x8f, 0xbf, 0xbf],
  ['6.11.1 U+D7FF', 0xed, 0x9f, 0xbf],
  ['6.11.2 U+E000', 0xee, 0x80, 0x80],
  ['6.11.3 U+FFFD', 0xef, 0xbf, 0xbd],
  ['6.22 U+FFFE', 0xef, 0xbf, 0xbe],
  ['6.23 U+1FFFE', 0xf0, 0x9f, 0xbf, 0xbe],
]

const invalid: readonly (readonly [name: string, ...bytes: number[]])[] = [
  ['6.3 a surrogate in the middle', 0xce, 0xba, 0xed, 0xa0, 0x80, 0x65],
  ['6.6 a sequence cut short', 0xe1, 0xbd],
  ['6.8.1 five bytes', 0xf8, 0x88, 0x80, 0x80, 0x80],
  ['6.8.2 six bytes', 0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
  ['6.10.1 beyond U+10FFFF', 0xf7, 0xbf, 0xbf, 0xbf],
  ['6.11.5 U+110000', 0xf4, 0x90, 0x80, 0x80],
  ['6.12.1 a continuation alone', 0x80],
  ['6.12.2 the last continuation alone', 0xbf],
  ['6.13.1 starts without continuations', 0xc0, 0x20, 0xdf, 0x20],
  ['6.14.1 one byte missing of two', 0xc0],
  ['6.14.3 one missing of four', 0xf0, 0x80, 0x80],
  ['6.16.1 FE', 0xfe],
  ['6.16.2 FF', 0xff],
  ['6.17.1 an overlong /', 0xc0, 0xaf],
  ['6.17.2 in three bytes', 0xe0, 0x80, 0xaf],
  ['6.17.3 in four', 0xf0, 0x80, 0x80, 0xaf],
  ['6.18.1 the greatest overlong of two', 0xc1, 0xbf],
  ['6.18.2 of three', 0xe0, 0x9f, 0xbf],
  ['6.19.1 an overlong NUL', 0xc0, 0x80],
  ['6.20.1 the surrogate U+D800', 0xed, 0xa0, 0x80],
  ['6.20.7 the surrogate U+DFFF', 0xed, 0xbf, 0xbf],
  ['6.21.1 a pair of them', 0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80],
]

const utf8: readonly Case[] = [
  ...valid.map(([name, ...bytes]): Case => [name, [frame(1, holding(...bytes))], answered]),
  ...invalid.map(([name, ...bytes]): Case => [name, [frame(1, holding(...bytes))], notText]),
  [
    '6.4 invalid in the second of three fragments',
    [frame(1, start, { fin: false }), frame(0, Buffer.from([0xf4, 0x90, 0x80, 0x80]), { fin: false }), frame(0, end)],
    notText,
  ],
  [
    '6.2.3 a character over two fragments',
    [
      frame(1, Buffer.concat([Buffer.from(start), Buffer.from([0xce])]), { fin: false }),
      frame(0, Buffer.concat([Buffer.from([0xba]), Buffer.from(end)])),
    ],
    answered,
  ],
]

const closes: readonly Case[] = [
  ['7.1.1 a close behind a text', [text, closing(1000)], { answers: 1, code: 1000 }],
  ['7.1.2 two closes', [closing(1000), closing(1000)], { code: 1000 }],
  ['7.1.3 a ping behind a close', [closing(1000), ping('x')], { code: 1000 }],
  ['7.1.4 a text behind a close', [closing(1000), text], { code: 1000 }],
  ['7.1.5 a close within a text', [first, closing(1000), last], { code: 1000 }],
  ['7.3.1 a close without a code', [frame(8)], { code: null }],
  ['7.3.2 with half a code', [frame(8, 'x')], broken],
  ['7.3.4 with a code and a reason', [closing(1000, 'done')], { code: 1000 }],
  ['7.3.5 with a reason of 123 bytes', [closing(1000, 'r'.repeat(123))], { code: 1000 }],
  ['7.3.6 of 124 bytes', [closing(1000, 'r'.repeat(124))], broken],
  ['7.5.1 with a reason that is no UTF-8', [closing(1000, Buffer.from([0xce, 0xba, 0xed, 0xa0, 0x80]))], notText],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map(
    (code): Case => [`7.7 code ${code}`, [closing(code)], { code }],
  ),
  ...[0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535].map(
    (code): Case => [`7.9 code ${code}`, [closing(code)], broken],
  ),
]

const sizes: readonly Case[] = [
  ['9.1.3 a text of a MiB', [frame(1, sized(2 ** 20))], answered],
  ['9.1.6 of more than is taken', [frame(1, sized(2 ** 21 + 1))], { code: 1009 }],
  [
    '9.3 fragments of together more than is taken',
    [frame(1, sized(2 ** 20), { fin: false }), frame(0, ' '.repeat(2 ** 20 + 1))],
    { code: 1009 },
  ],
  ['a length of 2^63', [frame(1, '', { length: 2n ** 63n })], { code: 1009 }],
  [
    'more fragments than are taken',
    [first, ...Array.from({ length: 101 }, () => frame(0, '', { fin: false }))],
    { code: 1008 },
  ],
]

for (const [title, cases] of Object.entries({ framing, fragments, utf8, closes, sizes })) {
  test(`Autobahn: ${title}`, { timeout: 120_000 }, async (t) => {
    const stage = await StreamStage.set(t, { frameBytes: 2 ** 21, frameFragments: 100 })
    for (const [name, bytes, expected] of cases) {
      const whole = Buffer.concat(bytes)
      await t.test(name, async (t) => {
        await check(t, stage.port, expected, (socket) => Promise.resolve(socket.write(whole)))
        if (whole.length < 400) await check(t, stage.port, expected, (socket) => socket.dribble(whole))
      })
    }
  })
}

const check = async (
  t: { strictSame(found: unknown, wanted: unknown, message: string): void },
  port: number,
  { answers = 0, pongs = [], code }: Expected,
  send: (socket: RawSocket) => Promise<unknown>,
): Promise<void> => {
  const socket = new RawSocket(port)
  try {
    await send(socket)
    await socket.frame(answers + pongs.length - (code === undefined ? 1 : 0))
    // Behind all that: it still answers if it should, and nothing else has come.
    if (code === undefined) await socket.write(ping('still there')).frame(answers + pongs.length)
    if (code !== undefined) await closed(socket)
    const of = (opcode: number): Buffer[] =>
      socket.frames.filter((each) => each.opcode === opcode).map(({ data }) => data)
    t.strictSame(
      of(10).map((data) => data.toString('latin1')),
      code === undefined ? [...pongs, 'still there'] : pongs,
      'pongs',
    )
    t.strictSame(of(1).filter((data) => data.includes('"published"')).length, answers, 'answers')
    const [close] = of(8)
    const told = close && (close.length >= 2 ? close.readUInt16BE(0) : null)
    t.strictSame(told, code, 'close')
  } finally {
    socket.close()
  }
}

const closed = async (socket: RawSocket): Promise<void> => {
  for (let i = 0; ; i++) {
    const next = await socket.frame(i)
    if (!next || next.opcode === 8) return
  }
}
