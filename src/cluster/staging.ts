import { entryOf, sizeOf } from '../log/entry.js'
import type { Ledger } from '../log/ledger.js'
import type { NodeId } from '../log/node-id.js'
import type { Origin } from '../log/origin.js'
import type { Copy, Position } from '../log/record.js'
import type { Copies, Floor, Reach } from './message.js'

/** What was evicted elsewhere; it takes effect when the view begins that shows the rest. */
export interface HeldFloors {
  readonly origin: Origin
  readonly floors: readonly Floor[]
  readonly lost: number
}

interface Staged {
  after: number
  to: number
  time: number
  lost: number
  atMs: number
  readonly copies: { readonly copy: Copy; readonly bornMs: number }[]
  readonly floors: Floor[]
}

/**
 * What is fetched but not yet part of the log. It stays apart until a whole target is in (R6): a part of it could
 * hold a record without what came before it.
 */
export class Staging {
  readonly #staged = new Map<NodeId, Staged>()
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** How far this origin is held, fetched records included. */
  reach(id: NodeId, have: number): number {
    return Math.max(have, this.#staged.get(id)?.to ?? 0)
  }

  ids(): IterableIterator<NodeId> {
    return this.#staged.keys()
  }

  /** Takes what continues what is there; anything else is asked for again. */
  add(copies: Copies, have: number, nowMs: number): boolean {
    const staged = this.#staged.get(copies.origin) ?? this.#open(copies.origin, have)
    const reach = Math.max(staged.to, have)
    if (copies.after > reach || copies.to <= reach) return false
    for (const copy of copies.records) {
      if (copy.seq <= reach) continue
      staged.copies.push({ copy, bornMs: nowMs - copy.ageMs })
      this.#bytes += sizeOf(copy)
    }
    staged.floors.push(...copies.floors.filter((floor) => floor.seq > reach))
    staged.to = copies.to
    staged.time = copies.time
    staged.lost = Math.max(staged.lost, Math.min(copies.lost, copies.to))
    staged.atMs = nowMs
    return true
  }

  #open(id: NodeId, have: number): Staged {
    const staged = { after: have, to: have, time: 0, lost: 0, atMs: 0, copies: [], floors: [] }
    this.#staged.set(id, staged)
    return staged
  }

  /** Moves what is staged, up to `target`, into the log, still unseen. Floors come back to be applied when it is shown. */
  commit(ledger: Ledger, target: readonly Reach[], nowMs: number): HeldFloors[] {
    const held: HeldFloors[] = []
    for (const [id, seq] of target) {
      const origin = ledger.add(id)
      const staged = this.#staged.get(id)
      if (!staged || origin.have >= seq) continue
      held.push(this.#move(origin, staged, Math.min(seq, staged.to), nowMs))
    }
    this.trim(ledger)
    return held
  }

  #move(origin: Origin, staged: Staged, to: number, nowMs: number): HeldFloors {
    const from = origin.have
    for (const { copy, bornMs } of staged.copies) {
      if (copy.seq <= origin.have || copy.seq > to) continue
      if (copy.seq > origin.have + 1) origin.skip(copy.seq - 1, origin.time, nowMs)
      const entry = entryOf(origin, copy.seq, copy.time, copy, bornMs)
      entry.place = copy.position
      origin.append(entry)
    }
    if (origin.have < to) origin.skip(to, staged.time, nowMs)
    origin.touchedMs = nowMs
    const floors = staged.floors.filter((floor) => floor.seq > from && floor.seq <= to)
    return { origin, floors, lost: staged.lost > from ? Math.min(staged.lost, to) : 0 }
  }

  /** A view change has failed: what was fetched for it without a position may get one elsewhere, and is fetched again. */
  dropAllUndecided(): void {
    for (const id of [...this.#staged.keys()]) this.dropUndecided(id, Number.POSITIVE_INFINITY)
  }

  /** Of this origin, if any of it up to this number has no position. */
  dropUndecided(id: NodeId, to: number): void {
    const staged = this.#staged.get(id)
    if (staged?.copies.some(({ copy }) => copy.position === undefined && copy.seq <= to)) this.#close(id, staged)
  }

  /** Drops what the log has by now. */
  trim(ledger: Ledger): void {
    for (const [id, staged] of this.#staged) if (staged.to <= ledger.have(id)) this.#close(id, staged)
  }

  /** Drops everything, or what nobody has added to for a while. */
  clear(olderMs = Number.POSITIVE_INFINITY): void {
    for (const [id, staged] of this.#staged) if (staged.atMs < olderMs) this.#close(id, staged)
  }

  #close(id: NodeId, staged: Staged): void {
    for (const { copy } of staged.copies) this.#bytes -= sizeOf(copy)
    this.#staged.delete(id)
  }
}

/** Whether these records can be what they claim: ascending, inside the bounds, at most as late as the last. */
export const orderly = ({ after, to, time, records, lost }: Copies): boolean => {
  let seq = after
  let at = 0
  for (const record of records) {
    if (record.seq <= seq || record.seq > to || record.time <= at || record.time > time) return false
    seq = record.seq
    at = record.time
  }
  return after < to && lost >= 0
}

/** Positions that name the same origins share one list of them. */
export const intern = (position: Position, ids: readonly NodeId[]): Position =>
  position.origins.length === ids.length && position.origins.every((id, i) => id === ids[i])
    ? { time: position.time, origins: ids, seqs: position.seqs }
    : position
