import { test } from 'tap'
import type { Poll } from '../../src/effect.js'
import { EngineError } from '../../src/errors.js'
import { anyone } from '../../src/http/guard.js'
import { Scan } from '../../src/http/json.js'
import { httpDefaults } from '../../src/http/limits.js'
import type { Operation } from '../../src/http/operation.js'
import { readBus, readPoll } from '../../src/http/poll.js'

const read = (operation: Operation, body: string, prefer?: string): Poll => {
  const headers = prefer === undefined ? {} : { prefer }
  const scan = new Scan(Buffer.from(body), httpDefaults.jsonDepth)
  const asked = { scan, database: 'main', headers, options: httpDefaults, visitor: anyone }
  return operation(asked).terms as Poll
}

const refused = (operation: Operation, body: string): string => {
  try {
    read(operation, body)
    return 'accepted'
  } catch (error) {
    if (error instanceof EngineError) return error.code
    throw error
  }
}

const names = (count: number): string => JSON.stringify(Array.from({ length: count }, (_, i) => `c${i}`))

test('a native poll, in full and with its defaults', (t) => {
  t.strictSame(read(readPoll, '{"channels":["a","b","a"],"cursor":"1.x","limit":7,"timeout":2.5,"other":0}'), {
    type: 'poll',
    database: 'main',
    channels: ['a', 'b'],
    from: { cursor: '1.x' },
    limit: 7,
    waitMs: 2500,
  })
  t.match(read(readPoll, '{"channels":["a"]}'), { from: 'now', limit: 100, waitMs: 30_000 })
  t.equal(read(readPoll, '{"channels":["a"],"cursor":null}').from, 'now')
  t.equal(read(readPoll, '{"channels":["a"],"cursor":"earliest"}').from, 'earliest')
  t.equal(read(readPoll, '{"channels":["a"],"timeout":1e9}').waitMs, 300_000, 'a long timeout is cut')
  t.ok(Object.is(read(readPoll, '{"channels":["a"],"timeout":-0}').waitMs, 0))
  t.equal(read(readPoll, `{"channels":${names(1000)}}`).channels.length, 1000)
  t.end()
})

test('Prefer: wait counts where the body says nothing', (t) => {
  const wait = (prefer: string, more = ''): number => read(readPoll, `{"channels":["a"]${more}}`, prefer).waitMs
  t.equal(wait('wait=7'), 7000)
  t.equal(wait('respond-async, WAIT = "7"'), 7000)
  t.equal(wait('wait=7; x=1'), 7000)
  t.equal(wait('wait=999999999'), 300_000)
  t.equal(wait('wait=7', ',"timeout":1'), 1000)
  for (const other of ['wait=-1', 'wait=0.5', 'wait=soon', 'await=7', 'wait=7x', 'wait', ''])
    t.equal(wait(other), 30_000, other)
  t.end()
})

test('a Tryton poll takes what is no id as none', (t) => {
  const recent = { recentMs: 5000 }
  t.strictSame(read(readBus, '{"channels":["client:1"],"last_message":"x"}'), {
    type: 'poll',
    database: 'main',
    channels: ['client:1'],
    from: { cursor: 'x' },
    limit: 1,
    waitMs: 300_000,
    lenientMs: 5000,
  })
  for (const id of ['null', '7', '{}', '[""]', 'true', '1e400']) {
    t.same(read(readBus, `{"channels":["a"],"last_message":${id}}`).from, recent, id)
  }
  t.same(read(readBus, '{"channels":["a"]}').from, recent)
  t.same(read(readBus, '{"channels":["a"],"last_message":""}').from, { cursor: '' })
  t.same(read(readBus, '{"channels":"a"}').channels, ['a'])
  t.end()
})

test('what is refused', (t) => {
  // biome-ignore format: a table
  const both: readonly (readonly [body: string, code: string])[] = [
    ['', 'bad_json'], ['{"channels":["a"]', 'bad_json'], ['{"channels":["a"]}{}', 'bad_json'], ['[]', 'bad_request'],
    ['{}', 'bad_request'], ['{"channels":[]}', 'bad_request'], ['{"channels":null}', 'bad_request'],
    ['{"channels":{}}', 'bad_request'], ['{"channels":[1]}', 'bad_request'], ['{"channels":[null]}', 'bad_request'],
    ['{"channels":[["a"]]}', 'bad_request'], ['{"channels":[""]}', 'bad_channel'], ['{"channels":["\\u0000"]}', 'bad_channel'],
    ['{"channels":["a\\ud800"]}', 'bad_channel'], [`{"channels":["${'x'.repeat(257)}"]}`, 'bad_channel'],
    ['{"channels":["a"],"channels":["b"]}', 'bad_request'], [`{"channels":${names(1001)}}`, 'bad_request'],
    ['{"channels":[bad]}', 'bad_json'], ['{"channels":["__proto__","constructor","..","a/b","é","e\u0301"]}', 'accepted'],
    [`{"channels":["a"],"x":${'['.repeat(64)}${']'.repeat(64)}}`, 'bad_json'],
  ]
  for (const [body, code] of both) {
    t.equal(refused(readPoll, body), code, body.slice(0, 60))
    t.equal(refused(readBus, body), code, body.slice(0, 60))
  }
  // biome-ignore format: a table
  const native: readonly (readonly [member: string, code: string])[] = [
    ['"limit":0', 'bad_request'], ['"limit":1001', 'bad_request'], ['"limit":-1', 'bad_request'], ['"limit":1.5', 'bad_request'],
    ['"limit":"5"', 'bad_request'], ['"limit":null', 'bad_request'], ['"limit":[5]', 'bad_request'], ['"limit":1e400', 'bad_request'],
    ['"limit":NaN', 'bad_json'], ['"limit":1,"limit":2', 'bad_request'], ['"limit":1000', 'accepted'], ['"limit":1.0', 'accepted'],
    ['"timeout":-1', 'bad_request'], ['"timeout":"5"', 'bad_request'], ['"timeout":1e400', 'bad_request'], ['"timeout":null', 'bad_request'],
    ['"cursor":1', 'bad_cursor'], ['"cursor":{}', 'bad_cursor'], ['"cursor":[]', 'bad_cursor'], ['"cursor":false', 'bad_cursor'],
  ]
  for (const [member, code] of native) t.equal(refused(readPoll, `{"channels":["a"],${member}}`), code, member)
  t.equal(refused(readPoll, '{"channels":"a"}'), 'bad_request', 'a string for a list, from anybody but Tryton')
  t.end()
})
