import { constants, setPriority } from 'node:os'
import { type Assault, abandon, assail, type Counts, type Target } from './assault.js'
import { yieldAll } from './cores.js'

/** The attackers, as a process of their own: what they do to themselves must not be taken for what they do to others. */
export type Order =
  | { readonly type: 'begin'; readonly target: Target; readonly polls: number }
  | { readonly type: 'stop' }

/** What they say when they have stopped. */
export type Tale = Readonly<Record<string, number>>

// In life they have machines of their own. Here they would take the time of this one's processors from those who behave,
// and what is measured would be the scheduler: so they get all of it that nobody else wants.
if (process.argv.includes('yield')) {
  setPriority(constants.priority.PRIORITY_LOW)
  yieldAll()
}

const counts: Counts = new Map()
let assault: Assault | undefined
let isOver = false

const begin = async ({ target, polls }: Extract<Order, { type: 'begin' }>): Promise<void> => {
  isOver = false
  counts.clear()
  assault = assail(target, counts)
  while (!isOver) await abandon(target, polls, counts)
}

let abandoning: Promise<void> = Promise.resolve()

const obey = async (order: Order): Promise<void> => {
  if (order.type === 'begin') {
    abandoning = begin(order)
    return
  }
  isOver = true
  assault?.stop()
  await abandoning
  process.send?.(Object.fromEntries(counts) satisfies Tale)
}

process.on('message', (order: Order) => void obey(order))
process.on('disconnect', () => process.exit(0))
