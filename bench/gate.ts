import { Rows } from '../src/cluster/rows.js'
import { nodeId } from '../test/support/core.js'
import { Company } from './company.js'
import { type Case, type Part, repeated } from './part.js'

const perMs = 5

/** All engines of a view together, for each message that is published through one of them; no frame is encoded. */
const replicate = (nodes: number): Case => ({
  name: `replicate, ${nodes} nodes together`,
  prepare: () => {
    const company = new Company(nodes)
    const channels = Array.from({ length: perMs }, (_, i) => `channel-${i}`)
    return (times) => {
      for (let left = times; left > 0; left -= perMs) company.pass(channels.slice(0, left))
    }
  },
})

const row = (members: number): Case => ({
  name: `a row of ${members}`,
  prepare: () => {
    const ids = Array.from({ length: members }, (_, i) => nodeId(i + 1))
    const [self, other] = ids
    const start = ids.map(() => 0)
    const rows = new Rows(ids, self ?? nodeId(1), start, true)
    const have = (): number => Number.MAX_SAFE_INTEGER
    let seq = 0
    return repeated(() => {
      seq++
      const held = start.map(() => seq)
      for (const id of ids) if (id !== self) rows.note(id, held)
      rows.settle(have)
      return rows.allHold(other ?? nodeId(2), seq)
    })
  },
})

/** Who holds what, and what may be shown. */
export const gate: Part = { name: 'gate', cases: [row(3), row(15), replicate(1), replicate(3), replicate(7)] }
