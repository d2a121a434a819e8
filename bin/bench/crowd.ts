import type { Client, Event, Status, Subscription, TransportName } from '../../src/client/index.js'
import { clientFor } from '../client.js'

/** So many connect at a time: a backlog that runs over would cost each a second. */
const openingMax = 200

export interface CrowdPlan {
  readonly servers: readonly string[]
  readonly database: string
  readonly channel: string
  readonly count: number
  readonly transport: TransportName
}

export interface Losses {
  lost: number
  doubled: number
  gaps: number
  errors: number
}

/** One client of the library, that checks what it gets: messages are numbered without a hole. */
class Member {
  readonly client: Client
  readonly #subscription: Subscription
  readonly #crowd: Crowd
  #last: number | undefined
  #isConnected = false

  constructor(crowd: Crowd, { servers, database, transport, channel }: CrowdPlan) {
    this.#crowd = crowd
    this.client = clientFor({ servers, database, transport })
    const onStatus = (status: Status): void => this.#told(status)
    this.#subscription = this.client.subscribe(channel, (event) => this.#take(event), { onStatus })
    this.#subscription.done.catch(() => {
      crowd.losses.errors++
    })
  }

  get ready(): Promise<void> {
    return this.#subscription.ready
  }

  get last(): number | undefined {
    return this.#last
  }

  /** Where it reads; nowhere while it is on its way. */
  get server(): string | undefined {
    return this.#isConnected ? this.#subscription.server : undefined
  }

  #told({ type }: Status): void {
    this.#isConnected = type === 'connected'
    if (this.#isConnected) this.#crowd.connects++
  }

  #take(event: Event): void {
    const { losses } = this.#crowd
    if (event.type === 'gap') {
      losses.gaps++
      return
    }
    const n = Number(event.message['n'])
    if (this.#last !== undefined && n <= this.#last) losses.doubled++
    else if (this.#last !== undefined) losses.lost += n - this.#last - 1
    this.#last = n
  }
}

/** Many clients, each on its own, as if on as many machines. */
export class Crowd {
  /** Connections made until now. */
  connects = 0
  readonly losses: Losses = { lost: 0, doubled: 0, gaps: 0, errors: 0 }
  readonly #members: Member[] = []

  static async gather(plan: CrowdPlan): Promise<Crowd> {
    const crowd = new Crowd()
    for (let i = 0; i < plan.count; i += openingMax) {
      const some = Array.from({ length: Math.min(openingMax, plan.count - i) }, () => new Member(crowd, plan))
      crowd.#members.push(...some)
      await Promise.all(some.map(({ ready }) => ready))
    }
    return crowd
  }

  /** How many are at each of these, and how many are on their way. */
  at(servers: readonly string[]): { readonly counts: readonly number[]; readonly away: number } {
    const counts = servers.map((url) => this.#members.filter(({ server }) => server === url).length)
    return { counts, away: this.#members.length - counts.reduce((sum, each) => sum + each, 0) }
  }

  /** How many have had all up to message `n`. */
  upTo(n: number): number {
    return this.#members.filter(({ last = -1 }) => last >= n).length
  }

  async disperse(): Promise<void> {
    await Promise.all(this.#members.map(({ client }) => client.close()))
  }
}
