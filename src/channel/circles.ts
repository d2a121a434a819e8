import type { Reader } from '../effect.js'
import type { Channel } from './channel.js'
import type { Channels } from './channels.js'

/**
 * Readers that stay, on the same channels. All of them have been given everything that this node shows, so each
 * message is looked for, and made into an answer, once for all; and a member costs no more than a place in a list.
 */
export interface Circle {
  readonly key: string
  readonly channels: readonly Channel[]
  readonly readers: Reader[]
}

/** A reader's place in its circle. */
class Seat {
  constructor(
    readonly circle: Circle,
    public place: number,
  ) {}
}

const seatOf = ({ waiter }: Reader): Seat | undefined => (waiter instanceof Seat ? waiter : undefined)

const nobody: ReadonlySet<Circle> = new Set()

/** All circles, by their channels. */
export class Circles {
  readonly #channels: Channels
  readonly #all = new Map<string, Circle>()
  #size = 0

  constructor(channels: Channels) {
    this.#channels = channels
  }

  /** Readers in all of them. */
  get size(): number {
    return this.#size
  }

  has(reader: Reader): boolean {
    return seatOf(reader) !== undefined
  }

  join(reader: Reader, database: string, names: readonly string[]): void {
    const key = JSON.stringify([database, ...[...names].sort()])
    const circle = this.#all.get(key) ?? this.#make(key, database, names)
    reader.waiter = new Seat(circle, circle.readers.length)
    circle.readers.push(reader)
    this.#size++
  }

  /** The last of the circle takes its place. */
  leave(reader: Reader): void {
    const seat = seatOf(reader)
    if (!seat) return
    const { circle, place } = seat
    const last = circle.readers.pop()
    const lastSeat = last && seatOf(last)
    if (last && lastSeat && last !== reader) {
      circle.readers[place] = last
      lastSeat.place = place
    }
    reader.waiter = undefined
    this.#size--
    if (circle.readers.length === 0) this.#drop(circle)
  }

  /** Each circle once, however many of these channels are its own. */
  on(channels: readonly Channel[]): ReadonlySet<Circle> {
    if (this.#size === 0) return nobody
    return new Set(channels.flatMap(({ circles }) => [...circles]))
  }

  /** Everybody leaves. */
  takeAll(): Reader[] {
    const readers = [...this.#all.values()].flatMap((circle) => circle.readers.slice())
    for (const reader of readers) this.leave(reader)
    return readers
  }

  #make(key: string, database: string, names: readonly string[]): Circle {
    const circle = { key, channels: names.map((name) => this.#channels.open(database, name)), readers: [] }
    for (const channel of circle.channels) channel.circles.add(circle)
    this.#all.set(key, circle)
    return circle
  }

  #drop(circle: Circle): void {
    for (const channel of circle.channels) channel.circles.delete(circle)
    this.#all.delete(circle.key)
  }
}
