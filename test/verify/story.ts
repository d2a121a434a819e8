import type { Deliver, Fault, Line, Told } from '../../src/verify/check/history.js'
import { judge, type Verdict } from '../../src/verify/check/verdict.js'
import type { Kind } from '../../src/verify/check/violation.js'

export const nodes = ['node-1', 'node-2', 'node-3'] as const
type Node = (typeof nodes)[number]

interface Publishing {
  readonly channel?: string
  readonly publisher?: string
  readonly node?: Node
  readonly outcome?: Told['outcome']
  readonly id?: string
  readonly copies?: number
  readonly duplicate?: true
  readonly minCopies?: number
  /** Until the outcome is told. */
  readonly takesMs?: number
  readonly try?: number
}

type Untimed<L> = L extends Line ? Omit<L, 'at'> : never

/** A history made by hand: each step is ten milliseconds after the one before it, unless told to wait. */
export class Story {
  readonly lines: Line[] = []
  at = 0

  constructor(own = true, channels: readonly string[] = ['a', 'b']) {
    this.add({ type: 'start', format: 1, date: '2026-01-01', seed: '1', own, nodes, channels })
  }

  add(line: Untimed<Line>): this {
    this.lines.push({ at: this.at, ...line } as Line)
    this.at += 10
    return this
  }

  wait(ms: number): this {
    this.at += ms
    return this
  }

  /** These nodes say that they are in one view. */
  view(name: string, ...members: readonly Node[]): this {
    for (const node of members) this.add({ type: 'view', node, since: this.at - 1, view: name, members, ready: true })
    return this
  }

  whole(): this {
    return this.view(`all-${this.at}`, ...nodes)
  }

  reader(subscriber: string, ...channels: readonly string[]): this {
    this.add({ type: 'subscribe', subscriber, channels, from: 'now' })
    const at = { subscriber, node: 'node-1', transport: 'poll' }
    this.add({ type: 'read', ...at, cursor: 'now' })
    return this.add({ type: 'position', ...at, cursor: 'begin' })
  }

  publish(message: string, given: Publishing = {}): this {
    const { channel = 'a', publisher = 'p', node = 'node-1', outcome = 'acknowledged', takesMs = 0, minCopies } = given
    const place = given.try ?? 0
    const sent = {
      message,
      try: place,
      publisher,
      node,
      by: 'http',
      channel,
      key: message,
      sum: `sum of ${message}`,
    } as const
    this.add({ type: 'publish', ...sent, ...(minCopies ? { minCopies } : {}) }).wait(takesMs)
    const { id = `id of ${message}`, copies = 3, duplicate } = given
    const told = outcome === 'acknowledged' ? { id, copies, ...(duplicate ? { duplicate } : {}) } : { why: 'so' }
    return this.add({ type: 'told', message, try: place, outcome, ...told })
  }

  give(subscriber: string, message: string, given: Partial<Deliver> = {}): this {
    const at = { subscriber, node: 'node-1', transport: 'poll' }
    const what = { message, id: `id of ${message}`, channel: 'a', sum: `sum of ${message}` }
    return this.add({ type: 'deliver', ...at, ...what, ...given })
  }

  gap(subscriber: string, reason = 'evicted'): this {
    return this.add({ type: 'gap', subscriber, node: 'node-1', transport: 'poll', reason })
  }

  fault(fault: Fault['fault'], node: Node, phase: Fault['phase']): this {
    return this.add({ type: 'fault', fault, node, phase })
  }

  /** All readers are at their end, and so is the history. */
  end(...readers: readonly string[]): this {
    for (const subscriber of readers) this.add({ type: 'done', subscriber, complete: true })
    return this.add({ type: 'end', complete: true })
  }

  judge(): Verdict {
    return judge(this.lines)
  }

  /** What was found, by kind. */
  get found(): { readonly [kind in Kind]?: number } {
    return foundIn(this.judge())
  }
}

export const foundIn = ({ rows }: Verdict): { readonly [kind in Kind]?: number } =>
  Object.fromEntries(rows.filter(({ found }) => found > 0).map(({ kind, found }) => [kind, found]))
