import type { Status } from '../effect.js'
import { quantile } from './spread.js'

/** What is drawn: messages a second, and milliseconds. */
export const measures = [
  'published',
  'shown',
  'delivered',
  'publish50',
  'publish99',
  'delivery50',
  'delivery99',
] as const

export type Measure = (typeof measures)[number]

/** How things were between two looks; what is not known is not there. */
export type Point = { readonly atMs: number } & { readonly [M in Measure]?: number }

interface Look {
  readonly atMs: number
  readonly status: Pick<Status, 'id' | 'counters' | 'times'>
}

interface Track {
  last: Look
  readonly points: Point[]
}

const counted = ['published', 'shown', 'delivered'] as const

const pointOf = (last: Look, now: Look): Point => {
  const seconds = (now.atMs - last.atMs) / 1000
  const point: { atMs: number } & { [M in Measure]?: number } = { atMs: now.atMs }
  for (const name of counted) {
    const more = (now.status.counters[name] ?? 0) - (last.status.counters[name] ?? 0)
    point[name] = Math.max(0, more) / seconds
  }
  for (const kind of ['publish', 'delivery'] as const) {
    const [after, before] = [now.status.times[kind], last.status.times[kind]]
    for (const share of [50, 99] as const) {
      const ms = quantile(share / 100, after, before)
      if (ms !== undefined) point[`${kind}${share}`] = ms
    }
  }
  return point
}

/** What each node has told of itself, by name, for as long as is drawn. */
export class History {
  readonly #tracks = new Map<string, Track>()

  constructor(readonly spanMs: number) {}

  add(name: string, status: Look['status'], atMs: number): void {
    const now = { atMs, status }
    const track = this.#tracks.get(name)
    if (!track) {
      this.#tracks.set(name, { last: now, points: [] })
      return
    }
    // Too soon after the last one, a rate would be noise.
    if (atMs - track.last.atMs < 200) return
    // Another life of the node counts from nothing.
    if (track.last.status.id === status.id) track.points.push(pointOf(track.last, now))
    track.last = now
    this.#forget(track.points, atMs)
  }

  points(name: string): readonly Point[] {
    return this.#tracks.get(name)?.points ?? []
  }

  /** The newest, if it is not older than so many milliseconds. */
  latest(name: string, nowMs: number, ageMs = 5000): Point | undefined {
    const point = this.#tracks.get(name)?.points.at(-1)
    return point && nowMs - point.atMs <= ageMs ? point : undefined
  }

  /** What was last heard of nodes that nobody knows any more goes, too. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#tracks.keys()) if (!names.has(name)) this.#tracks.delete(name)
  }

  #forget(points: Point[], nowMs: number): void {
    const first = points.findIndex(({ atMs }) => nowMs - atMs <= this.spanMs)
    points.splice(0, first < 0 ? points.length : first)
  }
}
