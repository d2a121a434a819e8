import { tableOf, whole } from '../table.js'

/** Where the clients are at one moment. */
export interface Sample {
  readonly atMs: number
  /** At each node. */
  readonly counts: readonly number[]
  /** At none. */
  readonly away: number
  /** Connections made until then. */
  readonly connects: number
}

/** A phase, as it was at its end; and the worst of it. */
export interface Row {
  readonly phase: string
  readonly seconds: number
  readonly counts: readonly number[]
  readonly away: number
  readonly awayMost: number
  /** The fullest node, in shares of the mean. */
  readonly unevenness: number
  readonly reconnects: number
  /** Connections made in the fullest second. */
  readonly reconnectsMost: number
}

const secondMs = 1000

const unevennessOf = ({ counts }: Sample): number => {
  const sum = counts.reduce((all, each) => all + each, 0)
  return sum === 0 ? 0 : (Math.max(...counts) * counts.length) / sum
}

/** The most connections in any one second. */
const mostInASecond = (samples: readonly Sample[]): number =>
  Math.max(
    ...samples.map(({ atMs, connects }) => {
      const before = samples.findLast((each) => each.atMs <= atMs - secondMs) ?? samples[0]
      return connects - (before?.connects ?? connects)
    }),
  )

/** Samples, cut into phases. */
export class Samples {
  readonly rows: Row[] = []
  readonly #take: () => Sample
  #phase = ''
  #samples: Sample[] = []

  constructor(take: () => Sample) {
    this.#take = take
  }

  get unevenness(): number {
    return unevennessOf(this.#take())
  }

  take(): Sample {
    const sample = this.#take()
    this.#samples.push(sample)
    return sample
  }

  /** One ends, and this one begins. */
  phase(name: string): void {
    this.end()
    this.#phase = name
    this.#samples = []
    this.take()
  }

  end(): void {
    const [first] = this.#samples
    if (!first) return
    const last = this.take()
    this.rows.push({
      phase: this.#phase,
      seconds: (last.atMs - first.atMs) / secondMs,
      counts: last.counts,
      away: last.away,
      awayMost: Math.max(...this.#samples.map(({ away }) => away)),
      unevenness: unevennessOf(last),
      reconnects: last.connects - first.connects,
      reconnectsMost: mostInASecond(this.#samples),
    })
  }
}

export const spreadTable = (rows: readonly Row[]): readonly string[] =>
  tableOf(
    [
      'phase',
      's',
      ...(rows[0]?.counts ?? []).map((_, i) => `node-${i + 1}`),
      'fullest/mean',
      'away, most',
      'connects',
      'most/s',
    ],
    rows.map(({ phase, seconds, counts, unevenness, awayMost, reconnects, reconnectsMost }) => [
      phase,
      seconds.toFixed(1),
      ...counts.map(whole),
      unevenness.toFixed(2),
      whole(awayMost),
      whole(reconnects),
      whole(reconnectsMost),
    ]),
  )
