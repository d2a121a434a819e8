import { inspect, isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { test } from 'tap'
import { EngineError } from '../../src/errors.js'
import { Scan } from '../../src/http/json.js'
import { shared } from '../../src/http/unfit.js'

const depthMax = 64
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The dumb twin: decodes all, builds all, and counts the levels afterwards. */
const parsed = (bytes: Uint8Array): unknown => {
  const value: unknown = JSON.parse(decoder.decode(bytes))
  if (depthOf(value) > depthMax) throw new Error('too deep')
  return value
}

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

/** A value built by the scan itself, so that each of its steps is compared. */
const built = (scan: Scan): unknown => {
  switch (scan.kind) {
    case 'object': {
      const members: [string, unknown][] = []
      scan.openObject()
      while (scan.nextMember()) {
        const key = scan.key()
        if (!scan.keyIs(key) && /^[ -~]*$/.test(key)) throw new Error(`keyIs denies ${key}`)
        members.push([key, built(scan)])
      }
      return Object.fromEntries(members)
    }
    case 'array': {
      const items: unknown[] = []
      scan.openArray()
      while (scan.nextItem()) items.push(built(scan))
      return items
    }
    case 'string':
      return scan.string()
    case 'number':
      return scan.number()
    default: {
      const from = scan.at
      scan.skip()
      return JSON.parse(scan.own(from, scan.at))
    }
  }
}

type Begin = (bytes: Buffer) => Scan

const begin: Begin = (bytes) => new Scan(bytes, depthMax)

/** Somewhere in what connections read into, with something else before and behind it. */
const beginShared: Begin = (bytes) => {
  const from = bytes.length % 23
  shared.fill('"', 0, from + bytes.length + 20)
  bytes.copy(shared, from)
  const to = from + bytes.length
  return new Scan(shared, depthMax, from, to, shared.toString('latin1', 0, to % 2 === 0 ? to : to >> 1))
}

const scanned = (bytes: Buffer, by = begin): unknown => {
  const scan = by(bytes)
  const value = built(scan)
  scan.end()
  return value
}

const skipped = (bytes: Buffer): string => {
  const scan = begin(bytes)
  const from = scan.at
  scan.skip()
  const text = bytes.toString('utf8', from, scan.at)
  scan.end()
  return text
}

type Result = { readonly value: unknown } | 'refused'

const attempt = (read: () => unknown): Result => {
  try {
    return { value: read() }
  } catch (error) {
    if (error instanceof EngineError && error.code !== 'bad_json') throw error
    return 'refused'
  }
}

const padding = fc.stringMatching(/^[ \t\r\n]{0,3}$/)

const texts = fc
  .tuple(padding, fc.json({ maxDepth: 5, stringUnit: 'binary' }), padding, fc.nat(3))
  .map(([before, text, after, indent]) => before + JSON.stringify(JSON.parse(text), null, indent) + after)

/** A JSON text with some bytes changed, put in or taken out: mostly broken, often only just. */
const broken = fc
  .tuple(
    texts,
    fc.array(
      fc.tuple(fc.nat(), fc.constantFrom(...'{}[]",:\\u0-.eE1tfn \u0000\u001f\u0080\u00c0\u00ed\u00ff'), fc.nat(2)),
      { maxLength: 4 },
    ),
  )
  .map(([text, edits]) => {
    const bytes = [...Buffer.from(text)]
    for (const [at, character, kind] of edits) {
      bytes.splice(at % (bytes.length + 1), kind === 0 ? 0 : 1, ...(kind === 2 ? [] : [character.charCodeAt(0)]))
    }
    return Buffer.from(bytes)
  })

const alike = (bytes: Buffer): void => {
  const expected = attempt(() => parsed(bytes))
  const result = attempt(() => scanned(bytes))
  if (!isDeepStrictEqual(result, expected)) throw new Error(`${inspect(result)} is not ${inspect(expected)}`)
  const shared = attempt(() => scanned(bytes, beginShared))
  if (!isDeepStrictEqual(shared, expected)) throw new Error(`${inspect(shared)} is not ${inspect(expected)}, shared`)
  const passed = attempt(() => skipped(bytes))
  if ((passed === 'refused') !== (expected === 'refused')) throw new Error('skip differs')
}

test('it reads what JSON.parse reads, and refuses what that refuses', (t) => {
  fc.assert(
    fc.property(texts, (text) => alike(Buffer.from(text))),
    { numRuns: 2000 },
  )
  fc.assert(fc.property(broken, alike), { numRuns: 5000 })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => alike(Buffer.from(bytes))),
    { numRuns: 3000 },
  )
  t.pass('in 10,000 texts')
  t.end()
})

