import type { Cables, Cut } from './cables.js'
import { cutKinds } from './cables.js'
import type { NodeProcess } from './crew.js'
import type { FaultKind } from './kinds.js'
import type { Looks } from './looks.js'
import type { Prng } from './prng.js'
import type { Recorder } from './recorder.js'
import { sleep } from './world.js'

interface Parts {
  readonly nodes: readonly NodeProcess[]
  readonly cables: Cables | undefined
  readonly kinds: readonly FaultKind[]
  readonly dice: Prng
  readonly recorder: Recorder
  readonly looks: Looks
  /** After this silence a node is left out. */
  readonly suspectMs: number
  readonly onFault: () => void
}

/** How long pauses and cuts last: from what nobody notices to what splits the cluster for a while. */
const shares = [0.05, 0.25, 0.5, 1.1, 1.6, 2.5]
const togetherAgainMs = 60_000
const calmMs = { least: 200, most: 1200 }
/** Two at once, of nodes that are not the same. */
const doubleChance = 0.25

/** Does one thing after the other to the nodes, and each time waits until they are all well again. */
export class Faults {
  readonly #parts: Parts
  readonly #stop = new AbortController()
  /** What did not heal. */
  stuck: string | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async run(): Promise<void> {
    const { dice, nodes, kinds, looks } = this.#parts
    while (!this.#stop.signal.aborted && this.stuck === undefined) {
      await sleep(dice.between(calmMs.least, calmMs.most))
      if (this.#stop.signal.aborted) return
      const [one, other] = dice.shuffled(nodes)
      const kind = dice.pick(kinds)
      const second = dice.pick(kinds)
      const isDouble = nodes.length > 2 && dice.chance(doubleChance) && !(kind === 'cut' && second === 'cut')
      if (!one) return
      await Promise.all([this.#strike(kind, one), other && isDouble ? this.#strike(second, other) : undefined])
      this.stuck = await looks.whole(togetherAgainMs, this.#stop.signal)
    }
  }

  /** The fault under way is undone in its time. */
  stop(): void {
    this.#stop.abort()
  }

  #strike(kind: FaultKind, node: NodeProcess): Promise<void> {
    this.#parts.onFault()
    if (kind === 'kill') return this.#kill(node)
    return kind === 'pause' ? this.#pause(node) : this.#cut(node)
  }

  get #lastsMs(): number {
    const { dice, suspectMs } = this.#parts
    return Math.round(dice.pick(shares) * suspectMs)
  }

  async #kill(node: NodeProcess): Promise<void> {
    const { cables, dice, recorder } = this.#parts
    const awayMs = dice.pick([0, 0, Math.round(dice.between(100, 3000))])
    const fault = { type: 'fault', fault: 'kill', node: node.name } as const
    recorder.add({ ...fault, phase: 'begin' })
    cables?.down(node.name)
    await node.kill()
    await sleep(awayMs)
    await node.start()
    await cables?.up(node.name)
    recorder.add({ ...fault, phase: 'end' })
  }

  async #pause(node: NodeProcess): Promise<void> {
    const { recorder } = this.#parts
    const ms = this.#lastsMs
    const fault = { type: 'fault', fault: 'pause', node: node.name, how: `${ms} ms` } as const
    recorder.add({ ...fault, phase: 'begin' })
    node.pause()
    await sleep(ms)
    node.resume()
    recorder.add({ ...fault, phase: 'end' })
  }

  async #cut(node: NodeProcess): Promise<void> {
    const { cables, recorder } = this.#parts
    if (!cables) return
    const cut = this.#cutOf(node)
    const { kind, others, ms } = cut
    const lastsMs = kind === 'delay' ? 4 * this.#parts.suspectMs * this.#parts.dice.next() : this.#lastsMs
    const how = `${kind}${kind === 'delay' ? ` ${ms} ms` : ''}, from ${others.join(' and ')}, ${Math.round(lastsMs)} ms`
    const mild = kind === 'delay' ? ({ mild: true } as const) : {}
    const fault = { type: 'fault', fault: 'cut', node: node.name, how, ...mild } as const
    recorder.add({ ...fault, phase: 'begin' })
    cables.cut(cut)
    await sleep(lastsMs)
    await cables.mend()
    recorder.add({ ...fault, phase: 'end' })
  }

  #cutOf({ name }: NodeProcess): Cut {
    const { dice, nodes } = this.#parts
    const all = nodes.map((each) => each.name).filter((each) => each !== name)
    return {
      kind: dice.pick(cutKinds),
      node: name,
      others: dice.chance(0.6) ? all : [dice.pick(all)],
      ms: Math.round(dice.between(5, 200)),
    }
  }
}
