import type { BackoffOptions } from './backoff.js'

/** What `/cluster` says of one node. */
export interface Member {
  readonly url: string
  /** `alive`, `suspect`, `down` or `apart`. */
  readonly state?: string
  readonly ready?: boolean
  /** How many wait there: the load. */
  readonly waiters?: number
}

export interface PoolOptions {
  /** How long a node that failed is passed over, if there are others. */
  readonly shun: BackoffOptions
  /** A load within this share of the mean is even enough to stay. */
  readonly tolerance: number
  /** Of those who are too many at a node, the share that goes at one look. Below 1, so that they never overshoot. */
  readonly gain: number
  /** Nodes that are remembered. */
  readonly nodesMax: number
}

export const poolDefaults: PoolOptions = {
  shun: { firstMs: 1000, maxMs: 30_000 },
  tolerance: 0.1,
  gain: 0.5,
  nodesMax: 256,
}

interface Node {
  readonly url: string
  /** It was given by the user, and is kept whatever the cluster says of it. */
  readonly given: boolean
  /** It has answered, or is trusted to: what is only heard of may be out of this client's reach. */
  proven: boolean
  load: number | undefined
  /** As the others see it. */
  available: boolean
  failures: number
  shunnedUntilMs: number
}

const loopback = /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|$)/

/** As it is compared, and put before a path; nothing if it can't be a node's. */
export const normal = (url: string): string | undefined => {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return undefined
  const { origin, pathname } = new URL(url)
  return origin + pathname.replace(/\/+$/, '')
}

/**
 * The nodes that a client knows, and to which of them it goes.
 *
 * 1. What was given is never forgotten; what was learnt is used only once it has been proven to be in reach.
 * 2. There is always a node to go to: with all of them failing, the one whose turn comes first.
 * 3. Where it is, it stays, until that fails or carries too much.
 * 4. Loads are as old as the last look, so nobody ever goes for certain to the one that was least: with all clients
 *    doing that they would all be there.
 */
export class Pool {
  readonly #nodes = new Map<string, Node>()
  readonly #random: () => number
  readonly #options: PoolOptions
  #home: string | undefined

