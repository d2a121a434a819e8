import { test } from 'tap'
import { httpDefaults } from '../../src/http/limits.js'
import type { Tally } from '../../src/http/tally.js'
import { Turns } from '../../src/http/turns.js'
import type { Bus } from '../../src/ports.js'
import type { Stream } from '../../src/stream/stream.js'
import { Streams } from '../../src/stream/streams.js'

/** So many streams that can read on, each of which takes so long; who has done so, turn by turn. */
const readOn = async (count: number, eachMs: number, turns: number): Promise<number[]> => {
  let nowMs = 0
  const streams = new Streams({
    bus: {} as Bus,
    tally: {} as Tally,
    options: httpDefaults,
    keeper: { owed: 0, outboundTotalBytes: 1 },
    turns: new Turns({ turnMs: 10 }, () => nowMs),
    validMs: undefined,
  })
  let done = 0
  const resume = (): void => {
    done++
    nowMs += eachMs
  }
  for (let i = 0; i < count; i++) streams.goOn({ resume } as Stream)
  const seen: number[] = []
  for (let i = 0; i < turns; i++) {
    await new Promise(setImmediate)
    seen.push(done)
  }
  return seen
}

test('those who catch up read on for as long as a turn may last', async (t) => {
  t.same(await readOn(5, 5, 4), [2, 4, 5, 5])
})

test('at least one does, and then others have their turn', async (t) => {
  t.same(await readOn(3, 1000, 3), [1, 2, 3])
})

test('many at most, however little each takes', async (t) => {
  t.same(await readOn(70, 0, 3), [32, 64, 70])
})
