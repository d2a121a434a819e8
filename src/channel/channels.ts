import type { Floor } from '../cluster/message.js'
import type { CoreOptions } from '../limits.js'
import { apart } from '../log/apart.js'
import { type Entry, before as sooner } from '../log/entry.js'
import type { Ledger } from '../log/ledger.js'
import type { Origin } from '../log/origin.js'
import type { Rules } from '../log/rules.js'
import { Channel } from './channel.js'
import { Keys } from './keys.js'

/** Floors live this many retention times; the origin's own `lost` takes over from them. */
const floorLives = 3
/** Channels looked at for tidying, each time. */
const sweepCount = 4000

interface Names {
  readonly database: string
  readonly channels: readonly string[]
}

interface Database {
  /** Its own: what it is asked for by may be a piece of a request, and keep all of it. */
  readonly name: string
  readonly channels: Map<string, Channel>
}

const none: readonly Channel[] = []

/**
 * All channels of this node and what is kept in them: by count in each, by age and bytes over all, smallest key first.
 * Only what is shown is ever here, so only what is shown is ever evicted.
 */
export class Channels {
  /** By database, then by name: no key has to be put together to look for one. */
  readonly #databases = new Map<string, Database>()
  /** The one that was last asked for. */
  #recent: Database | undefined
  #size = 0
  #dirty: Channel[] = []
  readonly #keys: Keys
  #sweep: IterableIterator<Channel> | undefined
  #nowMs = 0
  bytes = 0
  count = 0
  evicted = 0

  constructor(
    readonly ledger: Ledger,
    readonly options: CoreOptions,
    readonly rules: Rules,
    stampOf?: (entry: Entry) => number,
  ) {
    const expired = (entry: Entry): void => {
      if (!entry.kept) entry.origin.drop(entry.seq)
    }
    this.#keys = new Keys(options.retentionMs, options.keysMax, expired, stampOf)
  }

  get size(): number {
    return this.#size
  }

  get full(): boolean {
    return this.#size >= this.options.channelsMax
  }

  get keys(): Keys {
    return this.#keys
  }

  *all(): IterableIterator<Channel> {
    for (const { channels } of this.#databases.values()) yield* channels.values()
  }

  find(database: string, name: string): Channel | undefined {
    return this.#of(database)?.channels.get(name)
  }

  /** Nearly always there is but one database. */
  #of(name: string): Database | undefined {
    if (this.#recent?.name !== name) this.#recent = this.#databases.get(name)
    return this.#recent
  }

  /** Those of the named ones that there are. */
  those({ database, channels: names }: Names): Channel[] {
    // Nearly always there is but one. Who waits keeps the list, and an empty one that is pushed to has room for seventeen.
    const [first = ''] = names
    if (names.length === 1) {
      const only = this.find(database, first)
      return only ? [only] : []
    }
    const found: Channel[] = []
    for (const name of names) {
      const channel = this.find(database, name)
      if (channel) found.push(channel)
    }
    return found
  }

  /** Waiting on a channel makes it. */
  noRoom({ database, channels: names }: Names): boolean {
    return this.full && names.some((name) => !this.find(database, name))
  }

  open(database: string, name: string): Channel {
    return this.find(database, name) ?? this.#add(database, name)
  }

  #add(database: string, name: string): Channel {
    const { name: own, channels } = this.#of(database) ?? this.#begin(apart(database))
    const channel = new Channel(own, apart(name), this.ledger.slabs)
    channels.set(channel.name, channel)
    this.#size++
    return channel
  }

