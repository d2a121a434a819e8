import { type Entry, before as sooner } from '../log/entry.js'
import { ticksPerMs } from '../log/lamport.js'

const byLamport = ({ time }: Entry): number => time / ticksPerMs

/** An entry that has a key; for as long as it has, nobody lets the entry go. */
interface Holder {
  readonly name: string
  readonly entry: Entry
  /** When it was made. */
  readonly ms: number
}

/**
 * Idempotency keys, decided in canonical order and expired by Lamport time, so that every node that shows the same
 * entries in the same order decides alike: the first with a key is the message, later ones repeat it.
 */
export class Keys {
  readonly #holders = new Map<string, Holder>()
  /** In the order shown, which is the order they expire in. Some have lost their key by now, and may not be looked at. */
  #queue: Holder[] = []
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

  *holders(): IterableIterator<Entry> {
    for (const { entry } of this.#holders.values()) yield entry
  }

  get(database: string, key: string): Entry | undefined {
    return this.#holders.get(`${database}\0${key}`)?.entry
  }

  holds(entry: Entry): boolean {
    const { key } = entry
    return key !== undefined && this.get(entry.database, key)?.is(entry) === true
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
    const before = this.#holders.get(name)
    if (before && !sooner(entry, before.entry)) return
    const holder = { name, entry, ms: this.stampOf(entry) }
    this.#holders.set(name, holder)
    this.#queue.push(holder)
    if (before) this.expired(before.entry)
    if (this.#holders.size > this.max) this.#shift()
  }

  /** By `stampOf`. */
  expire(ms: number): void {
    for (let first = this.#queue[this.#head]; first; first = this.#queue[this.#head]) {
      if (ms - first.ms <= this.retentionMs) return
      this.#shift()
    }
  }

  /** Who holds this key gives it up, unless that is after `seq`. */
  yield(database: string, key: string, seq: number): void {
    const holder = this.#holders.get(`${database}\0${key}`)
    if (holder === undefined || holder.entry.seq > seq) return
    this.#holders.delete(holder.name)
    this.expired(holder.entry)
  }

  #shift(): void {
    const holder = this.#queue[this.#head++]
    if (holder === undefined) return
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    if (this.#holders.get(holder.name) !== holder) return
    this.#holders.delete(holder.name)
    this.expired(holder.entry)
  }
}
