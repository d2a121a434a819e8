import type { GapReason, Poll, Shown } from '../../effect.js'
import type { NodeId } from '../../log/node-id.js'
import type { KeptDraft } from '../../log/record.js'
import type { Past } from './order.js'
import { endOf, nextSeq, placeOf } from './place.js'
import type { Packet } from './port.js'
import { idAt } from './publishes.js'

interface Limits {
  readonly limit: number
  readonly bytes: number
  /** From which place on all is kept here. */
  readonly kept: () => number
}

/** How far back it is looked for who else had a key, where a sender was behind. */
const backMax = 1000

/** Of one message of the stream: where each key was last. */
type Keys = Map<string, number>

/**
 * One reader on its way through what is older than what is kept: what it has been given of a page, and how far it is.
 * Keys are decided as in the order: an entry that repeats one which came after what its sender had seen is no message.
 */
export class Passage {
  readonly found: Shown[] = []
  place: number
  gap: GapReason | undefined
  /** There is enough for an answer, or nothing more to be had here. */
  done = false
  /** The next message to be fetched, and the first that was. */
  loadFrom: number
  #loadedFrom: number
  #isFresh: boolean
  #isBack = false
  #bytes = 0
  readonly #channels: ReadonlySet<string>
  readonly #keys: Keys = new Map()

  constructor(
    readonly stream: NodeId,
    { channels }: Poll,
    { place, fresh, gap }: Past,
    readonly limits: Limits,
  ) {
    this.#channels = new Set(channels)
    this.place = place
    this.#isFresh = fresh || gap !== undefined
    this.gap = gap
    this.loadFrom = this.from
    this.#loadedFrom = this.from
  }

  /** The first message of the stream that it needs. */
  get from(): number {
    return Math.max(1, nextSeq(this.place))
  }

  /** Where it is, for the reader to go on from. */
  get cursor(): string {
    return idAt(this.stream, this.place)
  }

  /** All is kept here that follows. */
  get isThrough(): boolean {
    return this.place >= this.limits.kept()
  }

  /** The messages of the stream that follow, as far as they are on this page; `ends`: there are no more. */
  read(packets: readonly Packet[], ends: boolean): void {
    for (const packet of packets) {
      if (packet.seq >= this.from && !this.#pass(packet)) return
      if (packet.seq < this.from) this.#learn(packet)
      this.loadFrom = packet.seq + 1
    }
    // What was found is given first, and then what is missing after it told.
    if ((ends || packets.length === 0) && this.found.length === 0) this.#jump(this.limits.kept())
  }

  /** False if that is enough for now. */
  #pass(packet: Packet): boolean {
    if (packet.seq > this.from) {
      const isFirst = this.found.length === 0
      if (!isFirst && !this.#isFresh) {
        this.done = true
        return false
      }
      this.#jump(Math.min(endOf(packet.seq - 1), this.limits.kept()))
    }
    if (this.isThrough || this.#goesBack(packet)) return false
    this.#take(packet)
    return !this.done && !this.isThrough
  }

  /** What lies between is not in the stream any more. */
  #jump(place: number): void {
    if (place <= this.place) return
    if (!this.#isFresh) this.gap ??= 'evicted'
    this.place = place
  }

  /** Whether it can be told who has the keys of this one only from messages that come before all that was fetched. */
  #goesBack({ batch }: Packet): boolean {
    const from = (batch?.seen ?? 0) + 1
    if (this.#isBack || from >= this.#loadedFrom || this.from - from > backMax) return false
    if (batch?.drafts.every(({ key }) => key === undefined)) return false
    if (this.found.length > 0) this.done = true
    else {
      this.#isBack = true
      this.loadFrom = from
      this.#loadedFrom = from
    }
    return true
  }

  #learn({ seq, batch }: Packet): void {
    batch?.drafts.forEach((draft, i) => {
      this.#repeats(draft, placeOf(seq, i, batch.drafts.length), endOf(batch.seen))
    })
  }

  #take({ seq, batch }: Packet): void {
    const drafts = batch?.drafts ?? []
    for (const [i, draft] of drafts.entries()) {
      const place = placeOf(seq, i, drafts.length)
      const repeats = this.#repeats(draft, place, endOf(batch?.seen ?? 0))
      if (place <= this.place) continue
      if (!repeats && this.#channels.has(draft.channel) && !this.#give(draft, place)) return
      this.place = place
    }
    this.place = endOf(seq)
    this.#isFresh = false
  }

  #repeats({ key }: KeptDraft, place: number, seen: number): boolean {
    if (key === undefined) return false
    const holder = this.#keys.get(key)
    if (holder !== undefined && holder > seen) return true
    this.#keys.set(key, place)
    return false
  }

  /** False if there is no room for it. */
  #give({ channel, head, tail, traceparent }: KeptDraft, place: number): boolean {
    const bytes = head.length + tail.length
    if (this.found.length > 0 && this.#bytes + bytes > this.limits.bytes) {
      this.done = true
      return false
    }
    this.#bytes += bytes
    const shown = { channel, head, tail, id: idAt(this.stream, place), late: false }
    this.found.push(traceparent === undefined ? shown : { ...shown, traceparent })
    if (this.found.length < this.limits.limit) return true
    this.place = place
    this.done = true
    return false
  }
}
