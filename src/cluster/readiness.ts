import type { CoreOptions } from '../limits.js'
import type { Members } from './members.js'
import { sameView } from './peer.js'
import type { ViewChange } from './view-change.js'

/** For so many suspicion times a newcomer waits for a ready node that it has lost sight of. */
const silences = 10

/**
 * When a node may serve: it founds a cluster, or has in a view with a ready member all that was retained, or nobody
 * is ready anywhere and it is the oldest of those who start together. Not then, if it reaches nodes that it can't talk
 * to: what they hold would be out of sight, and two clusters would serve side by side.
 */
export class Readiness {
  ready: boolean
  /** Where there are nodes that speak no protocol of this one's. */
  incompatible: readonly string[] = []

  constructor(
    readonly members: Members,
    readonly options: CoreOptions,
    readonly startedMs: number,
  ) {
    this.ready = options.founder
  }

  /** A ready node that has fallen silent, and is not known to be dead: better to wait for it than to begin without it. */
  #mayReturn(nowMs: number): boolean {
    const { suspectMs } = this.options
    return [...this.members.all()].some(
      (peer) => peer.claim.ready && !peer.superseded && peer.showsLife(nowMs, silences * suspectMs),
    )
  }

  look(viewChange: ViewChange, nowMs: number): void {
    if (this.ready || viewChange.frozen) return
    const { view } = viewChange
    const alive = [...this.members.all()].filter((peer) => peer.alive(nowMs, this.options.suspectMs))
    const ready = alive.filter((peer) => peer.claim.ready)
    if (ready.length > 0 || this.#mayReturn(nowMs))
      this.ready = ready.some(({ id, claim }) => view.members.includes(id) && sameView(claim.view, view.id))
    else if (nowMs - this.startedMs >= this.options.bootstrapMs && this.incompatible.length === 0)
      this.ready = alive.every(({ id }) => id > this.members.self)
  }
}
