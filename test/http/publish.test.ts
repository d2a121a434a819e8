import fc from 'fast-check'
import { test } from 'tap'
import type { Publish } from '../../src/effect.js'
import { EngineError } from '../../src/errors.js'
import { anyone } from '../../src/http/guard.js'
import { Scan } from '../../src/http/json.js'
import { httpDefaults } from '../../src/http/limits.js'
import { readNotify } from '../../src/http/notify.js'
import type { Ask, Operation, Order } from '../../src/http/operation.js'
import { readPublish } from '../../src/http/publish.js'
import { draftApart } from '../../src/log/apart.js'
import type { Draft } from '../../src/log/record.js'
import { messageText } from '../support/core.js'

const ask = (body: string | Uint8Array, key?: string, options = httpDefaults): Ask => ({
  scan: new Scan(Buffer.from(body as string), options.jsonDepth),
  database: 'main',
  headers: key === undefined ? {} : { 'idempotency-key': Buffer.from(key).toString('latin1') },
  options,
  visitor: anyone,
})

const publish = (body: string, key?: string): Omit<Publish, 'publisher'> & Order => {
  const order = readPublish(ask(body, key))
  return { ...(order.terms as Publish), ...order }
}

const draft = (body: string, key?: string): Draft => {
  const [first, ...rest] = publish(body, key).drafts
  if (!first || rest.length > 0) throw new Error('not one draft')
  return first
}

const filled = (accepted: Draft, id: string): string =>
  Buffer.from(messageText({ ...draftApart(accepted), id, late: false }), 'latin1').toString()

const refused = (operation: Operation, asked: () => Ask): string => {
  try {
    operation(asked())
    return 'accepted'
  } catch (error) {
    if (error instanceof EngineError) return error.code
    throw error
  }
}

const one = (message: string, more = ''): string => `{"channel":"a","message":${message}${more}}`

test('the bytes of a message stay, with the id in their midst', (t) => {
  const cases: readonly (readonly [message: string, shown: string])[] = [
    ['{}', '{"message_id":"ID"}'],
    ['{ }', '{"message_id":"ID" }'],
    ['{"n":1.0}', '{"message_id":"ID","n":1.0}'],
    ['{ "big" : 12345678901234567890 }', '{"message_id":"ID", "big" : 12345678901234567890 }'],
    ['{"a":1,"a":2,"__proto__":{"x":1e400}}', '{"message_id":"ID","a":1,"a":2,"__proto__":{"x":1e400}}'],
    ['{"a":{"message_id":"inner"}}', '{"message_id":"ID","a":{"message_id":"inner"}}'],
    ['{"message_id":"m"}', '{"message_id":"ID"}'],
    ['{"a":1 , "message_id" : "m" , "b":2}', '{"a":1 , "message_id":"ID" , "b":2}'],
    ['{"\\u006dessage_id":null,"b":"\\ud800"}', '{"message_id":"ID","b":"\\ud800"}'],
  ]
  for (const [message, shown] of cases) t.equal(filled(draft(one(message)), 'ID'), shown)
  t.end()
})

test('whatever the object, only its id is set', (t) => {
  const objects = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }))
  const ids = fc.option(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 }), { nil: undefined })
  fc.assert(
    fc.property(objects, ids, fc.nat(2), (object, ownId, indent) => {
      const { message_id: _, ...plain } = object
      const sent = JSON.stringify(ownId === undefined ? plain : { ...plain, message_id: ownId }, null, indent)
      const accepted = draft(one(sent))
      const shown = filled(accepted, 'the id')
      t.ok(accepted.head === '' || accepted.head.endsWith('"message_id":'))
      t.strictSame(JSON.parse(shown), { ...JSON.parse(sent), message_id: 'the id' })
      t.equal(accepted.key, ownId)
    }),
    { numRuns: 200 },
  )
  t.end()
})

