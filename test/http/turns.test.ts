import { test } from 'tap'
import type { Connection } from '../../src/http/connection.js'
import type { House } from '../../src/http/house.js'
import type { Intake } from '../../src/http/intake.js'
import { httpDefaults } from '../../src/http/limits.js'
import { Line } from '../../src/http/line.js'
import { Repeats } from '../../src/http/repeats.js'
import { Shapes } from '../../src/http/shape.js'
import { Turns } from '../../src/http/turns.js'
import { Stage } from './stage.js'
import { codeOf, type Wire } from './wire.js'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const publishing = (text: string): string => {
  const body = `{"channel":"a","message":{"text":"${text}"}}`
  // Nothing that is recognised, so node:http reads it.
  const head = ['POST /main/bus/publish HTTP/1.1', 'Host: h', 'X-Odd: 1', 'Content-Type: application/json']
  return `${head.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

const allGood = async (wire: Wire, count: number): Promise<boolean> => {
  for (let i = 0; i < count; i++) if ((await wire.reply()).status !== 200) return false
  return true
}

test('as much at a stretch as there is time for, in the order in which it came', async (t) => {
  let nowMs = 0
  const turns = new Turns({ turnMs: 2 }, () => nowMs)
  const order: string[] = []
  const work = (name: string, more?: string): void =>
    turns.later(() => {
      order.push(name)
      nowMs++
      if (more) work(more)
    })
  work('a', 'e')
  for (const name of ['b', 'c', 'd']) work(name)
  t.ok(turns.isBusy)
  for (let turn = 1; turn <= 3; turn++) {
    await nextTurn()
    order.push('others')
  }
  t.same(order, ['a', 'b', 'others', 'c', 'd', 'others', 'e', 'others'])
  t.notOk(turns.isBusy)
})

test('many are done in their order, and kept no longer than until then', async (t) => {
  const turns = new Turns({ turnMs: 0 }, () => 0)
  const done: number[] = []
  for (let n = 0; n < 1000; n++) turns.later(() => done.push(n))
  for (let n = 0; n < 600; n++) await nextTurn()
  turns.later(() => done.push(1000))
  while (turns.isBusy) await nextTurn()
  t.same(
    done,
    Array.from({ length: 1001 }, (_, n) => n),
  )
})

test('what lasts is to go on later once its time is over, or others wait', async (t) => {
  let nowMs = 0
  const turns = new Turns({ turnMs: 2 }, () => nowMs)
  const untilMs = turns.untilMs()
  t.notOk(turns.isOver(untilMs))
  turns.later(() => {})
  t.ok(turns.isOver(untilMs))
  await nextTurn()
  t.notOk(turns.isOver(untilMs))
  nowMs = 2
  t.ok(turns.isOver(untilMs))
})

test('who has had no turn yet comes by turns with the others', async (t) => {
  const turns = new Turns({ turnMs: 1 }, () => 0)
  const order: string[] = []
  for (const name of ['a', 'b', 'c', 'd']) turns.later(() => order.push(name))
  for (const name of ['x', 'y']) turns.begin(() => order.push(name))
  await nextTurn()
  t.equal(order.join(''), 'xaybcd')
  t.notOk(turns.isBusy)
  turns.begin(() => {
    throw new Error('a mistake')
  })
  turns.begin(() => order.push('z'))
  const [error] = await new Promise<unknown[]>((resolve) => {
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.once('uncaughtException', (...told) => {
      for (const other of others) process.on('uncaughtException', other)
      resolve(told)
    })
  })
  t.match(error, { message: 'a mistake' })
  while (turns.isBusy) await nextTurn()
  t.equal(order.join(''), 'xaybcdz', 'a mistake holds up nobody')
})

test('a request that waits for its turn to leave is no idle connection', async (t) => {
  const turns = new Turns(httpDefaults)
  const house = {
    turns,
    volley: { flush: () => {} },
    shapes: new Shapes(httpDefaults),
    repeats: new Repeats(true),
    inbound: { hasRoom: () => true },
    bus: { serves: true },
    options: httpDefaults,
  } as unknown as House
  const socket = { pause: () => {}, resume: () => {} }
  const left: string[] = []
  const board = { stepAside: (_: Line, bytes: Buffer) => left.push(String(bytes)), brokenOff: () => {} }
  const line = new Line(house, { socket, waiting: 0 } as unknown as Connection, board, {} as Intake)
  t.ok(line.idleSinceMs)
  turns.later(() => {})
  line.received(Buffer.from('GET / HTTP/1.1\r\n'), 16)
  line.received(Buffer.from('Host: h\r\n\r\n'), 11)
  t.same([line.idleSinceMs, left.length], [undefined, 0])
  await nextTurn()
  t.same(left, ['GET / HTTP/1.1\r\nHost: h\r\n\r\n'])
})

test('the time at a stretch is that of all together', async (t) => {
  let nowMs = 0
  const turns = new Turns({ turnMs: 2 }, () => nowMs)
  t.equal(turns.untilMs(), 2)
  nowMs = 1
  t.equal(turns.untilMs(), 2)
  await nextTurn()
  t.equal(turns.untilMs(), 3)
  await nextTurn()
  const seen: number[] = []
  nowMs = 10
  turns.later(() => {
    nowMs = 11
    seen.push(turns.untilMs())
  })
  await nextTurn()
  t.same(seen, [12], 'what has waited has its own')
  nowMs = 20
  t.equal(turns.untilMs(), 22, 'which ends with it')
})

test('many requests in one chunk that node:http reads are done in turns, and in their order', async (t) => {
  const stage = await Stage.set(t, { turnMs: 0 })
  let turn = 0
  const turns: number[] = []
  const texts: string[] = []
  const count = (): void => {
    turn++
    if (turns.length < 200) setImmediate(count)
  }
  setImmediate(count)
  stage.bus.onStep = (input) => {
    turns.push(turn)
    if (input.type === 'publish') texts.push(...input.drafts.map((draft) => JSON.stringify(draft)))
  }
  const wire = await stage.open()
  wire.write(Array.from({ length: 200 }, (_, n) => publishing(`number ${n}.`)).join(''))
  t.ok(await allGood(wire, 200))
  const most = Math.max(...turns.map((each) => turns.filter((other) => other === each).length))
  t.ok(most <= 16, `${most} at a stretch`)
  t.equal(stage.server.counters().http_quick, 0)
  t.same(
    texts.map((text) => /number (\d+)\./.exec(text)?.[1]),
    Array.from({ length: 200 }, (_, n) => String(n)),
  )
})

test('a body that comes in many chunks is whole, though it flows in pieces', async (t) => {
  const stage = await Stage.set(t, { turnMs: 0 })
  const wire = await stage.open()
  const text = 'x'.repeat(900_000)
  let length = 0
  stage.bus.onStep = (input) => {
    if (input.type === 'publish') length = Math.max(length, JSON.stringify(input.drafts).length)
  }
  wire.write(publishing(text) + publishing('small'))
  t.equal((await wire.reply()).status, 200)
  t.ok(length > text.length)
  t.equal((await wire.reply()).status, 200)
})

test('many that are late are told so, each in its turn', async (t) => {
  const stage = await Stage.set(t, { turnMs: 0, headerTimeoutMs: 50, checkMs: 10, lingerMs: 10 })
  const wires = await Promise.all(Array.from({ length: 20 }, () => stage.open()))
  for (const [i, wire] of wires.entries()) if (i % 2 === 0) wire.write('GET /livez HTTP/1.1\r\nX: ')
  for (const wire of wires) {
    t.equal(codeOf(await wire.reply()), 'timeout')
    await wire.closed
  }
  t.equal(stage.server.counters().http_refused, 20)
})
