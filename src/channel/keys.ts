import type { Entry } from '../log/entry.js'
import { ticksPerMs } from '../log/lamport.js'

const byLamport = ({ time }: Entry): number => time / ticksPerMs

/**
 * Idempotency keys, decided in canonical order and expired by Lamport time, so that every node that shows the same
 * entries in the same order decides alike: the first with a key is the message, later ones repeat it.
 */
export class Keys {
  readonly #holders = new Map<string, Entry>()
  /** In the order shown, which is the order they expire in. */
  #queue: Entry[] = []
  #head = 0

  constructor(
    readonly retentionMs: number,
    readonly max: number,
    /** Called with an entry whose key is held no longer. */
    readonly expired: (entry: Entry) => void,
    /** When an entry was made, in milliseconds of a clock by which all nodes decide alike. */
    readonly stampOf: (entry: Entry) => number = byLamport,
  ) {}

  get size(): number {
    return this.#holders.size
  }

  get(database: string, key: string): Entry | undefined {
    return this.#holders.get(`${database}\0${key}`)
  }

  holds(entry: Entry): boolean {
    return entry.key !== undefined && this.get(entry.database, entry.key) === entry
  }

  /** The entry that had this key before, if one has; else `entry` holds it from now on. */
  claim(entry: Entry): Entry | undefined {
    this.expire(this.stampOf(entry))
    const holder = this.get(entry.database, entry.key ?? '')
    if (holder) return holder
    this.hold(entry)
    return undefined
  }

  /** Takes over a key that was decided elsewhere: of two holders the first in canonical order stays. */
  hold(entry: Entry): void {
    const name = `${entry.database}\0${entry.key}`
    const holder = this.#holders.get(name)
    if (holder && (holder.time < entry.time || (holder.time === entry.time && holder.origin.id <= entry.origin.id)))
      return
    this.#holders.set(name, entry)
    this.#queue.push(entry)
    if (this.#holders.size > this.max) this.#shift()
  }

  /** By `stampOf`. */
  expire(ms: number): void {
    for (let first = this.#queue[this.#head]; first; first = this.#queue[this.#head]) {
      if (ms - this.stampOf(first) <= this.retentionMs) return
      this.#shift()
    }
  }

  /** Who holds this key gives it up, unless that is after `seq`. */
  yield(database: string, key: string, seq: number): void {
    const holder = this.get(database, key)
    if (holder === undefined || holder.seq > seq) return
    this.#holders.delete(`${database}\0${key}`)
    this.expired(holder)
  }

  #shift(): void {
    const entry = this.#queue[this.#head++]
    if (entry === undefined) return
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    if (this.holds(entry)) this.#holders.delete(`${entry.database}\0${entry.key}`)
    this.expired(entry)
  }
}
