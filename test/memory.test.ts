import { test } from 'tap'
import { Channels } from '../src/channel/channels.js'
import { httpDefaults } from '../src/http/limits.js'
import { readDraft } from '../src/http/publish.js'
import { StreamEngine } from '../src/jetstream/core/engine.js'
import { coreDefaults } from '../src/limits.js'
import { entryOf } from '../src/log/entry.js'
import { Ledger } from '../src/log/ledger.js'
import { Origin } from '../src/log/origin.js'
import type { Draft } from '../src/log/record.js'
import { allRules } from '../src/log/rules.js'
import { heapUsed } from './fuzz/fuzz.js'
import { draft, Lone, nodeId, wallMs } from './support/core.js'
import { type Box, Net } from './support/net.js'

const count = 200
const space = ' '.repeat(100_000)
const long = 'x'.repeat(2100)

/** What is kept of each of these is small; what it came in is not. */
const bodies: { readonly [part: string]: (n: number) => string } = {
  tail: (n) => `{"channel":"c","message":{"n":${n},"x":"${long}"}${space}}`,
  'short tail': (n) => `{"channel":"c","message":{"n":${n},"x":"${long.slice(0, 300)}"}${space}}`,
  'what follows a head': (n) => `{"channel":"c","message":{"n":${n},"message_id":null,"x":"${long}"}${space}}`,
  head: (n) => `{"channel":"c","message":{"n":${n},"x":"${long}","message_id":null}${space}}`,
  key: (n) => `{"channel":"c","key":"a key of some length ${n}","message":{}${space}}`,
  'message_id as a key': (n) => `{"channel":"c","message":{"message_id":"a key of some length ${n}"}${space}}`,
  'channel name': (n) => `{"channel":"a name of some length ${n}","message":{}${space}}`,
  traceparent: (n) =>
    `{"channel":"c","message":{},"traceparent":"00-${n.toString().padStart(32, 'a')}-00f067aa0ba902b7-01"${space}}`,
}

/** In what a message is kept: in the log, and, before it is there, where it waits for a view or for the other log. */
const keepers: { readonly [place: string]: () => (draft: Draft, n: number) => object } = {
  'the log': () => {
    const { slabs } = new Ledger()
    const origin = new Origin(nodeId(1), slabs)
    return (draft, n) => {
      const entry = entryOf(origin, n + 1, n + 1, draft, 0)
      slabs.forget()
      return entry
    }
  },
  'a node without a view': () => {
    const net = new Net()
    const [a, b, c] = net.start(['a', 'b', 'c']) as [Box, Box, Box]
    net.lose = (_, __, { type }) => type === 'state' || type === 'synced'
    net.kill(c)
    net.until(() => a.state === 'frozen' || b.state === 'frozen')
    const frozen = a.state === 'frozen' ? a : b
    return (draft) => {
      frozen.publish(draft)
      if (frozen.state !== 'frozen') throw new Error('it waits no longer')
      return frozen
    }
  },
  'a node whose stream is not open yet': () => {
    const now = { ms: 1, wall: wallMs }
    const engine = new StreamEngine({ options: coreDefaults, random: () => 0.5, now })
    engine.step({ type: 'log', event: { is: 'connected', bytesMax: 2 ** 20 } }, now)
    engine.step({ type: 'log', event: { is: 'listed', databases: ['main'] } }, now)
    return (draft) => {
      const publisher = {}
      const effects = engine.step({ type: 'publish', publisher, drafts: [draft], ack: 'all', minCopies: 1 }, now)
      if (effects.length > 0) throw new Error('it does not wait')
      return engine
    }
  },
}

for (const [part, bodyOf] of Object.entries(bodies))
  for (const [place, begin] of Object.entries(keepers))
    test(`what is kept of a message keeps nothing else alive: ${part} in ${place}`, (t) => {
      const keep = begin()
      const kept: object[] = []
      const before = heapUsed()
      for (let n = 0; n < count; n++) kept.push(keep(readDraft(Buffer.from(bodyOf(n)), 'main', httpDefaults), n))
      t.ok(heapUsed() - before < (count * space.length) / 10)
      t.equal(kept.length, count)
      t.end()
    })

test('a channel keeps nothing of the request that made it alive', (t) => {
  const channels = new Channels(new Ledger(), coreDefaults, allRules)
  const before = heapUsed()
  for (let n = 0; n < count; n++) {
    const request = `/a database of some length/${space}/a name of some length ${n}`
    channels.open(request.slice(1, 26), request.slice(2 + 25 + space.length + 1))
  }
  t.ok(heapUsed() - before < (count * space.length) / 10)
  t.ok(channels.find('a database of some length', 'a name of some length 7'))
  t.end()
})

test('what is told of a message, and waits to be written, keeps nothing else alive', (t) => {
  const lone = new Lone()
  const before = heapUsed()
  for (let n = 0; n < count; n++) {
    lone.poll('now', ['c'])
    lone.publish(readDraft(Buffer.from(bodies.tail?.(n) ?? ''), 'main', httpDefaults))
  }
  t.equal(lone.effects.filter(({ type }) => type === 'answer').length, count)
  t.ok(heapUsed() - before < (count * space.length) / 10)
  t.end()
})

test('a long message is there once for all who are told of it in one step', (t) => {
  const lone = new Lone()
  for (let n = 0; n < count; n++) lone.poll('now', ['all', `own ${n}`], { waitMs: 1000 })
  const before = heapUsed()
  lone.publish(draft('all', space))
  t.equal(lone.effects.filter(({ type }) => type === 'answer').length, count)
  t.ok(heapUsed() - before < (count * space.length) / 10)
  t.end()
})
