import tap, { test } from 'tap'
import type { Node } from '../../src/index.js'
import { agreed, crew, embed, secret } from '../live/crew.js'
import { ofAStream, pollAt, publishTo } from './live.js'
import { conforms } from './suite.js'
import { retentionCount } from './world.js'

tap.setTimeout(120_000)

const count = 3

test('a mesh, live', async (t) => {
  const options = { retentionCount, suspectTimeout: 1, heartbeat: 0.1 }
  const nodes = [...(await crew(t, count, options))]
  const nodeOf = (place: number) => nodes[place] as Node
  const restart = async (place: number): Promise<void> => {
    const { name } = nodeOf(place)
    await nodeOf(place).close()
    const join = [nodeOf((place + 1) % count).address]
    nodes[place] = await embed(t, { ...options, name, secret, join })
    await agreed(nodes)
  }
  await conforms(t, {
    nodes: count,
    keepsHistory: false,
    publish: (place, ...wanted) => publishTo(nodeOf(place), ...wanted),
    poll: (place, ...wanted) => pollAt(nodeOf(place), ...wanted),
    restart,
    lose: () => restart(0),
    foreign: { cursor: ofAStream(), reason: 'other_log' },
  })
})
