import { middle } from '../../bin/bench/median.js'
import type { Figures } from './figures.js'
import { farthest } from './fit.js'
import type { Models } from './models.js'

/** A head, and rows. */
export type Table = readonly (readonly string[])[]

const fixed = (digits: number) => (value: number) => value.toFixed(digits)
const [f0, f1, f2] = [fixed(0), fixed(1), fixed(2)]
const grouped = (value: number): string => Math.round(value).toLocaleString('en-US')
const percent = (share: number): string => `${share >= 0 ? '+' : '−'}${Math.abs(100 * share).toFixed(1)} %`
const sane = (value: number): string =>
  (value < 100 ? +value.toPrecision(3) : Math.round(value)).toLocaleString('en-US')

export const modelTable = (models: Models): Table => [
  ['what', 'formula', 'fitted at', 'checked at', 'measured', 'modelled', 'error'],
  ...Object.values(models).flatMap((model) => {
    const check = model && farthest(model)
    if (!model || !check) return []
    const fitted = model.fittedAt.map(sane)
    const where = fitted.length > 5 ? `${fitted[0]}…${fitted.at(-1)}` : fitted.join(', ')
    return [
      [model.what, model.formula, where, sane(check.x), sane(check.y), sane(check.modelled), percent(check.error)],
    ]
  }),
]

export const countedTable = ({ counted }: Figures): Table => [
  ['nodes', 'frames/message', 'bytes/message', 'egress MB/s', 'idle frames/s', 'idle kB/s', 'accepting µs', 'other µs'],
  ...counted.map((row) => [
    f0(row.nodes),
    f2(row.frames),
    f0(row.bytes),
    f2(row.egress / 1e6),
    grouped(row.idleFrames),
    grouped(row.idleBytes / 1000),
    f2(row.acceptUs),
    f2(row.otherUs),
  ]),
]

const liveHead = [
  'nodes',
  'published/s',
  'accepting µs',
  'other µs',
  'p50 ms',
  'p99 ms',
  'bytes/message',
  'load',
  'faults',
]

const liveCells = (row: Figures['live'][number]): readonly string[] => [
  f0(row.nodes),
  grouped(row.rate),
  f1(row.acceptUs),
  row.nodes > 1 ? f1(row.otherUs) : '',
  f2(row.p50),
  f2(row.p99),
  f0(row.bytes),
  f1(row.load),
  f0(row.faults),
]

export const liveTable = ({ live }: Figures): Table => [liveHead, ...live.map(liveCells)]

export const streamTable = ({ streams }: Figures): Table => [
  [...liveHead, 'nats-server µs', 'idle bytes/s'],
  ...streams.map((row) => [...liveCells(row), f1(row.natsUs), grouped(row.idleBytes)]),
]

export const stallTable = ({ stalls }: Figures): Table => [
  [
    'nodes',
    'kills',
    'before, most ms',
    'acknowledged, median',
    'most',
    'delivered, median',
    'most',
    'coming back, most',
    'load',
    'faults',
  ],
  ...stalls.map(({ nodes, kills, load, faults }) => {
    const of = (pick: (kill: (typeof kills)[number]) => number): readonly number[] => kills.map(pick)
    const most = (pick: (kill: (typeof kills)[number]) => number): string => f0(Math.max(...of(pick)))
    const median = (pick: (kill: (typeof kills)[number]) => number): string => f0(middle(of(pick)))
    return [
      f0(nodes),
      f0(kills.length),
      most(({ calmMs }) => calmMs),
      median(({ acknowledgedMs }) => acknowledgedMs),
      most(({ acknowledgedMs }) => acknowledgedMs),
      median(({ deliveredMs }) => deliveredMs),
      most(({ deliveredMs }) => deliveredMs),
      most(({ rejoinMs }) => rejoinMs),
      f1(load),
      f0(faults),
    ]
  }),
]

export const joinTable = ({ joins }: Figures): Table => [
  ['MiB kept', 'messages', 'ready ms, median', 'each', 'pause of others, most ms', 'load'],
  ...joins.map(({ mib, messages, ms, all, pauseMs, load }) => [
    f1(mib),
    grouped(messages),
    f0(ms),
    all.map(f0).join(', '),
    f0(pauseMs),
    f1(load),
  ]),
]
