import { randomBytes } from 'node:crypto'
import { Children } from '../children.js'
import { clientOf } from '../client.js'
import { environmentFor, nodePlanFor, placesFor, urlOf, viewOf } from '../cluster.js'
import { Failure } from '../failure.js'

const lookMs = 100
const formedMs = 60_000

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A cluster of one's own, on free ports, for as long as a benchmark lasts. */
export class Nodes {
  readonly urls: readonly string[]
  readonly #children: Children

  private constructor(urls: readonly string[], children: Children) {
    this.urls = urls
    this.#children = children
  }

  static async start(count: number): Promise<Nodes> {
    const places = await placesFor({ nodes: count, port: 0, peerPort: 0 })
    const env = environmentFor(randomBytes(32).toString('base64url'))
    const options = { logLevel: 'warn' as const }
    const children = new Children(
      places.map((place) => nodePlanFor(place, places, options, env)),
      () => {},
    )
    children.start()
    const nodes = new Nodes(places.map(urlOf), children)
    try {
      await Promise.race([nodes.#formed(), children.failed])
      return nodes
    } catch (error) {
      await nodes.stop()
      throw error
    }
  }

  get pids(): readonly number[] {
    return this.#children.pids
  }

  /** Ends one as an administrator would; resolves when another life of it is in the view of all. */
  async restart(place: number): Promise<void> {
    const pid = this.pids[place]
    if (pid !== undefined) process.kill(pid, 'SIGTERM')
    while (this.pids[place] === pid) await sleep(lookMs)
    await this.#formed()
  }

  stop(): Promise<void> {
    return this.#children.stop()
  }

  kill(): void {
    this.#children.kill()
  }

  /** Until all have one view. */
  async #formed(): Promise<void> {
    const clients = this.urls.map(clientOf)
    const until = performance.now() + formedMs
    try {
      for (;;) {
        const views = await Promise.all(clients.map(viewOf))
        if (views.every((view) => view.split(', ').length === clients.length && view !== '')) return
        if (performance.now() > until) throw new Failure(1, 'the nodes did not find each other')
        await sleep(lookMs)
      }
    } finally {
      for (const client of clients) void client.close()
    }
  }
}
