import { Cable, type Weather } from './cable.js'

/** `refuse`: connections are reset; `hold`: nothing arrives; `one way`: the same in one direction; `delay`: all is late. */
export const cutKinds = ['refuse', 'hold', 'one way', 'delay'] as const
export type CutKind = (typeof cutKinds)[number]

export interface Cut {
  readonly kind: CutKind
  readonly node: string
  /** Whom it is cut off from; with all others it is alone. */
  readonly others: readonly string[]
  /** Of a delay. */
  readonly ms: number
}

const wayOf = (from: string, to: string): string => `${from} > ${to}`

/** The lines between nodes, each of which can be cut. At any time there is one cut at the most. */
export class Cables implements Weather {
  readonly #cables: ReadonlyMap<string, Cable>
  readonly #held = new Set<string>()
  readonly #delays = new Map<string, number>()
  #closed: Cable | undefined

  constructor(nodes: readonly string[]) {
    this.#cables = new Map(nodes.map((node) => [node, new Cable(node, nodes, this)]))
  }

  async open(): Promise<void> {
    await Promise.all([...this.#cables.values()].map((cable) => cable.open()))
  }

  close(): void {
    for (const cable of this.#cables.values()) cable.close()
  }

  /** Where others reach the peer port of this node. */
  portOf(node: string): number {
    return this.#cables.get(node)?.port ?? 0
  }

  lay(node: string, port: number): void {
    this.#cables.get(node)?.lay(port)
  }

  /** The node behind it has died: whoever dials it is refused at once, as without a cable. */
  down(node: string): void {
    this.#cables.get(node)?.close()
  }

  async up(node: string): Promise<void> {
    await this.#cables.get(node)?.open()
  }

  holds(from: string, to: string): boolean {
    return this.#held.has(wayOf(from, to))
  }

  delays(from: string, to: string): number {
    return this.#delays.get(wayOf(from, to)) ?? 0
  }

  cut({ kind, node, others, ms }: Cut): void {
    for (const other of others) {
      if (kind === 'hold') this.#held.add(wayOf(other, node))
      if (kind === 'hold' || kind === 'one way') this.#held.add(wayOf(node, other))
      if (kind === 'delay') for (const way of [wayOf(node, other), wayOf(other, node)]) this.#delays.set(way, ms)
      if (kind === 'refuse') this.#cables.get(other)?.refuse(new Set([node]))
    }
    if (kind !== 'refuse') return
    const own = this.#cables.get(node)
    if (others.length < this.#cables.size - 1) own?.refuse(new Set(others))
    else {
      this.#closed = own
      own?.close()
    }
  }

  async mend(): Promise<void> {
    this.#held.clear()
    this.#delays.clear()
    await this.#closed?.open()
    this.#closed = undefined
    for (const cable of this.#cables.values()) {
      cable.refuse(new Set())
      cable.flush()
    }
  }
}
