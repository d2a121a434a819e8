import type { Message } from '../../src/cluster/message.js'
import { viewText } from '../../src/cluster/peer.js'
import type { Effect } from '../../src/effect.js'
import type { NodeId } from '../../src/log/node-id.js'
import type { Life } from './life.js'
import { Violation } from './violation.js'
import type { World } from './world.js'

interface View {
  readonly text: string
  readonly members: readonly NodeId[]
}

/**
 * Which view each life is in, and whether the cluster was ever split: a live node left out of a view, or two ready
 * nodes at work in different views (checker C3). Only then may messages come late.
 */
export class Views {
  split = false
  /** Why it counts as split, for whoever doubts it. */
  why = ''
  /** At some moment nobody was left who knew anything. */
  amnesia = false
  installs = 0
  readonly #world: World
  readonly #views = new Map<Life, View>()
  /** By view: whom it was proposed with. Nothing is sent for a view of one. */
  readonly #proposed = new Map<string, readonly NodeId[]>()
  readonly #ready = new Set<Life>()
  /** Who holds what the cluster knows: all that were ever ready. */
  readonly #holders = new Set<Life>()

  constructor(world: World) {
    this.#world = world
  }

  started(life: Life): void {
    this.#views.set(life, { text: life.id, members: [life.id] })
  }

  /**
   * When the last that was ever ready dies, all it knew is gone, keys too. The order goes on, by the wall clock (R1):
   * unless the clocks differ, or a newcomer has copied some of it: then what comes back is not to be told from the
   * other side of a split.
   */
  died(life: Life): void {
    this.#views.delete(life)
    this.#ready.delete(life)
    if (!this.#holders.delete(life) || this.#holders.size > 0) return
    this.amnesia = true
    const { skewMs, faults } = this.#world.scenario
    const isKnown = this.#world.lives.some((other) => other !== life)
    if (!this.split && (isKnown || skewMs > 0 || faults.some(({ kind }) => kind === 'jump')))
      this.#splits(`with ${life.host.name} the last ready node dies`)
  }

  of(life: Life): View {
    return this.#views.get(life) ?? { text: life.id, members: [life.id] }
  }

  stepped(life: Life, effects: readonly Effect[]): void {
    for (const effect of effects) if (effect.type === 'send') this.#hear(effect.message)
    const ready = life.engine.ready
    const installed = effects.some((effect) => effect.type === 'report' && effect.report.event === 'view_installed')
    if (!installed && ready === this.#ready.has(life)) return
    if (installed) this.#installed(life)
    if (ready) this.#begins(life)
    else this.#ready.delete(life)
    if (!this.split) this.#judge()
  }

  #hear(message: Message): void {
    if (message.type === 'relay') this.#hear(message.message)
    else if (message.type === 'propose') this.#proposed.set(viewText(message.id), message.members)
  }

  #installed(life: Life): void {
    this.installs++
    const { view } = life.engine.status(life.now(this.#world.nowMs))
    const ids = this.#proposed.get(view.id) ?? [life.id]
    if (ids.length !== view.members.length) throw new Violation('C7', `${view.id} of ${ids}: ${view.members}`)
    this.#views.set(life, { text: view.id, members: ids })
    for (const other of this.#world.lives) {
      if (ids.includes(other.id) || other.leaving || this.split) continue
      const joined = this.#ready.has(other) || this.of(other).members.length > 1
      if (joined) this.#splits(`${life.host.name} installs ${view.id} without ${other.host.name}, which is alive`)
    }
  }

  #begins(life: Life): void {
    if (this.#ready.has(life)) return
    this.#ready.add(life)
    this.#holders.add(life)
    // A founder that starts anew does not ask whether there is a cluster already.
    if (this.split || this.#holders.size === 1 || this.of(life).members.length > 1) return
    this.#splits(`${life.host.name} is ready alone, and others are there`)
  }

  #judge(): void {
    const atWork = [...this.#ready].filter((life) => {
      const { state } = life.engine.status(life.now(this.#world.nowMs))
      return state === 'ready' && !life.leaving
    })
    const [first, ...others] = atWork
    const apart = others.find((life) => first && this.of(life).text !== this.of(first).text)
    if (first && apart) this.#splits(`${first.host.name} and ${apart.host.name} are at work in different views`)
  }

  #splits(why: string): void {
    this.split = true
    this.why = `${why} (${this.#world.nowMs.toFixed(0)} ms)`
    this.#world.trace.tell(this.#world.nowMs, () => `split: ${why}`)
  }
}
