import { test } from 'tap'
import { entryOf } from '../../src/log/entry.js'
import { makeNodeId } from '../../src/log/node-id.js'
import { Origin } from '../../src/log/origin.js'
import { Slabs } from '../../src/log/slabs.js'
import { traceparentOf } from '../../src/log/traceparent.js'
import { draft } from '../support/core.js'

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const parent = '00f067aa0ba902b7'
const good = `00-${trace}-${parent}-01`

test('what the specification calls valid is handed on, and nothing else', (t) => {
  const rows: readonly (readonly [text: unknown, handedOn: string | undefined])[] = [
    [good, good],
    [`00-${trace}-${parent}-00`, `00-${trace}-${parent}-00`],
    [`00-${trace}-${parent}-03`, `00-${trace}-${parent}-03`],
    [`cc-${trace}-${parent}-01`, good],
    [`cc-${trace}-${parent}-01-what-the-future-brings`, good],
    [`cc-${trace}-${parent}-fe`, `00-${trace}-${parent}-00`],
    [`cc-${trace}-${parent}-01.what`, undefined],
    [`${good}-more`, undefined],
    [`${good} `, undefined],
    [`ff-${trace}-${parent}-01`, undefined],
    [`00-${'0'.repeat(32)}-${parent}-01`, undefined],
    [`00-${trace}-${'0'.repeat(16)}-01`, undefined],
    [good.toUpperCase(), undefined],
    [good.slice(0, -1), undefined],
    [`00-${trace}${parent}-01`, undefined],
    [`0-${trace}-${parent}-01`, undefined],
    [`${good}, ${good}`, undefined],
    [`${good}\n`, undefined],
    ['', undefined],
    [[good], undefined],
    [undefined, undefined],
  ]
  for (const [text, handedOn] of rows) t.equal(traceparentOf(text), handedOn, String(text))
  t.end()
})

test('an entry has the trace of its draft, if that has one', (t) => {
  const origin = new Origin(
    makeNodeId(1, () => 0.5),
    new Slabs(),
  )
  const plain = entryOf(origin, 1, 1, draft('a', 1), 0)
  const traced = entryOf(origin, 2, 2, { ...draft('a', 1), traceparent: good }, 0)
  t.equal(plain.traceparent, undefined)
  t.notOk('traceparent' in plain.record())
  t.equal(traced.record().traceparent, good)
  t.equal(traced.copy(0).traceparent, good)
  t.end()
})
