import { type Axis, chart, type Series } from './chart.js'
import type { Figures } from './figures.js'
import type { Model, Point } from './fit.js'
import type { Models } from './models.js'

export type Source = 'measured live' | 'counted in process' | 'modelled'

/** A plot, and where its figures are from. */
export interface Plot {
  readonly title: string
  readonly sources: readonly Source[]
  /** What is to be seen in it. */
  readonly text: string
  /** Empty if nothing was measured. */
  readonly svg: string
}

export const meshMost = 15
export const streamMost = 1000

const nodesTo = (most: number): readonly number[] => Array.from({ length: most }, (_, i) => i + 1)
export const byNodes: Axis = { label: 'nodes', most: meshMost + 0.5, ticks: [1, 3, 5, 7, 9, 11, 13, 15] }

/** Evenly on a scale of powers of ten. */
export const spreadTo = (most: number): readonly number[] =>
  Array.from({ length: 31 }, (_, i) => Math.round(10 ** ((i / 30) * Math.log10(most))))

export const lineOf = (at: ((x: number) => number) | undefined, xs: readonly number[]): readonly Point[] =>
  at ? xs.map((x) => ({ x, y: at(x) })) : []

/** What was measured, with what the model was checked by as rings, and the model as a line. */
export const seriesOf = (
  name: string,
  points: readonly Point[],
  model: Model | undefined,
  xs: readonly number[],
  scale = (y: number, _x: number): number => y,
): readonly Series[] => {
  const scaled = (list: readonly Point[]): readonly Point[] => list.map(({ x, y }) => ({ x, y: scale(y, x) }))
  const kept = new Set(model?.checks.map(({ x }) => x))
  return [
    { name, look: 'measured', points: scaled(points.filter(({ x }) => !kept.has(x))) },
    { name, look: 'held', points: scaled(points.filter(({ x }) => kept.has(x))) },
    { name, look: 'modelled', points: scaled(lineOf(model?.at, xs)) },
  ]
}

const severalNodes = nodesTo(meshMost).slice(1)

export const countedPlots = ({ counted, countedRate: rate, size }: Figures, models: Models): readonly Plot[] => {
  const several = counted.filter(({ nodes }) => nodes > 1)
  const of = (y: (row: (typeof several)[number]) => number): readonly Point[] =>
    several.map((row) => ({ x: row.nodes, y: y(row) }))
  const sources: readonly Source[] = ['counted in process', 'modelled']
  const each = (y: number, n: number): number => y / rate / (n - 1)
  const all = (n: number): number => (models.replication?.at(n) ?? 0) + (models.gossip?.at(n) ?? 0)
  return [
    {
      title: 'Frames a message, of all nodes',
      sources,
      text: `At ${rate.toLocaleString('en-US')} messages a second. Every member tells every other one how far it is, at most once in about 2 ms: so frames grow with the square of the nodes, whatever is published.`,
      svg: chart(byNodes, { label: 'frames' }, [
        ...seriesOf(
          'frames',
          of(({ frames }) => frames * rate),
          models.frames,
          severalNodes,
          (y) => y / rate,
        ),
      ]),
    },
    {
      title: 'Bytes a message, for each other node',
      sources,
      text: `Of ${size} bytes each. The lowest is what the message itself needs; rows (a number for each member, in each frame) add the second; gossip (who hears whom, from each to each) the rest.`,
      svg: chart(byNodes, { label: 'bytes' }, [
        ...seriesOf(
          'no gossip',
          of(({ bytes, idleBytes }) => bytes * rate - idleBytes),
          models.replication,
          severalNodes,
          each,
        ),
        { name: 'all', look: 'measured', points: of(({ bytes, nodes }) => bytes / (nodes - 1)) },
        {
          name: 'all',
          look: 'modelled',
          points: lineOf(models.replication && models.gossip && ((n) => each(all(n), n)), severalNodes),
        },
        { name: 'payload', look: 'limit', points: several.map(({ nodes }) => ({ x: nodes, y: size })) },
      ]),
    },
    {
      title: 'Engine time a message, µs',
      sources,
      text: 'The core alone, without sockets, for a message that a node accepts, and for one that it is told. With each of n−1 frames all n rows of n numbers are gone through: hence n³. The rest of a node’s CPU is sockets, HTTP and frames (see the live plot).',
      svg: chart(byNodes, { label: 'µs' }, [
        ...seriesOf(
          'accepting',
          of(({ acceptUs }) => acceptUs),
          models.acceptEngine,
          severalNodes,
        ),
        ...seriesOf(
          'each other',
          of(({ otherUs }) => otherUs),
          models.otherEngine,
          severalNodes,
        ),
      ]),
    },
  ]
}