test('the key is the header, the field, or the id that the message brings', (t) => {
  t.equal(draft(one('{}')).key, undefined)
  t.equal(draft(one('{}')).digest, undefined)
  t.equal(draft(one('{}'), 'h').key, 'h')
  t.equal(draft(one('{}', ',"key":"k"')).key, 'k')
  t.equal(draft(one('{}', ',"key":"k"'), 'k').key, 'k')
  t.equal(draft(one('{"message_id":"m"}')).key, 'm')
  t.equal(draft(one('{"message_id":"m"}', ',"key":"k"')).key, 'k')
  t.equal(draft(one('{}'), 'clé').key, draft(one('{}', ',"key":"clé"')).key, 'a header is UTF-8 as a body is')
  t.equal(draft(one('{}'), '__proto__').key, '__proto__')
  t.end()
})

test('the digest tells another body and another channel apart, and nothing else', (t) => {
  const { digest } = draft(one('{"a":1}'), 'k')
  t.equal(digest?.length, 16)
  t.equal(draft(one('{"a":1}'), 'other').digest, digest)
  t.equal(draft('{ "message":{"a":1}, "channel":"\\u0061" }', 'k').digest, digest)
  t.not(draft(one('{"a":2}'), 'k').digest, digest)
  t.not(draft('{"channel":"b","message":{"a":1}}', 'k').digest, digest)
  t.end()
})

test('terms of one publish and of many', (t) => {
  const plain = publish(one('{}'))
  t.match(plain, { ack: 'all', minCopies: 1, form: 'one' })
  t.match(publish(one('{}', ',"ack":"local","min_copies":2,"unknown":[{}]')), { ack: 'local', minCopies: 2 })
  const many = publish(`{"messages":[${one('{"n":1}', ',"key":"k1"')},${one('{"n":2}')}],"min_copies":2}`)
  t.match(many, { ack: 'all', minCopies: 2, form: 'many' })
  t.same(
    many.drafts.map((each) => each.key),
    ['k1', undefined],
  )
  t.same(
    many.drafts.map((each) => filled(each, 'i')),
    ['{"message_id":"i","n":1}', '{"message_id":"i","n":2}'],
  )
  t.equal(publish(`{"messages":[${one('{}')}]}`).form, 'many')
  t.end()
})

