import { type Cursor, formatCursor, parseCursor } from '../src/channel/cursor.js'
import { formatPosition } from '../src/channel/message-id.js'
import { nodeId } from '../test/support/core.js'
import { type Part, repeated } from './part.js'

const cursorOf = (origins: number): Cursor => ({
  time: Date.UTC(2026, 0, 1) * 4096,
  origins: Array.from({ length: origins }, (_, i) => nodeId(i + 1)).sort(),
  seqs: Array.from({ length: origins }, (_, i) => 1_000_000 + i),
  told: Array.from({ length: origins }, () => false),
})

const casesFor = (origins: number): Part['cases'] => [
  {
    name: `format, ${origins} origins`,
    prepare: () => {
      const { time, ...rest } = cursorOf(origins)
      return repeated((i) => formatPosition({ time: time + i, ...rest }))
    },
  },
  {
    name: `parse, ${origins} origins`,
    prepare: () => {
      const cursor = cursorOf(origins)
      const texts = Array.from({ length: 64 }, (_, i) => formatCursor({ ...cursor, time: cursor.time + i }))
      return repeated((i) => parseCursor(texts[i & 63] ?? '', 64))
    },
  },
]

/** Ids and cursors as text. */
export const cursor: Part = { name: 'cursor', cases: [1, 3, 15].flatMap(casesFor) }
