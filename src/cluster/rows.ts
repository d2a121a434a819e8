import type { NodeId } from '../log/node-id.js'

/**
 * Who holds what, in one view: `rows[j][k]` is how far member j has said that it holds member k's log. Never falls (I5).
 * A row counts only once this node holds j's own log up to it (R3): then what j had stamped before is known here.
 */
export class Rows {
  readonly #index: ReadonlyMap<NodeId, number>
  readonly #rows: number[][]
  readonly #pending: number[][]
  readonly #me: number

  constructor(
    readonly members: readonly NodeId[],
    self: NodeId,
    start: readonly number[],
    readonly needLog: boolean,
  ) {
    this.#index = new Map(members.map((id, i) => [id, i]))
    this.#rows = members.map(() => start.slice())
    this.#pending = members.map(() => start.slice())
    this.#me = this.indexOf(self)
  }

  indexOf(id: NodeId): number {
    return this.#index.get(id) ?? -1
  }

  has(id: NodeId): boolean {
    return this.#index.has(id)
  }

  /** How far `member` holds `origin`'s log, as far as is known. */
  of(member: NodeId, origin: NodeId): number {
    return this.#rows[this.indexOf(member)]?.[this.indexOf(origin)] ?? 0
  }

  note(from: NodeId, row: readonly number[]): void {
    const pending = this.#pending[this.indexOf(from)]
    if (pending) raise(pending, row)
  }

  /** Counts the rows whose sender's log is held far enough. True if any counted newly. */
  settle(have: (id: NodeId) => number): boolean {
    let changed = false
    for (let j = 0; j < this.members.length; j++) {
      const id = this.members[j]
      const pending = this.#pending[j]
      const row = this.#rows[j]
      if (j === this.#me || !id || !pending || !row) continue
      if (this.needLog && have(id) < (pending[j] ?? 0)) continue
      if (raise(row, pending)) changed = true
    }
    return changed
  }

  /** Do all members but this one (and those that `except` names) hold `origin`'s record `seq`? */
  allHold(origin: NodeId, seq: number, except?: (id: NodeId) => boolean): boolean {
    // Alone, there is nobody to ask.
    if (this.members.length === 1) return true
    const k = this.indexOf(origin)
    for (let j = 0; j < this.members.length; j++) {
      if (j === this.#me || (this.#rows[j]?.[k] ?? 0) >= seq) continue
      const id = this.members[j]
      if (!id || !except?.(id)) return false
    }
    return true
  }
}

const raise = (row: number[], by: readonly number[]): boolean => {
  let raised = false
  for (let k = 0; k < row.length; k++) {
    const value = by[k] ?? 0
    if (value <= (row[k] ?? 0)) continue
    row[k] = value
    raised = true
  }
  return raised
}
