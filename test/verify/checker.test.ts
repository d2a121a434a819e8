import fc from 'fast-check'
import { test } from 'tap'
import { formatPosition } from '../../src/channel/message-id.js'
import { makeNodeId } from '../../src/log/node-id.js'
import { readHistory } from '../../src/verify/check/history.js'
import { judge } from '../../src/verify/check/verdict.js'
import { Prng } from '../../src/verify/prng.js'
import { corruptions, randomStory } from './random-story.js'
import { foundIn, nodes, Story } from './story.js'

/** Two readers of one channel, and a cluster that is one. */
const two = (): Story => new Story().whole().reader('r', 'a').reader('s', 'a')

test('what is right is found right', (t) => {
  const story = two()
    .publish('m')
    .give('r', 'm')
    .give('s', 'm')
    .publish('n')
    .give('s', 'n')
    .give('r', 'n')
    .end('r', 's')
  t.same(story.found, {})
  t.match(story.judge(), {
    ok: true,
    complete: true,
    seed: '1',
    counts: { messages: 2, acknowledged: 2, deliveries: 4, subscribers: 2, gaps: 0 },
  })
  t.end()
})

test('lost: acknowledged, and given to nobody', (t) => {
  const story = two().publish('m').publish('n').give('r', 'n').give('s', 'n').end('r', 's')
  t.same(story.found, { lost: 2 })
  const [example] = story.judge().rows[0]?.examples ?? []
  t.match(
    example?.what,
    /^r was never given m, acknowledged by node-1 at 0\.\d+ s \(3 copies\), and was told of no gap$/,
  )
  t.match(example?.evidence, [/p publishes m to a at node-1 by http: acknowledged .* id of m/])
  t.end()
})

test('lost: what nobody need have is not', (t) => {
  t.same(two().publish('m', { outcome: 'unknown' }).publish('n', { outcome: 'refused' }).end('r', 's').found, {})
  const before = new Story().whole().publish('m').reader('r', 'a').end('r')
  t.same(before.found, {}, 'who comes later has not missed it')
  t.same(two().publish('m', { channel: 'b' }).end('r', 's').found, {}, 'who does not read the channel neither')
  const broken = two().publish('m').add({ type: 'end', complete: false })
  t.same(broken.found, {}, 'of what was broken off nothing can be said')
  t.equal(broken.judge().complete, false)
  t.end()
})

test('unsignalled gap: one has it, the other went past it', (t) => {
  const story = (): Story => two().publish('m').give('r', 'm').publish('n').give('r', 'n').give('s', 'n')
  t.same(story().end('r', 's').found, { 'unsignalled gap': 1 })
  t.same(story().add({ type: 'end', complete: false }).found, { 'unsignalled gap': 1 }, 'also before the end')
  const shown = two().publish('m', { outcome: 'unknown' }).give('r', 'm').end('r', 's')
  t.same(shown.found, { 'unsignalled gap': 1 }, 'what was shown to one is for all, acknowledged or not')
  t.end()
})

test('a gap that is told covers what lies in it, and no more', (t) => {
  const missing = (): Story =>
    two().publish('l').give('r', 'l').give('s', 'l').publish('m').give('r', 'm').publish('n').give('r', 'n')
  const told = missing().gap('s').give('s', 'n').end('r', 's')
  t.same(told.found, {})
  t.same(told.judge().excused, { 'missing behind a gap that was told': 1 })
  t.same(missing().give('s', 'n').gap('s').end('r', 's').found, { 'unsignalled gap': 1 }, 'not what came before')
  const after = missing().gap('s').give('s', 'm').give('s', 'n').publish('o').end('r', 's')
  t.same(after.found, { lost: 2 }, 'nor what was published later')
  t.end()
})

test('lost with all that had it is not promised', (t) => {
  const died = (copies: number): Story =>
    two()
      .view('alone', 'node-1')
      .publish('m', { copies })
      .fault('kill', 'node-1', 'begin')
      .fault('kill', 'node-1', 'end')
      .whole()
      .end('r', 's')
  t.same(died(1).found, {})
  t.match(died(1).judge().excused, { 'died with all nodes that had it': 1 })
  t.same(died(2).found, { lost: 2 }, 'another node had it, too')
  const later = two().publish('m', { copies: 1 }).fault('kill', 'node-1', 'begin').whole().end('r', 's')
  t.same(later.found, { lost: 2 }, 'all were one before it died')
  t.end()
})

test('lost when all nodes die together is not promised, but to who had come past it before', (t) => {
  const wiped = (story: Story): Story => {
    for (const node of nodes) story.fault('kill', node, 'begin')
    for (const node of nodes) story.fault('kill', node, 'end')
    return story.whole()
  }
  const gone = two().publish('m').view('less', 'node-1')
  t.same(wiped(gone).end('r', 's').found, {})
  const read = two().publish('m').give('s', 'm').publish('n').give('s', 'n').give('r', 'n').view('less', 'node-1')
  t.same(wiped(read).end('r', 's').found, { 'unsignalled gap': 1 })
  t.end()
})

