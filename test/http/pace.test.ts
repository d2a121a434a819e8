import { test } from 'tap'
import type { Answer } from '../../src/effect.js'
import { Pace } from '../../src/http/pace.js'
import { Stage } from './stage.js'

const tail = `,"x":"${'x'.repeat(2 ** 20)}"}`
const large: Answer = { messages: [{ channel: 'a', head: '{"message_id":', tail, id: 'i', late: false }], cursor: 'i' }
const poll = '{"channels":["a"],"timeout":1}'

test('after much at a stretch, one at a time', async (t) => {
  const pace = new Pace({ owed: 0, outboundTotalBytes: 10 })
  pace.made(2 ** 16)
  t.notOk(pace.isBusy)
  pace.made(2 ** 16)
  t.ok(pace.isBusy)
  const order: string[] = []
  for (let n = 1; n <= 3; n++) {
    const go = (): void => {
      order.push(`poll ${n}`)
      pace.made(2 ** 18)
    }
    pace.wait({ go, fail: (error) => t.fail(String(error)) })
  }
  for (let turn = 1; turn <= 3; turn++) {
    await new Promise(setImmediate)
    order.push(`others ${turn}`)
  }
  t.same(order, ['poll 1', 'others 1', 'poll 2', 'others 2', 'poll 3', 'others 3'])
  await new Promise(setImmediate)
  t.notOk(pace.isBusy)
})

test('what is not taken is not added to', async (t) => {
  const pace = new Pace({ owed: 11, outboundTotalBytes: 10 })
  const error = await new Promise((fail) => pace.wait({ go: () => t.fail('it is not its turn'), fail }))
  t.match(error, { code: 'overloaded', limit: 'outbound_total_bytes' })
})

for (const quick of [true, false]) {
  test(`large answers take turns, ${quick ? 'recognised' : 'by node:http'}`, async (t) => {
    const stage = await Stage.set(t, { quick })
    stage.bus.onStep = (input) => {
      if (input.type === 'poll') stage.bus.answer(large)
    }
    const wires = await Promise.all(Array.from({ length: 8 }, () => stage.open()))
    for (const wire of wires) wire.send('POST', '/main/bus/poll', poll)
    for (const wire of wires) t.ok((await wire.reply()).body.endsWith(`${tail}}],"cursor":"i"}`))
  })
}
