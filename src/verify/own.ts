import type { Cables } from './cables.js'
import { type NodePlan, NodeProcess } from './crew.js'
import type { Recorder } from './recorder.js'
import { sleep } from './world.js'

/** Before one that has ended by itself is started again. */
const againMs = 500

/** Nodes of one's own, with the cables between them if these are to be cut. */
export class Own {
  readonly nodes: readonly NodeProcess[]
  readonly cables: Cables | undefined
  readonly #recorder: Recorder
  #isOver = false
  /** What the first one that ended by itself said. */
  crash: string | undefined

  constructor(plans: readonly NodePlan[], cables: Cables | undefined, recorder: Recorder) {
    this.cables = cables
    this.#recorder = recorder
    this.nodes = plans.map((plan) => new NodeProcess(plan, (node, how) => void this.#crashed(node, how)))
  }

  start(): void {
    for (const node of this.nodes) void node.start()
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.nodes.map((node) => node.stop()))
    this.cables?.close()
  }

  /** It has ended by itself, which it never should; the others are to be looked at further. */
  async #crashed(node: NodeProcess, how: string): Promise<void> {
    if (this.#isOver) return
    this.crash ??= `${node.name} ended: ${how}`
    const fault = { type: 'fault', fault: 'crash', node: node.name, how } as const
    this.#recorder.add({ ...fault, phase: 'begin' })
    await sleep(againMs)
    await node.start()
    this.#recorder.add({ ...fault, phase: 'end' })
  }
}