test('edges that chance may miss', (t) => {
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
  const objects = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
  // biome-ignore format: a list of words reads better than a column
  const cases: readonly (string | readonly number[])[] = [
    '', ' ', 'nul', 'nulll', 'true false', '{"a":1,}', '[1,]', '[,1]', '{,}', '{"a"}', '{"a":}', '{1:2}', "{'a':1}",
    '01', '-', '-0', '1.', '.5', '+1', '1e', '1e+', '1e400', '-1e-400', '9007199254740993', 'NaN', 'Infinity', '0x10',
    '"\\x"', '"\\u12"', '"\\u12g4"', '"\\ud800"', '"\\ud83d\\ude00"', '"\u007f"', '"\t"', '"', '"\\', '"\\"',
    '\ufeff{}', '{}\u0000', '[1]]', '{"a":1,"a":2}', '{"__proto__":1}', '/**/{}', nested(64), nested(65), nested(100_000),
    objects(64), objects(65),
    [0x22, 0xc0, 0xaf, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xff, 0x22],
    [0xef, 0xbb, 0xbf, 0x7b, 0x7d], [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00],
  ]
  for (const each of cases) {
    t.doesNotThrow(() => alike(Buffer.from(each as string)), JSON.stringify(each).slice(0, 60))
  }
  t.end()
})

test('a key counts in any spelling, and values keep their bytes', (t) => {
  const bytes = Buffer.from('{ "\\u006dessage_id" : 1.50 , "b":[ 1 ]}')
  const scan = new Scan(bytes, depthMax)
  scan.openObject()
  t.ok(scan.nextMember())
  t.ok(scan.keyIs('message_id'))
  t.equal(scan.from, 2)
  const from = scan.at
  scan.skip()
  t.equal(bytes.toString('utf8', from, scan.at), '1.50')
  t.ok(scan.nextMember())
  t.notOk(scan.keyIs('a'))
  t.ok(scan.keyIs('b'))
  scan.skip()
  t.notOk(scan.nextMember())
  scan.end()
  t.end()
})

test('every byte, at every place of a long string, counts as it does for JSON.parse', (t) => {
  const wrong: string[] = []
  for (let at = 250; at < 267; at++) {
    for (let byte = 0; byte < 256; byte++) {
      const bytes = Buffer.alloc(302, 'x')
      bytes[0] = 0x22
      bytes[at] = byte
      bytes[301] = 0x22
      try {
        alike(bytes)
      } catch (error) {
        wrong.push(`${at} ${byte}: ${error}`)
      }
    }
  }
  t.same(wrong, [])
  t.end()
})

/** Where it goes wrong, of all that a scan can be told. */
const complaint = (bytes: Buffer, by: Begin): string => {
  try {
    scanned(bytes, by)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

test('escapes and broken characters anywhere in a long string, and its end anywhere in them', (t) => {
  const wrong: string[] = []
  // biome-ignore format: a list of words reads better than a column
  const pieces = ['\\\\', '\\"', '\\n', '\\u00e9', '\\ud83d\\ude00', '\\u12g4', '\\x', 'é', '😀', '\u0001', '\n', '"']
  const broken = [[0xe9], [0xf0, 0x9f, 0x98], [0x80], [0xed, 0xa0, 0x80]].map((list) => Buffer.from(list))
  for (const piece of [...pieces.map((each) => Buffer.from(each)), ...broken])
    for (let before = 60; before < 82; before++)
      for (let length = before; length <= before + 40; length++) {
        const whole = Buffer.concat([
          Buffer.alloc(before, 'x').fill('"', 0, 1),
          piece,
          Buffer.from(`${'y'.repeat(18)}"`),
        ])
        const bytes = whole.subarray(0, length)
        try {
          alike(bytes)
        } catch (error) {
          wrong.push(`${piece} after ${before} of ${length}: ${error}`)
        }
        if (complaint(bytes, begin) !== complaint(bytes, beginShared)) wrong.push(`${piece} ${before} ${length}`)
      }
  t.same(wrong, [])
  t.end()
})

test('it says at which byte a text goes wrong', (t) => {
  const long = 'x'.repeat(5000)
  for (const [text, told] of [
    [`{"a":"${long}\u0001"}`, 'goes wrong at byte 5006'],
    [`{"a":"${long}\\x"}`, 'goes wrong at byte 5007'],
    [`{"a":"${long}\\u12"}`, 'goes wrong at byte 5010'],
    [`{"a":"${long}"]`, 'goes wrong at byte 5007'],
    [`{"a":"${long}é"]`, 'goes wrong at byte 5009'],
    [`{"a":"${long}`, 'ends too early'],
    [`{"a":tru${long}`, 'goes wrong at byte 8'],
  ] as const) {
    for (const by of [begin, beginShared])
      t.equal(complaint(Buffer.from(text), by), `the body is not JSON: it ${told}`, text.slice(-8))
  }
  const latin = Buffer.from(`{"a":"${long}é"}`, 'latin1')
  for (const by of [begin, beginShared]) t.equal(complaint(latin, by), 'the body is not UTF-8')
  t.end()
})

test('of a large text that is little else, what is kept is a part of it; of any other a copy', (t) => {
  const large = `{"a":"${'x'.repeat(5000)}"}`
  for (const [before, after] of [
    ['', ''],
    ['y'.repeat(100), ' '.repeat(50)],
    ['y'.repeat(6000), ''],
    ['', ' '.repeat(6000)],
  ]) {
    const bytes = Buffer.from(`${before}${large}${after}`)
    const scan = new Scan(bytes, depthMax, before?.length)
    const from = scan.at
    scan.skip()
    t.equal(scan.own(from, scan.at), large)
    scan.end()
  }
  t.end()
})