test('doubled', (t) => {
  t.same(two().publish('m').give('r', 'm').give('s', 'm').give('r', 'm').end('r', 's').found, { doubled: 1 })
  const split = (): Story => two().fault('cut', 'node-1', 'begin').publish('m', { outcome: 'unknown' })
  const other = { id: 'other', node: 'node-2', copies: 2, try: 1 } as const
  const twice = split().publish('m', other).fault('cut', 'node-1', 'end').whole()
  for (const reader of ['r', 's']) twice.give(reader, 'm', { id: 'other' }).give(reader, 'm', { late: true })
  t.same(twice.end('r', 's').found, {}, 'a key can be taken on both sides of a split')
  const united = two().publish('m', { outcome: 'unknown' }).publish('m', other)
  for (const reader of ['r', 's']) united.give(reader, 'm', { id: 'other' }).give(reader, 'm')
  t.match(united.end('r', 's').found, { doubled: 2, 'another id': 1 }, 'but not without one')
  t.end()
})

test('out of order: two saw two orders', (t) => {
  const story = two().publish('m', { publisher: 'p' }).publish('n', { publisher: 'q' })
  const found = story.give('r', 'm').give('r', 'n').give('s', 'n').give('s', 'm').end('r', 's')
  t.same(found.found, { 'out of order': 1 })
  t.match(found.judge().rows[3]?.examples[0]?.what, /^s was given n and then m; r had them the other way round$/)
  t.end()
})

test('out of order: three saw what goes in a circle', (t) => {
  const story = new Story().whole()
  for (const name of ['r', 's', 'u']) story.reader(name, 'a')
  for (const name of ['k', 'm', 'n']) story.publish(name, { publisher: name, outcome: 'unknown' })
  story.give('r', 'k').give('r', 'm').give('s', 'm').give('s', 'n').give('u', 'n').give('u', 'k')
  t.match(story.found, { 'out of order': 1 })
  t.end()
})

test('not out of order: what ties in time, on two sides of a split', (t) => {
  const idAt = (time: number, by: number): string =>
    formatPosition({ time, origins: [makeNodeId(by, () => 0)], seqs: [time] })
  const course = (time: number, isSplit: boolean): Story => {
    const story = new Story().whole().reader('r', 'a').reader('s', 'a')
    if (isSplit) story.fault('cut', 'node-1', 'begin')
    const [m, n] = [{ id: idAt(7, 1) }, { id: idAt(time, 2) }]
    story.publish('m', { publisher: 'p', node: 'node-1', ...m }).publish('n', { publisher: 'q', node: 'node-2', ...n })
    if (isSplit) story.fault('cut', 'node-1', 'end').whole()
    return story.give('r', 'm', m).give('r', 'n', n).give('s', 'n', n).give('s', 'm', m).end('r', 's')
  }
  t.same(course(7, true).found, {})
  t.same(course(8, true).found, { 'out of order': 1 }, 'with another time one of them would have to be late')
  t.same(course(7, false).found, { 'out of order': 1 }, 'and without a split ties are decided')
  t.end()
})

test('out of order: what one publisher was told in turn', (t) => {
  const story = (): Story => new Story().whole().reader('r', 'a')
  t.same(story().publish('m').publish('n').give('r', 'n').give('r', 'm').end('r').found, { 'out of order': 1 })
  const split = (node: 'node-1' | 'node-2'): Story =>
    story().fault('cut', 'node-1', 'begin').publish('m').publish('n', { node }).fault('cut', 'node-1', 'end')
  const late = (of: Story): Story => of.whole().give('r', 'n').give('r', 'm', { late: true }).end('r')
  t.same(late(split('node-2')).found, {}, 'not across a split')
  t.same(late(split('node-1')).found, { 'out of order': 1 }, 'but through one node also then')
  t.end()
})

test('out of order: late without a split', (t) => {
  const late = { late: true } as const
  t.same(two().publish('m').give('r', 'm', late).give('s', 'm').end('r', 's').found, { 'out of order': 1 })
  const split = two().fault('pause', 'node-1', 'begin').publish('m').fault('pause', 'node-1', 'end').whole()
  t.same(split.give('r', 'm', late).give('s', 'm').end('r', 's').found, {})
  t.end()
})