test('what is refused', (t) => {
  const batch = (count: number): string => `{"messages":[${Array.from({ length: count }, () => one('{}')).join(',')}]}`
  // biome-ignore format: a table
  const cases: readonly (readonly [body: string, code: string])[] = [
    ['', 'bad_json'], ['{', 'bad_json'], [`${one('{}')} x`, 'bad_json'], ['\ufeff{}', 'bad_json'],
    ['[]', 'bad_request'], ['"text"', 'bad_request'], ['null', 'bad_request'], ['{}', 'bad_request'],
    ['{"channel":"a"}', 'bad_request'], ['{"message":{}}', 'bad_request'],
    [one('[]'), 'bad_request'], [one('null'), 'bad_request'], [one('"{}"'), 'bad_request'],
    ['{"channel":1,"message":{}}', 'bad_request'], ['{"channel":null,"message":{}}', 'bad_request'],
    ['{"channel":"","message":{}}', 'bad_channel'], ['{"channel":"\\u0000","message":{}}', 'bad_channel'],
    ['{"channel":"a\\nb","message":{}}', 'bad_channel'], ['{"channel":"\\u0085","message":{}}', 'bad_channel'],
    ['{"channel":"\\ud800","message":{}}', 'bad_channel'],
    [`{"channel":"${'x'.repeat(257)}","message":{}}`, 'bad_channel'],
    [`{"channel":"${'é'.repeat(129)}","message":{}}`, 'bad_channel'],
    ['{"channel":"a","channel":"a","message":{}}', 'bad_request'],
    ['{"channel":"a","chann\\u0065l":"b","message":{}}', 'bad_request'],
    [one('{"message_id":"a","message_id":"b"}'), 'bad_request'],
    [one('{"message_id":7}'), 'bad_key'], [one('{"message_id":""}'), 'bad_key'],
    [one('{}', ',"key":""'), 'bad_key'], [one('{}', ',"key":"\\udfff"'), 'bad_key'], [one('{}', ',"key":1'), 'bad_request'],
    [one('{}', `,"key":"${'k'.repeat(257)}"`), 'bad_key'],
    [one('{}', ',"ack":"none"'), 'bad_request'], [one('{}', ',"ack":true'), 'bad_request'],
    [one('{}', ',"min_copies":0'), 'bad_request'], [one('{}', ',"min_copies":1.5'), 'bad_request'],
    [one('{}', ',"min_copies":"2"'), 'bad_request'], [one('{}', ',"min_copies":1e400'), 'bad_request'],
    [one('{}', ',"min_copies":9007199254740993'), 'bad_request'],
    ['{"messages":[]}', 'bad_request'], ['{"messages":{}}', 'bad_request'], ['{"messages":[1]}', 'bad_request'],
    ['{"messages":[{"channel":"a"}]}', 'bad_request'], [`{"messages":[${one('{}')}],"channel":"a"}`, 'bad_request'],
    [batch(1001), 'bad_request'], [batch(1000), 'accepted'],
    [one(`{"d":${'['.repeat(63)}${']'.repeat(63)}}`), 'bad_json'], [one(`{"d":${'['.repeat(62)}${']'.repeat(62)}}`), 'accepted'],
    [one(`{"d":"${'x'.repeat(2 ** 20 - 8)}"}`), 'accepted'], [one(`{"d":"${'x'.repeat(2 ** 20 - 7)}"}`), 'too_large'],
    [`{"channel":"${'é'.repeat(128)}","message":{}}`, 'accepted'], ['{"channel":"a/../b %00","message":{}}', 'accepted'],
    ['{"channel":"__proto__","message":{}}', 'accepted'], ['{"channel":"constructor","message":{}}', 'accepted'],
    ['{"channel":"a","message":{},"toString":1,"__proto__":{"message":1}}', 'accepted'],
  ]
  for (const [body, code] of cases)
    t.equal(
      refused(readPublish, () => ask(body)),
      code,
      body.slice(0, 80),
    )
  t.equal(
    refused(readPublish, () => ask(one('{}', ',"key":"k"'), 'other')),
    'bad_key',
  )
  t.equal(
    refused(readPublish, () => ask(batch(2), 'k')),
    'bad_key',
    'one key for many',
  )
  t.equal(
    refused(readPublish, () => ask(one('{}'), 'k'.repeat(257))),
    'bad_key',
  )
  t.equal(
    refused(readPublish, () => ask(one('{"message_id":"é"}'), 'é')),
    'accepted',
  )
  const latin1 = { ...ask(one('{}')), headers: { 'idempotency-key': '\xe9' } }
  t.equal(
    refused(readPublish, () => latin1),
    'bad_key',
    'a header that is not UTF-8',
  )
  t.end()
})

test('notify makes the message that Tryton shows', (t) => {
  const notify = (body: string, key?: string): Draft => {
    const [first] = (readNotify(ask(body, key)).terms as Publish).drafts
    if (!first) throw new Error('no draft')
    return first
  }
  const full = notify('{"title":"T \\u00e9\\ud800","body":"B","priority":3,"user":7,"client":"c-1"}', 'k')
  t.equal(full.channel, 'client:c-1', 'client wins over user')
  t.equal(
    filled(full, 'i'),
    '{"message_id":"i","type":"notification","title":"T \\u00e9\\ud800","body":"B","priority":3}',
  )
  t.equal(full.key, 'k')
  const least = notify('{"title":"","user":"7","client":null,"body":null,"priority":null}')
  t.equal(least.channel, 'user:7')
  t.equal(filled(least, 'i'), '{"message_id":"i","type":"notification","title":"","body":null,"priority":1}')
  // biome-ignore format: a list
  const cases = [
    '{"user":1}', '{"title":"t"}', '{"title":"t","user":null}', '{"title":1,"user":1}', '{"title":null,"user":1}',
    '{"title":"t","user":1,"body":2}', '{"title":"t","user":1,"priority":4}', '{"title":"t","user":1,"priority":-1}',
    '{"title":"t","user":1,"priority":1.5}', '{"title":"t","user":1,"priority":"1"}', '{"title":"t","user":true}',
    '{"title":"t","user":-1}', '{"title":"t","user":{}}', '{"title":"t","client":[]}',
  ]
  for (const body of cases)
    t.equal(
      refused(readNotify, () => ask(body)),
      'bad_request',
      body,
    )
  t.equal(
    refused(readNotify, () => ask('{"title":"t","client":"\\u0007"}')),
    'bad_channel',
  )
  t.end()
})
