import { Channels } from '../../channel/channels.js'
import { Places } from '../../channel/places.js'
import { Readers } from '../../channel/readers.js'
import { type Fate, Strangers } from '../../channel/strangers.js'
import type { Effect, GapReason, Now, Poll } from '../../effect.js'
import type { CoreOptions } from '../../limits.js'
import { type Entry, entryOf } from '../../log/entry.js'
import type { Histogram } from '../../log/histogram.js'
import { Ledger } from '../../log/ledger.js'
import { isStreamId, type NodeId } from '../../log/node-id.js'
import { allRules } from '../../log/rules.js'
import { endOf, placeOf } from './place.js'
import type { Packet } from './port.js'
import { StreamOrigin } from './stream-origin.js'

/** Entries are born by their wall time at the log. */
const stampOf = ({ bornMs }: Entry): number => bornMs

interface Parts {
  readonly stream: NodeId
  readonly options: CoreOptions
  readonly delivery: Histogram
  emit(effect: Effect): void
}

/** Where a reader is that wants more than is kept here. */
export interface Past {
  readonly place: number
  /** It has no past, so nothing can be missing from it. */
  readonly fresh: boolean
  /** What it must be told. */
  readonly gap: GapReason | undefined
}

/** What became of a draft: the entry it is, and the one whose key it repeats. */
export interface Taken {
  readonly entry: Entry
  readonly first: Entry | undefined
}

/**
 * The order of one database: a ledger with the stream for its only origin, and the window of it that this node keeps.
 *
 * 1. An entry's number and its time are its place in the stream, the same on every node whenever that began to read.
 * 2. Keys are decided by what is in the log alone, so that a node decides alike that was not there at the time: who stored
 *    an entry has vouched that nobody up to `seen` holds its key. So it repeats a holder that came after that, and takes
 *    the place of one that came before.
 * 3. What is not here any more may still be in the stream: see `History`.
 */
export class Order {
  readonly ledger = new Ledger()
  readonly origin: StreamOrigin
  readonly channels: Channels
  readonly readers: Readers
  readonly places: Places
  shown = 0
  #metNewer = false
  readonly #parts: Parts

  constructor(parts: Parts) {
    const { stream, options, emit } = parts
    this.#parts = parts
    this.origin = this.ledger.put(new StreamOrigin(stream, this.ledger.slabs))
    this.channels = new Channels(this.ledger, options, allRules, stampOf)
    const { ledger, channels } = this
    const fate = (id: NodeId): Fate => {
      if (!isStreamId(id)) return 'other_log'
      this.#metNewer ||= id > stream
      return 'replaced'
    }
    const strangers = new Strangers({
      fate,
      viewSince: () => 0,
      graceMs: 0,
      originsMax: options.cursorOriginsMax,
    })
    const shared = { ledger, options, rules: allRules, strangers }
    this.places = new Places(shared)
    this.readers = new Readers({ ...shared, channels, emit })
  }

  /**
   * What is up to message `seq` is not here, and will not come: it is not in the stream any more, or lies before the window.
   * A stream begins with the end of message 0, so that who is there has a cursor that names the stream.
   */
  missed(seq: number): void {
    const place = endOf(seq)
    this.origin.skip(place, place, 0)
    this.ledger.advanceTo(this.origin, place)
    this.origin.lost = place
    this.channels.touchAll()
  }

  take({ seq, wall, batch }: Packet, now: Now): readonly Taken[] {
    const { delivery } = this.#parts
    const drafts = batch?.drafts ?? []
    const ageMs = Math.max(0, now.wall - wall)
    if (ageMs < this.#parts.options.retentionMs) delivery.add(ageMs)
    const taken = drafts.map((draft, i): Taken => {
      const place = placeOf(seq, i, drafts.length)
      const entry = entryOf(this.origin, place, place, draft, now.ms - ageMs)
      return { entry, first: this.#show(entry, endOf(batch?.seen ?? 0), now.ms) }
    })
    if (taken.length === 0) {
      this.origin.skip(endOf(seq), this.origin.time, now.ms)
      this.ledger.advanceTo(this.origin, endOf(seq))
    }
    return taken
  }

  #show(entry: Entry, seen: number, nowMs: number): Entry | undefined {
    const { ledger, channels } = this
    this.origin.append(entry)
    ledger.advance(entry)
    entry.place = ledger.placeOf(entry)
    this.shown++
    if (entry.key !== undefined) channels.keys.yield(entry.database, entry.key, seen)
    return channels.keep(entry, nowMs)
  }

  expire(nowMs: number): void {
    this.channels.expire(nowMs)
    this.channels.tidy(nowMs)
    this.readers.wake(this.ledger.position())
  }

  /**
   * The place from which this poll wants to read, if the stream may still have what it wants and the rings have not:
   * `first` is the first message of the stream. What a Tryton client brings that is of no use counts as nothing.
   */
  before(poll: Poll, first: number): Past | undefined {
    const start = this.places.of(poll)
    if (start === 'bad' || start.recentMs !== undefined || poll.from === 'now') return undefined
    const { at, fresh } = start
    if (at.missed && poll.lenientMs !== undefined) return undefined
    const place = at.seqs[this.origin.slot] ?? 0
    if (Math.max(place, endOf(first - 1)) >= this.keptFrom(poll)) return undefined
    return { place, fresh, gap: at.missed }
  }

  /** Since the last call, has a cursor named a stream that was made after this one? */
  takeNewer(): boolean {
    const met = this.#metNewer
    this.#metNewer = false
    return met
  }

  /** From which place on all is kept here of what this poll asks for. */
  keptFrom(poll: Poll): number {
    let place = this.origin.lost
    for (const { floors } of this.channels.those(poll)) place = Math.max(place, floors.get(this.origin)?.seq ?? 0)
    return place
  }
}
