import { Company } from './company.js'
import type { Run } from './part.js'
import { Solo } from './solo.js'

/** What must not make a publish dearer, and how much of it there is. */
export interface Load {
  readonly nodes: number
  readonly channels: number
  readonly retained: number
  /** On other channels than those that are published to, one on each. */
  readonly waiters: number
}

/** One more of one thing after the other, all else being equal. */
export const loadsFor = (nodes: number, retainedMax: number): readonly Load[] => {
  const usual: Load = { nodes, channels: 1000, retained: 10_000, waiters: 0 }
  const powers = [1e3, 1e4, 1e5, 1e6].filter((retained) => retained <= retainedMax)
  return [
    ...[10, 1000, 100_000].map((channels) => ({ ...usual, channels, retained: 100_000 })),
    ...powers.map((retained) => ({ ...usual, retained })),
    ...[0, 10_000].map((waiters) => ({ ...usual, waiters })),
  ]
}

const perMs = 16

/** Publishes one message after the other to the channels in turn, in rings that are full. */
export const prepare = ({ nodes, channels, retained, waiters }: Load): Run => {
  const names = Array.from({ length: channels }, (_, i) => `channel-${i}`)
  const options = { retentionCount: retained / channels, retentionBytes: 2 ** 34, unstableBytes: 2 ** 30 }
  let turn = 0
  const next = (): string => names[turn++ % channels] ?? ''
  if (nodes === 1) {
    const solo = new Solo(options)
    const publish: Run = (times) => {
      for (let i = 0; i < times; i++) solo.publish(next())
    }
    publish(retained)
    for (let i = 0; i < waiters; i++) solo.poll([`other-${i}`])
    return publish
  }
  const company = new Company(nodes, options)
  const publish: Run = (times) => {
    for (let left = times; left > 0; left -= perMs) company.pass(Array.from({ length: Math.min(left, perMs) }, next))
  }
  publish(retained)
  for (let i = 0; i < waiters; i++) company.poll(`other-${i}`)
  return publish
}