const livePlots = ({ live, liveRate: rate }: Figures, models: Models): readonly Plot[] => {
  const of = (y: (row: (typeof live)[number]) => number, from = 1): readonly Point[] =>
    live.filter(({ nodes }) => nodes >= from).map((row) => ({ x: row.nodes, y: y(row) }))
  const { acceptLive: accept, otherLive: other } = models
  const through = accept && ((n: number) => 1e6 / accept.at(n))
  const spread = accept && other && ((n: number) => 1e6 / (accept.at(n) / n + other.at(n) * (1 - 1 / n)))
  return [
    {
      title: 'CPU a message, µs',
      sources: ['measured live', 'modelled'],
      text: `Processes, ${rate.toLocaleString('en-US')} messages a second, all through one node. A node alone (left) tells nobody, and is not part of the model.`,
      svg: chart(byNodes, { label: 'µs' }, [
        ...seriesOf(
          'accepting',
          of(({ acceptUs }) => acceptUs),
          accept,
          severalNodes,
        ),
        ...seriesOf(
          'each other',
          of(({ otherUs }) => otherUs, 2),
          other,
          severalNodes,
        ),
      ]),
    },
    {
      title: 'Until it is acknowledged by all, ms',
      sources: ['measured live'],
      text: 'The slowest member decides. All nodes and the load share the cores of one machine here, so beyond its cores this is waiting for CPU more than for the mesh.',
      svg: chart(byNodes, { label: 'ms' }, [
        { name: 'p50', look: 'measured', points: of(({ p50 }) => p50) },
        { name: 'p99', look: 'measured', points: of(({ p99 }) => p99) },
      ]),
    },
    {
      title: 'What a mesh can take, messages a second',
      sources: ['modelled'],
      text: 'From the CPU above, with a core for each node and nothing else in the way; at higher rates than that was measured at, more goes in a frame and a message costs less. Published through one node, that node is the limit; through all, what each is told by the others is.',
      svg: chart(byNodes, { label: 'a second' }, [
        { name: 'through one', look: 'modelled', points: lineOf(through, severalNodes) },
        { name: 'through all', look: 'modelled', points: lineOf(spread, severalNodes) },
      ]),
    },
  ]
}

const stallPlot = ({ stalls }: Figures): Plot => {
  const of = (y: (kill: Figures['stalls'][number]['kills'][number]) => number): readonly Point[] =>
    stalls.flatMap(({ nodes, kills }) => kills.map((kill) => ({ x: nodes, y: y(kill) })))
  return {
    title: 'The longest pause around kill -9, ms',
    sources: ['measured live'],
    text: 'Each dot is a kill: the longest time without a delivery at another node. Rings: without an acknowledgement, in as long a time just before. The promise is half a second.',
    svg: chart({ ...byNodes, most: 8, ticks: [2, 3, 5, 7] }, { label: 'ms' }, [
      { name: 'before', look: 'held', points: of(({ calmMs }) => calmMs) },
      { name: 'killed', look: 'measured', points: of(({ deliveredMs }) => deliveredMs) },
      { name: 'promise', look: 'limit', points: stalls.length > 0 ? [2, 7].map((x) => ({ x, y: 500 })) : [] },
    ]),
  }
}

const joinPlot = ({ joins }: Figures, { join }: Models): Plot => {
  const most = Math.max(...joins.map(({ mib }) => mib))
  return {
    title: 'Until a node that joins is ready, s',
    sources: ['measured live', 'modelled'],
    text: 'From the start of its process until all agree on it, by what two others have kept (messages of 1 KiB). It is given all of it before it serves; the others serve meanwhile.',
    svg: chart({ label: 'MiB kept' }, { label: 's' }, [
      ...seriesOf(
        'ready',
        joins.map(({ mib, ms }) => ({ x: mib, y: ms })),
        join,
        [0, most],
        (ms) => ms / 1000,
      ),
    ]),
  }
}

export const meshPlots = (figures: Figures, models: Models): readonly Plot[] =>
  [
    ...countedPlots(figures, models),
    ...livePlots(figures, models),
    stallPlot(figures),
    joinPlot(figures, models),
  ].filter(({ svg }) => svg !== '')