test('phantom', (t) => {
  t.same(two().give('r', 'm').end('r', 's').found, { phantom: 1 }, 'nobody published it')
  const refused = two().publish('m', { outcome: 'refused' }).give('r', 'm').give('s', 'm').end('r', 's')
  t.same(refused.found, { phantom: 2 }, 'it was refused')
  const again = two().publish('m', { outcome: 'refused' }).publish('m', { try: 1 })
  t.same(again.give('r', 'm').give('s', 'm').end('r', 's').found, {}, 'and then was not')
  const elsewhere = two().publish('m', { channel: 'b' }).give('r', 'm').end('r', 's')
  t.match(elsewhere.found, { phantom: 1 }, 'it was for another channel')
  const early = two().give('r', 'm').publish('m').give('s', 'm').end('r', 's')
  t.match(early.found, { phantom: 1 }, 'it came before it was published')
  t.end()
})

test('altered, and under another id', (t) => {
  const one = (given: object): Story => two().publish('m').give('r', 'm', given).give('s', 'm').end('r', 's')
  t.same(one({ sum: 'other' }).found, { altered: 1 })
  t.same(one({ id: 'other' }).found, { 'another id': 1 })
  const shared = two().publish('m').publish('n', { id: 'id of m' })
  for (const reader of ['r', 's']) shared.give(reader, 'm').give(reader, 'n', { id: 'id of m' })
  t.match(shared.end('r', 's').found, { 'another id': 1 })
  t.end()
})

test('wrong outcome: what a key decides', (t) => {
  const read = (story: Story): Story => story.give('r', 'm').give('s', 'm').end('r', 's')
  const again = (given: object): Story =>
    read(
      two()
        .publish('m')
        .publish('m', { try: 1, node: 'node-2', ...given }),
    )
  t.same(again({ duplicate: true }).found, {})
  t.same(again({}).found, { 'wrong outcome': 1 }, 'it was there before')
  t.match(again({ duplicate: true, id: 'other' }).found, { 'another id': 1 })
  t.same(read(two().publish('m', { duplicate: true })).found, { 'wrong outcome': 1 }, 'it was not there before')
  const unknown = two().publish('m', { outcome: 'unknown' }).publish('m', { try: 1, duplicate: true })
  t.same(read(unknown).found, {}, 'an unknown fate is decided')
  t.same(read(two().publish('m', { copies: 1, minCopies: 2 })).found, { 'wrong outcome': 1 }, 'too few copies')
  t.end()
})

test('stuck, and failed', (t) => {
  const story = two().publish('m').give('r', 'm').add({ type: 'done', subscriber: 's', complete: false }).end('r')
  t.same(story.found, { stuck: 1 })
  const apart = two().add({ type: 'end', complete: true, stuck: 'the nodes are not in one view' })
  t.same(apart.found, { stuck: 1 })
  t.same(two().fault('crash', 'node-2', 'begin').end('r', 's').found, { 'node failed': 1 })
  t.end()
})

test('a shared cluster may do what it is told to', (t) => {
  const story = new Story(false).reader('r', 'a').reader('s', 'a').publish('l').give('r', 'l').give('s', 'l')
  story.publish('m').give('r', 'm').publish('n').give('r', 'n').gap('s').give('s', 'n').end('r', 's')
  t.same(story.found, {}, 'what is evicted is told')
  t.end()
})

test('waits are measured', (t) => {
  const story = two().publish('m').give('r', 'm').wait(300).give('s', 'm').wait(10_000)
  story.fault('kill', 'node-1', 'begin').publish('n').wait(400).give('r', 'n').give('s', 'n')
  story.fault('kill', 'node-1', 'end').whole().end('r', 's')
  t.match(story.judge().waits, [
    { during: 'quiet', count: 1, most: 330 },
    { during: 'kill', count: 1, median: 430, most: 430 },
  ])
  t.end()
})

test('a history is read strictly, but for a last line that was cut short', (t) => {
  const text = two()
    .publish('m')
    .lines.map((line) => JSON.stringify(line))
    .join('\n')
  const { length } = readHistory(text)
  t.equal(readHistory(`${text}\n{"at":1,"ty`).length, length)
  t.throws(() => readHistory(`${text}\n{"at":1,"ty\n`), { message: /line \d+ is none of a history/ })
  t.throws(() => readHistory('{"at":0,"type":"end"}\n'), { message: /does not begin/ })
  t.throws(() => readHistory(''), { message: /does not begin/ })
  t.end()
})

test('whatever happens, a good course is accepted and a spoilt one is not', (t) => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const dice = new Prng(`${seed}`)
      const lines = randomStory(dice)
      const found = foundIn(judge(lines))
      if (Object.keys(found).length > 0) throw new Error(`a good course: ${JSON.stringify(found)}`)
      for (const [name, corrupt] of Object.entries(corruptions)) {
        const spoilt = corrupt(lines, dice)
        if (spoilt && judge(spoilt).ok) throw new Error(`${name} is not noticed`)
      }
    }),
    { numRuns: 300 },
  )
  t.pass()
  t.end()
})
