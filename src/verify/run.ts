import { Http } from '../client/http.js'
import { nodePorts } from '../client/node-ports.js'
import { pause } from '../client/ports.js'
import type { Cables } from './cables.js'
import { judge, type Verdict } from './check/verdict.js'
import type { NodePlan } from './crew.js'
import { Faults } from './faults.js'
import type { FaultKind } from './kinds.js'
import { Load } from './load.js'
import { Looks } from './looks.js'
import { Own } from './own.js'
import { Prng } from './prng.js'
import { Recorder } from './recorder.js'
import type { Target, World } from './world.js'

/** How much of what; times in milliseconds. */
export interface VerifyOptions {
  /** Nodes that are there already, `areOwn` if nobody else uses them and they keep all; or those to be started, and ended. */
  readonly nodes:
    | { readonly targets: readonly Target[]; readonly areOwn?: true }
    | { readonly plans: readonly NodePlan[]; readonly cables?: Cables }
  readonly database: string
  readonly token?: string
  readonly seed: string
  readonly durationMs: number
  /** The load ends sooner when so many have been published: what a test needs, on however slow a machine. */
  readonly messages?: number
  /** Messages a second of all publishers together. */
  readonly rate: number
  readonly channels: number
  readonly subscribers: number
  readonly publishers: number
  /** To nodes of one's own only. */
  readonly faults: readonly FaultKind[]
  /** After this silence the nodes leave one out. */
  readonly suspectMs: number
  /** A file for the history. */
  readonly history?: string
  /** Breaks it off: then the verdict is on what had come by then. */
  readonly signal: AbortSignal
  onProgress?(progress: Progress): void
}

export interface Progress {
  readonly phase: 'starting' | 'running' | 'reading to the end'
  /** Of the running, from 0 to 1. */
  readonly share: number
  readonly published: number
  readonly delivered: number
  readonly faults: number
}

const formMs = 60_000
const progressMs = 250

/** No node has taken part at all. */
export class NoClusterError extends Error {
  override readonly name = 'NoClusterError'
}

/** One run against one cluster, from the start of its nodes, if they are its own, to their end. */
class Verification {
  readonly #options: VerifyOptions
  readonly #recorder: Recorder
  readonly #world: World
  readonly #own: Own | undefined
  readonly #looks: Looks
  readonly #load: Load
  readonly #dice: Prng
  #phase: Progress['phase'] = 'starting'
  #runningMs = 0
  #faults = 0

  constructor(options: VerifyOptions) {
    const { nodes, database, token, seed } = options
    this.#options = options
    this.#dice = new Prng(seed)
    this.#recorder = new Recorder(options.history)
    const targets = 'plans' in nodes ? nodes.plans : nodes.targets
    this.#world = {
      targets,
      path: `/${encodeURIComponent(database)}/bus`,
      http: new Http(nodePorts, token),
      ports: nodePorts,
      recorder: this.#recorder,
      texts: new Map(),
    }
    if ('plans' in nodes) this.#own = new Own(nodes.plans, nodes.cables, this.#recorder)
    this.#looks = new Looks(this.#world)
    // Names of its own, so that it reads nothing of what others publish, and they nothing of this.
    const room = `verify-${nodePorts.makeKey().slice(0, 12)}`
    const channels = Array.from({ length: options.channels }, (_, i) => `${room}-${i}`)
    this.#recorder.add({
      ...({ type: 'start', format: 1, date: new Date().toISOString() } as const),
      ...{ seed, own: 'plans' in nodes || nodes.areOwn === true, nodes: targets.map(({ name }) => name), channels },
    })
    this.#load = new Load({ ...options, world: this.#world, names: channels, dice: this.#dice })
  }

  async run(): Promise<Verdict> {
    const { onProgress } = this.#options
    const timer = setInterval(() => onProgress?.(this.#progress), progressMs)
    try {
      await this.#start()
      const stuck = await this.#drive()
      this.#recorder.add({
        ...{ type: 'end', complete: !this.#options.signal.aborted },
        ...(stuck === undefined ? {} : { stuck }),
      })
    } finally {
      clearInterval(timer)
      this.#load.halt()
      await this.#looks.stop()
      await this.#own?.stop()
    }
    await this.#recorder.close()
    return judge(this.#recorder.lines)
  }

  get #progress(): Progress {
    const { published, delivered } = this.#load
    const share =
      this.#runningMs === 0 ? 0 : Math.min(1, (performance.now() - this.#runningMs) / this.#options.durationMs)
    return { phase: this.#phase, share, published, delivered, faults: this.#faults }
  }

  async #start(): Promise<void> {
    this.#own?.start()
    this.#looks.start()
    const stuck = await this.#looks.whole(this.#own ? formMs : 0, this.#options.signal, () => this.#own?.crash)
    if (stuck !== undefined && this.#own) throw new NoClusterError(stuck)
  }

  /** Load and faults, for the time that was asked for, and then everything to its end; what did not come to one. */
  async #drive(): Promise<string | undefined> {
    const { signal, durationMs } = this.#options
    await this.#load.begin(signal)
    this.#phase = 'running'
    this.#runningMs = performance.now()
    const faults = this.#faultsOf()
    const striking = faults?.run()
    await pause(nodePorts, durationMs, AbortSignal.any([signal, this.#load.enough]))
    faults?.stop()
    if (signal.aborted) this.#load.halt()
    await this.#load.stop()
    if (!signal.aborted) await striking
    this.#phase = 'reading to the end'
    if (signal.aborted) return undefined
    const apart = await this.#looks.whole(this.#own ? formMs : durationMs, signal)
    const unread = await this.#load.end(signal)
    return faults?.stuck ?? apart ?? unread
  }

  #faultsOf(): Faults | undefined {
    const { faults: kinds, suspectMs } = this.#options
    const own = this.#own
    if (!own || kinds.length === 0) return undefined
    return new Faults({
      ...{ nodes: own.nodes, cables: own.cables, kinds, suspectMs },
      ...{ dice: this.#dice.fork('faults'), recorder: this.#recorder, looks: this.#looks },
      onFault: () => {
        this.#faults++
      },
    })
  }
}

/**
 * Publishes and subscribes on all nodes, by all transports, hopping, while nodes are killed, paused and cut off if that
 * was asked for; and judges what came of it. Throws `NoClusterError`, or an error of the history's file.
 */
export const verify = (options: VerifyOptions): Promise<Verdict> => new Verification(options).run()