  #begin(name: string): Database {
    const database = { name, channels: new Map<string, Channel>() }
    this.#databases.set(name, database)
    return database
  }

  #delete(channel: Channel): void {
    const { database, name } = channel
    channel.gone = true
    const others = this.#of(database)?.channels
    if (!others?.delete(name)) return
    this.#size--
    if (others.size > 0) return
    this.#databases.delete(database)
    this.#recent = undefined
  }

  /** Channels touched since the last call. */
  takeDirty(): readonly Channel[] {
    const dirty = this.#dirty
    if (dirty.length === 0) return none
    this.#dirty = []
    for (const channel of dirty) channel.dirty = false
    return dirty
  }

  #touch(channel: Channel): void {
    if (channel.dirty || !channel.isWatched) return
    channel.dirty = true
    this.#dirty.push(channel)
  }

  /** Keeps a shown entry, unless it repeats a key: then returns the entry that had it first. */
  keep(entry: Entry, nowMs: number): Entry | undefined {
    this.#nowMs = nowMs
    if (entry.key !== undefined) {
      const first = this.#keys.claim(entry)
      if (first !== undefined && !first.is(entry)) {
        this.#discard(entry)
        return first
      }
    }
    this.#insert(entry)
    return undefined
  }

  /** Keeps an entry that another node has shown: what it decided of its key stands. */
  adopt(entry: Entry, nowMs: number): void {
    this.#nowMs = nowMs
    if (entry.key !== undefined) this.#keys.hold(entry)
    if (entry.weight > 0) this.#insert(entry)
    else if (!this.#keys.holds(entry)) entry.origin.drop(entry.seq)
  }

  /** Nearly always it was there when the entry came. */
  #homeOf(entry: Entry): Channel {
    const { home } = entry
    if (home instanceof Channel && !home.gone) return home
    const channel = this.open(entry.database, entry.channel)
    entry.home = channel
    return channel
  }

  #insert(entry: Entry): void {
    const channel = this.#homeOf(entry)
    channel.ring.insert(entry)
    entry.kept = true
    entry.origin.keep(entry.seq)
    this.bytes += entry.size
    this.count++
    this.#touch(channel)
    // From a node that was away for long: all others may have had it, and forgotten it, by now.
    if (this.#nowMs - entry.bornMs > this.options.retentionMs) this.#evictFrom(channel, entry)
    while (channel.ring.length > this.options.retentionCount) this.#evictFrom(channel, channel.ring.at(0))
    while (this.bytes > this.options.retentionBytes && this.evictOldest());
  }

  /** False if there is nothing. */
  evictOldest(): boolean {
    let least: Entry | undefined
    for (const origin of this.ledger.origins) {
      const entry = origin.oldest()
      if (entry && (least === undefined || sooner(entry, least))) least = entry
    }
    if (least === undefined) return false
    this.#evict(least)
    return true
  }

  /** Of what a ring keeps, the home is the ring's channel. */
  #evict(entry: Entry): void {
    const { home } = entry
    if (!(home instanceof Channel)) throw new Error('a record is kept, and no channel has it')
    this.#evictFrom(home, entry)
  }

  #evictFrom(channel: Channel, entry: Entry | undefined): void {
    if (entry === undefined) return
    this.bytes -= entry.size
    this.count--
    this.evicted++
    channel.evict(entry, this.#nowMs, this.rules.floors)
    this.#touch(channel)
    this.#discard(entry)
  }

  #discard(entry: Entry): void {
    if (this.#keys.holds(entry)) entry.strip()
    else entry.origin.drop(entry.seq)
  }

  /** Evicts by age. */
  expire(nowMs: number): void {
    this.#nowMs = nowMs
    const bornMs = nowMs - this.options.retentionMs
    for (const origin of this.ledger.origins)
      for (let entry = origin.oldest(); entry && entry.bornMs <= bornMs; entry = origin.oldest()) this.#evict(entry)
  }

  /** A floor that came with a transfer. */
  raise(origin: Origin, floor: Floor, nowMs: number): void {
    const channel = this.open(floor.database, floor.channel)
    if (this.rules.floors) channel.raise(origin, floor.seq, nowMs)
    this.#touch(channel)
  }

  /** Everything that waits must be looked at again. */
  touchAll(): void {
    for (const channel of this.all()) this.#touch(channel)
  }

  /** Visits some channels: old floors are folded, idle channels go. */
  tidy(nowMs: number): void {
    const atMs = nowMs - floorLives * this.options.retentionMs
    this.#sweep ??= this.all()
    for (let i = 0; i < sweepCount; i++) {
      const next = this.#sweep.next()
      if (next.done) {
        this.#sweep = undefined
        return
      }
      const channel = next.value
      channel.fold(atMs)
      if (channel.idle) this.#delete(channel)
    }
  }

  /** The floors of these origins, for a transfer, each list ascending. */
  floorsOf(origins: ReadonlySet<Origin>): Map<Origin, Floor[]> {
    const floors = new Map<Origin, Floor[]>([...origins].map((origin) => [origin, []]))
    for (const { database, name, floors: own } of this.all())
      for (const [origin, { seq }] of own) floors.get(origin)?.push({ database, channel: name, seq })
    for (const list of floors.values()) list.sort((a, b) => a.seq - b.seq)
    return floors
  }

  /** The origin is forgotten by all: nothing of it may be left, not even what was copied while it was still known. */
  forget(origin: Origin): void {
    for (let entry = origin.oldest(); entry; entry = origin.oldest()) this.#evict(entry)
    for (const channel of this.all()) channel.floors.delete(origin)
  }
}
