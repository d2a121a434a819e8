import type { Status } from '../effect.js'

/** What a node says to who may not see all of it: where the nodes are. */
interface Directory {
  readonly ready: boolean
  readonly members: readonly {
    readonly url: string
    readonly state: Status['members'][number]['state']
    readonly ready: boolean
    readonly inView: boolean
    readonly waiters: number
  }[]
}

export interface Refused {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** What a node has told. */
export interface Look {
  readonly status: Status
  /** Only where the nodes are: more is for admins. */
  readonly isPartial: boolean
  readonly atMs: number
}

/** A node that is asked, at its base URL. */
export interface Source {
  readonly url: string
  look?: Look
  /** Why the last answer was none. */
  silence?: string | undefined
  refused?: Refused | undefined
}

export interface WatchPorts {
  fetch(
    url: string,
    request: { headers: Record<string, string>; signal: AbortSignal; cache: 'no-store' },
  ): Promise<Response>
  now(): number
  after(ms: number, ring: () => void): void
  isHidden(): boolean
  /** What is sent with it, if it is not empty. */
  token(): string
}

/** How often a node is asked: one that answers, one that does not, and each while nobody looks. */
const everyMs = 1000
const awayMs = 3000
const hiddenMs = 15_000
const patienceMs = 2000
/** Who said nothing for so long is not gone on with. */
const staleMs = 4000
/** Beside the one that is listened to. */
const othersMax = 15

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url)

const emptySpread = { bounds: [], counts: [], sum: 0 }

/** Nodes are called by their hosts where their names are not told. */
const ofDirectory = ({ ready, members }: Directory, url: string): Status => {
  const host = hostOf(url)
  const named = members.map((member) => ({
    ...member,
    id: member.url as Status['id'],
    name: hostOf(member.url),
    address: '',
    self: hostOf(member.url) === host,
    lag: 0,
    heardMs: 0,
    unheard: [],
  }))
  const inView = named.filter((member) => member.inView).map(({ name }) => name)
  const state = ready ? 'ready' : 'joining'
  const times = { publish: emptySpread, delivery: emptySpread }
  return {
    ...{ id: url as Status['id'], name: host, ready, state, members: named },
    ...{ view: { id: '', members: inView }, counters: {}, gauges: {}, times, log: { kind: 'mesh' } },
    log: { kind: 'mesh' },
  }
}

/** A node of an older version says less. */
const completed = (status: Status): Status => ({
  ...status,
  log: status.log ?? { kind: 'mesh' },
  members: status.members.map((member) => ({ ...member, unheard: member.unheard ?? [] })),
})

/**
 * Asks the nodes how they are, each by itself, and listens to one of them: what it says of the cluster is what is shown.
 * If that one falls silent the page goes on with another, and stays there.
 */
export class Watch {
  readonly #ports: WatchPorts
  readonly #changed: () => void
  readonly #sources = new Map<string, Source>()
  #listening: Source
  #wakers = new Set<() => void>()

  /** `origin`: where the page came from. */
  constructor(ports: WatchPorts, origin: string, changed: () => void) {
    this.#ports = ports
    this.#changed = changed
    this.#listening = this.#add(origin)
  }

  get listening(): Source {
    return this.#listening
  }

  get sources(): readonly Source[] {
    return [...this.#sources.values()]
  }

  /** What this node said lately of itself. */
  own(name: string): Look | undefined {
    const looks = this.sources.flatMap(({ look }) => (look?.status.name === name && !look.isPartial ? [look] : []))
    const newest = looks.sort((a, b) => b.atMs - a.atMs)[0]
    return newest && this.#isFresh(newest) ? newest : undefined
  }

  nameOf(url: string): string {
    return this.#sources.get(url)?.look?.status.name ?? hostOf(url)
  }

  /** Nobody says anything at present. */
  get isLost(): boolean {
    return !this.#listening.look || !this.#isFresh(this.#listening.look)
  }

  listenTo(url: string): void {
    const source = this.#sources.get(url)
    if (!source?.look) return
    this.#listening = source
    this.#learn(source)
    this.#changed()
  }

  /** Asks all of them now. */
  wake(): void {
    const wakers = [...this.#wakers]
    this.#wakers.clear()
    for (const wake of wakers) wake()
  }

  #isFresh({ atMs }: Look): boolean {
    return this.#ports.now() - atMs < (this.#ports.isHidden() ? hiddenMs + staleMs : staleMs)
  }

  #add(url: string): Source {
    const source: Source = { url }
    this.#sources.set(url, source)
    void this.#follow(source)
    return source
  }

  /** As long as somebody tells of it. */
  async #follow(source: Source): Promise<void> {
    while (this.#sources.get(source.url) === source) {
      await this.#ask(source)
      const { isHidden } = this.#ports
      await this.#pause(
        isHidden() ? hiddenMs : source.silence === undefined || source === this.#listening ? everyMs : awayMs,
      )
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wakers.add(resolve)
      this.#ports.after(ms, () => {
        this.#wakers.delete(resolve)
        resolve()
      })
    })
  }

  async #ask(source: Source): Promise<void> {
    const token = this.#ports.token()
    const headers: Record<string, string> = token === '' ? {} : { Authorization: `Bearer ${token}` }
    try {
      const signal = AbortSignal.timeout(patienceMs)
      const answer = await this.#ports.fetch(`${source.url}/cluster`, { headers, signal, cache: 'no-store' })
      const told = (await answer.json()) as (Status | Directory) & { readonly error: Omit<Refused, 'status'> }
      if (answer.ok) this.#hear(source, told)
      else if (answer.status < 500) this.#refuse(source, { status: answer.status, ...told.error })
      else this.#miss(source, told.error.message)
    } catch (error) {
      const isLate = error instanceof Error && error.name === 'TimeoutError'
      this.#miss(source, isLate ? `no answer within ${patienceMs / 1000} s` : 'no answer')
    }
    this.#changed()
  }

  #hear(source: Source, told: Status | Directory): void {
    const isPartial = !('counters' in told)
    source.look = {
      status: isPartial ? ofDirectory(told, source.url) : completed(told),
      isPartial,
      atMs: this.#ports.now(),
    }
    source.silence = undefined
    source.refused = undefined
    if (this.isLost) this.#listening = source
    if (this.#listening === source) this.#learn(source)
  }

  #refuse(source: Source, refused: Refused): void {
    delete source.look
    source.refused = refused
    source.silence = undefined
  }

  #miss(source: Source, why: string): void {
    source.silence = why
    if (source !== this.#listening) return
    const other = this.sources.find((each) => each.look && each.silence === undefined && this.#isFresh(each.look))
    if (other) {
      this.#listening = other
      this.#learn(other)
    } else this.wake()
  }

  /** Who else is there. The one that the page came from is asked for ever: others may know it by another URL. */
  #learn({ look, url: own }: Source): void {
    const members = look?.status.members ?? []
    const known = new Set([own, ...members.filter(({ self }) => !self).map(({ url }) => url)].slice(0, othersMax + 1))
    const [first] = this.#sources.keys()
    for (const url of this.#sources.keys()) if (!known.has(url) && url !== first) this.#sources.delete(url)
    for (const url of known) if (!this.#sources.has(url)) this.#add(url)
  }
}
