import { Company } from '../company.js'

/** A mesh of so many nodes in this process, on lines of a millisecond: counts, and the time that the engines take. */
export interface Counted {
  readonly nodes: number
  /** For a message, of all nodes, gossip included. */
  readonly frames: number
  readonly bytes: number
  /** A second, of all nodes, when nothing is published. */
  readonly idleFrames: number
  readonly idleBytes: number
  /** A second, sent by the node that accepts all messages. */
  readonly egress: number
  /** Of engine time for a message: of the node that accepts it, and of each other one. */
  readonly acceptUs: number
  readonly otherUs: number
}

export interface Pace {
  /** Messages a second. */
  readonly rate: number
  /** Milliseconds of the nodes' own time. */
  readonly ms: number
}

/** Times are the least of so many rounds: whatever else the machine does only adds to them. */
const rounds = 20
const settleMs = 2000

const least = (values: readonly number[]): number => Math.min(...values)

export const count = (nodes: number, { rate, ms }: Pace): Counted => {
  const company = new Company(nodes, {}, true)
  const channels = Array.from({ length: Math.max(1, Math.round(rate / 1000)) }, (_, i) => `channel-${i}`)
  const seconds = ms / 1000
  // At first they have much to tell each other.
  for (let i = 0; i < settleMs; i++) company.pass([])
  company.take()
  for (let i = 0; i < ms; i++) company.pass([])
  const idle = company.take()
  const taken = Array.from({ length: rounds }, () => {
    for (let i = 0; i < ms / rounds; i++) company.pass(channels)
    return company.take()
  })
  const sum = (of: (counts: (typeof taken)[number]) => number): number => taken.reduce((all, each) => all + of(each), 0)
  const messages = sum(({ acknowledged }) => acknowledged)
  const us = (of: (counts: (typeof taken)[number]) => number): number =>
    least(taken.map((counts) => (of(counts) * 1000) / counts.acknowledged))
  return {
    nodes,
    frames: sum(({ frames }) => frames) / messages,
    bytes: sum(({ bytes }) => bytes) / messages,
    idleFrames: idle.frames / seconds,
    idleBytes: idle.bytes / seconds,
    egress: sum(({ firstBytes }) => firstBytes) / seconds,
    acceptUs: us(({ firstMs }) => firstMs),
    otherUs: nodes > 1 ? us(({ othersMs }) => othersMs) / (nodes - 1) : 0,
  }
}

/** Code that was not compiled yet would make the first size the slowest. */
export const warmUp = (pace: Pace): void => {
  for (const nodes of [2, 3]) count(nodes, pace)
}
