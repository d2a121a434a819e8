import type { Batch } from '../src/cluster/message.js'
import { decode, encode } from '../src/peer/codec.js'
import { draft, nodeId } from '../test/support/core.js'
import { type Case, type Part, repeated } from './part.js'
import { payload } from './payload.js'

const members = 3

/** As a node of three sends it every two milliseconds. */
export const batchOf = (records: number, bytes: number): Batch => ({
  type: 'batch',
  view: { ballot: 4, proposer: nodeId(1) },
  row: Array.from({ length: members }, () => 1_000_000),
  first: 1_000_000 - records,
  records: Array.from({ length: records }, (_, i) => ({
    ...draft(`channel-${i % 3}`, ''),
    tail: payload(bytes),
    seq: 1_000_000 - records + i,
    time: Date.UTC(2026, 0, 1) * 4096 + i,
  })),
})

const pair = (what: string, batch: Batch): Case[] => [
  { name: `encode ${what}`, prepare: () => repeated(() => encode(batch)) },
  {
    name: `decode ${what}`,
    prepare: () => {
      const bytes = encode(batch)
      return repeated(() => decode(bytes))
    },
  },
]

/** Frames between nodes. */
export const codec: Part = {
  name: 'codec',
  cases: [
    ...pair('a row', batchOf(0, 0)),
    ...pair('1 record of 200 B', batchOf(1, 200)),
    ...pair('10 records of 200 B', batchOf(10, 200)),
    ...pair('10 records of 16 KiB', batchOf(10, 16_384)),
  ],
}
