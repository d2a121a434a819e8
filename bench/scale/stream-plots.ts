import { type Axis, chart } from './chart.js'
import type { Figures } from './figures.js'
import type { Point } from './fit.js'
import type { Models } from './models.js'
import { lineOf, type Plot, seriesOf, spreadTo, streamMost } from './plots.js'

/** Messages a second of the models. */
export const rates = [100, 1000, 5000] as const

/** What a network of so many bits a second carries, in bytes. */
export const gigabit = 1e9 / 8

/** Bytes that the server sends a second, with so many nodes at such a rate; in cores what it computes. */
export const egressOf = ({ egress, presence }: Models, rate: number) =>
  egress && ((n: number): number => egress.at(n) * rate + (presence?.at(n) ?? 0))
export const coresOf = ({ nats }: Models, rate: number) => nats && ((n: number): number => (nats.at(n) * rate) / 1e6)

const perSecond = (rate: number): string => `${rate.toLocaleString('en-US')}/s`

export const streamPlots = (figures: Figures, models: Models): readonly Plot[] => {
  const { streams } = figures
  const most = Math.max(...streams.map(({ nodes }) => nodes))
  const x: Axis = { label: 'nodes', most: most + 0.5, ticks: streams.map(({ nodes }) => nodes) }
  const far: Axis = { label: 'nodes', logFrom: 1, most: streamMost }
  const of = (y: (row: (typeof streams)[number]) => number, from = 1): readonly Point[] =>
    streams.filter(({ nodes }) => nodes >= from).map((row) => ({ x: row.nodes, y: y(row) }))
  const few = Array.from({ length: most }, (_, i) => i + 1)
  const limit = (y: number): readonly Point[] => [1, streamMost].map((x) => ({ x, y }))
  const plots: readonly Plot[] = [
    {
      title: 'CPU a message, µs',
      sources: ['measured live', 'modelled'],
      text: 'A node’s work does not grow with the nodes: it is told each message once, by the server. The server’s does, since it tells each node.',
      svg: chart(x, { label: 'µs' }, [
        ...seriesOf(
          'nats-server',
          of(({ natsUs }) => natsUs),
          models.nats,
          few,
        ),
        ...seriesOf(
          'accepting',
          of(({ acceptUs }) => acceptUs),
          models.acceptStream,
          few,
        ),
        ...seriesOf(
          'each other',
          of(({ otherUs }) => otherUs, 2),
          models.otherStream,
          few.slice(1),
        ),
      ]),
    },
    {
      title: 'Bytes a message, sent by nats-server',
      sources: ['measured live', 'modelled'],
      text: 'To all nodes together: one copy each, of the message and what names it.',
      svg: chart(
        x,
        { label: 'bytes' },
        seriesOf(
          'bytes',
          of(({ bytes }) => bytes),
          models.egress,
          few,
        ),
      ),
    },
    {
      title: 'Until it is acknowledged by the log, ms',
      sources: ['measured live'],
      text: 'Stored by the one server there is, and answered; other nodes have no part in it, but for the cores that they share with it here.',
      svg: chart(x, { label: 'ms' }, [
        { name: 'p50', look: 'measured', points: of(({ p50 }) => p50) },
        { name: 'p99', look: 'measured', points: of(({ p99 }) => p99) },
      ]),
    },
    {
      title: 'What one server sends a second, bytes',
      sources: ['modelled'],
      text: 'Nodes × rate × bytes, and what nodes tell each other of their presence. Both scales are of powers of ten.',
      svg: chart(far, { label: 'bytes a second', logFrom: 1e4 }, [
        ...rates.map((rate) => ({
          name: perSecond(rate),
          look: 'modelled' as const,
          points: lineOf(egressOf(models, rate), spreadTo(streamMost)),
        })),
        { name: '1 Gbit/s', look: 'limit', points: models.egress ? limit(gigabit) : [] },
        { name: '10 Gbit/s', look: 'limit', points: models.egress ? limit(10 * gigabit) : [] },
      ]),
    },
    {
      title: 'Cores that one server needs',
      sources: ['modelled'],
      text: 'From its CPU a message, on this machine. How far one stream spreads over several cores is not in it.',
      svg: chart(far, { label: 'cores', logFrom: 0.001 }, [
        ...rates.map((rate) => ({
          name: perSecond(rate),
          look: 'modelled' as const,
          points: lineOf(coresOf(models, rate), spreadTo(streamMost)),
        })),
        { name: '4 cores', look: 'limit', points: models.nats ? limit(4) : [] },
      ]),
    },
  ]
  return plots.filter(({ svg }) => svg !== '')
}
