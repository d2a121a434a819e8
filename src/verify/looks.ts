import { RefusedError } from '../client/errors.js'
import type { Status } from '../effect.js'
import { sleep, type Target, type World } from './world.js'

const everyMs = 150
const timeoutMs = 1000

/** What a node said of its view, and since when it has said so without a break. */
interface Said {
  readonly view: string
  readonly members: readonly string[]
  readonly ready: boolean
}

const silent: Said = { view: '', members: [], ready: false }

const same = (a: Said, b: Said): boolean =>
  a.view === b.view && a.ready === b.ready && a.members.join() === b.members.join()

/** Looks again and again at which view each node is in, and records what changes. */
export class Looks {
  readonly #world: World
  readonly #said = new Map<string, Said>()
  /** When the last look at each node was begun whose answer is here. */
  readonly #askedMs = new Map<string, number>()
  #stopped = false
  #running: Promise<unknown> = Promise.resolve()
  /** The nodes do not show it to everyone. */
  isRefused = false

  constructor(world: World) {
    this.#world = world
  }

  start(): void {
    this.#running = Promise.all(this.#world.targets.map((target) => this.#watch(target)))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  /**
   * Waits until all nodes are ready and in one view, seen from now on; what is not so, if that takes too long, or if
   * `broken` says that it can't come to it.
   */
  async whole(
    withinMs: number,
    signal: AbortSignal,
    broken = (): string | undefined => undefined,
  ): Promise<string | undefined> {
    const fromMs = performance.now()
    while (!signal.aborted && !this.isRefused) {
      if (this.#isWhole(fromMs)) return undefined
      const why = broken()
      if (why !== undefined) return why
      if (performance.now() > fromMs + withinMs)
        return `the nodes are not in one view after ${withinMs / 1000} s: ${this.#words}`
      await sleep(everyMs / 3)
    }
    return undefined
  }

  get #words(): string {
    return this.#world.targets
      .map(({ name }) => {
        const { view, members, ready } = this.#said.get(name) ?? silent
        return `${name} ${view === '' ? 'does not answer' : `${ready ? 'is' : 'is not'} ready, with ${members.join(', ')}`}`
      })
      .join('; ')
  }

  #isWhole(fromMs: number): boolean {
    const { targets } = this.#world
    const first = this.#said.get(targets[0]?.name ?? '')
    return targets.every(({ name }) => {
      const said = this.#said.get(name) ?? silent
      const isNew = (this.#askedMs.get(name) ?? 0) >= fromMs
      return (
        isNew && said.ready && said.view === first?.view && targets.every((other) => said.members.includes(other.name))
      )
    })
  }

  async #watch(target: Target): Promise<void> {
    let since = this.#world.recorder.now
    while (!this.#stopped && !this.isRefused) {
      const asked = this.#world.recorder.now
      const askedMs = performance.now()
      const said = await this.#ask(target)
      const before = this.#said.get(target.name)
      this.#said.set(target.name, said)
      this.#askedMs.set(target.name, askedMs)
      if (!before || !same(before, said)) this.#world.recorder.add({ type: 'view', node: target.name, since, ...said })
      since = asked
      await sleep(everyMs)
    }
  }

  async #ask({ url }: Target): Promise<Said> {
    try {
      const request = { method: 'GET', path: '/cluster' } as const
      const { text } = await this.#world.http.send(url, request, timeoutMs, new AbortController().signal)
      const { view, ready }: Status = JSON.parse(text)
      return { view: view.id, members: view.members, ready }
    } catch (error) {
      this.isRefused ||= error instanceof RefusedError
      return silent
    }
  }
}
