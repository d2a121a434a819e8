import type { Figures } from './figures.js'
import { fit, type Model, type Point, type Wish } from './fit.js'
import { cubed, one, perMiB, perNode, perOther, perPair, perPairAndMember, perPairAndPair, squared } from './terms.js'

/** Each is missing where too little was measured for it. */
export interface Models {
  /** Of the mesh, a second, of all nodes: frames; bytes of messages and rows; bytes of gossip. */
  readonly frames: Model | undefined
  readonly replication: Model | undefined
  readonly gossip: Model | undefined
  /** Engine time for a message. */
  readonly acceptEngine: Model | undefined
  readonly otherEngine: Model | undefined
  /** CPU of processes for a message. */
  readonly acceptLive: Model | undefined
  readonly otherLive: Model | undefined
  readonly join: Model | undefined
  /** On JetStream: CPU for a message, of a node and of the server; bytes that the server sends for one, and a second when idle. */
  readonly acceptStream: Model | undefined
  readonly otherStream: Model | undefined
  readonly nats: Model | undefined
  readonly egress: Model | undefined
  readonly presence: Model | undefined
}

type Row<T> = { readonly [key in keyof T]: T[key] }

const points = <T extends object>(
  rows: readonly Row<T>[],
  x: (row: Row<T>) => number,
  y: (row: Row<T>) => number,
): readonly Point[] => rows.map((row) => ({ x: x(row), y: y(row) }))

/** A model of a few sizes is checked by the largest; one of many by those beyond two thirds of it. */
const manySizes = 8

const fitted = (wish: Omit<Wish, 'heldOut'>): Model | undefined => {
  const most = Math.max(...wish.points.map(({ x }) => x))
  const bound = wish.points.length > manySizes ? (most * 2) / 3 : most - 1e-9
  return fit({ ...wish, heldOut: (x) => x > bound })
}

const meshModels = ({ counted, countedRate, live }: Figures): Omit<Models, 'join' | StreamModel> => {
  // A node alone has nobody to tell anything.
  const several = counted.filter(({ nodes }) => nodes > 1)
  const lively = live.filter(({ nodes }) => nodes > 1)
  const of = (y: (row: (typeof several)[number]) => number) => points(several, ({ nodes }) => nodes, y)
  const ofLive = (y: (row: (typeof lively)[number]) => number) => points(lively, ({ nodes }) => nodes, y)
  return {
    frames: fitted({
      what: 'frames a second between all nodes',
      terms: [perPair],
      points: of(({ frames }) => frames * countedRate),
    }),
    replication: fitted({
      what: 'bytes a second of messages and rows, between all nodes',
      terms: [perOther, perPair, perPairAndMember],
      points: of(({ bytes, idleBytes }) => bytes * countedRate - idleBytes),
    }),
    gossip: fitted({
      what: 'bytes a second of gossip, between all nodes',
      terms: [perPair, perPairAndMember, perPairAndPair],
      points: of(({ idleBytes }) => idleBytes),
    }),
    acceptEngine: fitted({
      what: 'µs of engine a message, accepting node',
      terms: [one, cubed],
      points: of(({ acceptUs }) => acceptUs),
    }),
    otherEngine: fitted({
      what: 'µs of engine a message, each other node',
      terms: [one, cubed],
      points: of(({ otherUs }) => otherUs),
    }),
    acceptLive: fitted({
      what: 'µs of CPU a message, accepting node',
      terms: [one, perNode],
      points: ofLive(({ acceptUs }) => acceptUs),
    }),
    otherLive: fitted({
      what: 'µs of CPU a message, each other node',
      terms: [one, perNode],
      points: ofLive(({ otherUs }) => otherUs),
    }),
  }
}

type StreamModel = 'acceptStream' | 'otherStream' | 'nats' | 'egress' | 'presence'

const streamModels = ({ streams }: Figures): Pick<Models, StreamModel> => {
  const of = (y: (row: Figures['streams'][number]) => number, rows = streams) => points(rows, ({ nodes }) => nodes, y)
  return {
    acceptStream: fitted({
      what: 'µs of CPU a message, accepting node on JetStream',
      terms: [one],
      points: of(({ acceptUs }) => acceptUs),
    }),
    otherStream: fitted({
      what: 'µs of CPU a message, each other node on JetStream',
      terms: [one],
      points: of(
        ({ otherUs }) => otherUs,
        streams.filter(({ nodes }) => nodes > 1),
      ),
    }),
    nats: fitted({
      what: 'µs of CPU a message, nats-server',
      terms: [one, perNode],
      points: of(({ natsUs }) => natsUs),
    }),
    egress: fitted({
      what: 'bytes a message, sent by nats-server',
      terms: [one, perNode],
      points: of(({ bytes }) => bytes),
    }),
    presence: fitted({
      what: 'bytes a second, sent by nats-server when nothing is published',
      terms: [perNode, squared],
      points: of(({ idleBytes }) => idleBytes),
    }),
  }
}

export const modelsOf = (figures: Figures): Models => ({
  ...meshModels(figures),
  join: fitted({
    what: 'ms until a third node is ready, by MiB that are kept',
    terms: [one, perMiB],
    points: figures.joins.map(({ mib, ms }) => ({ x: mib, y: ms })),
  }),
  ...streamModels(figures),
})