  constructor(servers: readonly string[], random: () => number, options: PoolOptions = poolDefaults) {
    this.#random = random
    this.#options = options
    for (const server of servers) {
      const url = normal(server)
      if (url === undefined) throw new TypeError(`"${server}" is no URL such as http://127.0.0.1:7400`)
      this.#add(url, true)
    }
    if (this.#nodes.size === 0) throw new TypeError('servers must name one at least')
  }

  /** Those that a client may go to. */
  get urls(): readonly string[] {
    return [...this.#nodes.values()].filter(({ proven }) => proven).map(({ url }) => url)
  }

  /** Where everything goes for as long as it works: connections are kept, and what is published there keeps its order. */
  get home(): string | undefined {
    return this.#home
  }

  /** The node to go to now; not one of `besides`, if there are others. */
  pick(nowMs: number, besides: ReadonlySet<string> = new Set()): string {
    if (this.#home === undefined || besides.has(this.#home)) this.#home = this.#choose(nowMs, besides)
    return this.#home
  }

  /** Where `better` said. */
  move(url: string): void {
    if (this.#nodes.has(url)) this.#home = url
  }

  #choose(nowMs: number, besides: ReadonlySet<string>): string {
    const proven = [...this.#nodes.values()].filter((node) => node.proven)
    const others = proven.filter(({ url }) => !besides.has(url))
    const nodes = others.length > 0 ? others : proven
    const good = nodes.filter((node) => node.available && node.shunnedUntilMs <= nowMs)
    if (good.length > 0) return this.#twoChoices(good).url
    return nodes.reduce((a, b) => (b.shunnedUntilMs < a.shunnedUntilMs ? b : a)).url
  }

  worked(url: string): void {
    const node = this.#nodes.get(url)
    if (!node) return
    node.proven = true
    node.available = true
    node.failures = 0
    node.shunnedUntilMs = 0
  }

  /** It did not answer, or is not ready; `hintMs`: when it said to come back, at the earliest. */
  failed(url: string, nowMs: number, hintMs = 0): void {
    if (this.#home === url) this.#home = undefined
    const node = this.#nodes.get(url)
    if (!node) return
    const { firstMs, maxMs } = this.#options.shun
    const windowMs = Math.min(maxMs, firstMs * 2 ** Math.min(node.failures++, 30))
    node.shunnedUntilMs = nowMs + Math.max(hintMs, windowMs * (0.5 + this.#random() / 2))
  }

  /** Takes in what a node says of its cluster. Returns what has to prove first that it is in reach. */
  learn(members: readonly Member[]): readonly string[] {
    const told = new Set<string>()
    for (const member of members) {
      const url = normal(member.url)
      if (url === undefined) continue
      told.add(url)
      const node = this.#nodes.get(url) ?? (this.#isWelcome(url) ? this.#add(url, false) : undefined)
      if (!node) continue
      node.available = member.ready !== false && member.state !== 'down' && member.state !== 'suspect'
      node.load = node.available ? member.waiters : undefined
    }
    for (const node of this.#nodes.values()) {
      if (told.has(node.url)) continue
      // Whoever is there stays there: the cluster may not see what this client does.
      if (!node.given && node.url !== this.#home) this.#nodes.delete(node.url)
      node.load = undefined
      node.available = true
    }
    return [...this.#nodes.values()].filter((node) => !node.proven && node.available).map(({ url }) => url)
  }

  /** Where someone at `url` should go instead, so that all nodes carry alike; mostly nowhere. */
  better(url: string, nowMs: number): string | undefined {
    const { tolerance, gain } = this.#options
    const loaded = [...this.#nodes.values()].filter(
      (node) => node.proven && node.available && node.load !== undefined && node.shunnedUntilMs <= nowMs,
    )
    const own = loaded.find((node) => node.url === url)?.load
    if (own === undefined) return undefined
    const mean = loaded.reduce((sum, { load = 0 }) => sum + load, 0) / loaded.length
    // Of a handful one more or less is no reason.
    if (own <= mean * (1 + tolerance) || own < mean + 1) return undefined
    if (this.#random() >= (gain * (own - mean)) / own) return undefined
    return this.#twoChoices(loaded.filter(({ load = 0 }) => load < mean)).url
  }

  #add(url: string, given: boolean): Node | undefined {
    if (!given && this.#nodes.size >= this.#options.nodesMax) return undefined
    const node = { url, given, proven: given, load: undefined, available: true, failures: 0, shunnedUntilMs: 0 }
    this.#nodes.set(url, node)
    return node
  }

  /**
   * A cluster may call its nodes by names that mean something else here: nobody is sent to his own machine, or from
   * an encrypted connection to a plain one, by what a server says.
   */
  #isWelcome(url: string): boolean {
    const given = [...this.#nodes.values()].filter((node) => node.given)
    if (loopback.test(url) && !given.some((node) => loopback.test(node.url))) return false
    return url.startsWith('https:') || given.some((node) => node.url.startsWith('http:'))
  }

  /** Two by chance, and of these the one that carries less, the likelier the less it does. */
  #twoChoices(nodes: readonly Node[]): Node {
    const first = Math.floor(this.#random() * nodes.length)
    const second = (first + 1 + Math.floor(this.#random() * (nodes.length - 1))) % nodes.length
    const [a, b] = [nodes[first], nodes[second]]
    if (!a || !b) throw new RangeError('there is no node to choose')
    const [loadA, loadB] = [a.load ?? b.load ?? 0, b.load ?? a.load ?? 0]
    return this.#random() * (loadA + loadB + 2) < loadB + 1 ? a : b
  }
}
