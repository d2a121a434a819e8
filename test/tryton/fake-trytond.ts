import { type Answered, type Asked, FakeServer } from '../support/fake-server.js'

interface Teardown {
  teardown(end: () => Promise<void>): void
}

/** How a version of trytond takes the cheap question about a session. */
const manners = {
  6: { path: /^\/([^/]+)\/$/, good: 403 },
  8: { path: /^\/([^/]+)\/rpc\/$/, good: 400 },
} as const

/** What a client claims: `user id:key`. */
export const keyIn = ({ headers }: Asked): string => {
  const cookie = /tryton_session="?(.*?)"?$/.exec(headers.cookie ?? '')?.[1]
  const token = /^Session (.*)$/.exec(headers.authorization ?? '')?.[1] ?? ''
  return (cookie ?? Buffer.from(token, 'base64').toString()).split(':').slice(-2).join(':')
}

type More = (asked: Asked, sessions: Set<string>) => Answered | undefined

/** Answers like trytond of one version: it knows who has a session, and can be made to fail. */
export class FakeTrytond {
  readonly sessions = new Set<string>()
  failure: 'hang' | 'cut' | number | undefined
  /** Answers all with 403, sessions or not. */
  careless = false
  #server: FakeServer | undefined
  readonly #version: keyof typeof manners
  readonly #more: More

  private constructor(version: keyof typeof manners, more: More) {
    this.#version = version
    this.#more = more
  }

  /** What it knows beyond the question about sessions is `more`. */
  static async start(
    t: Teardown,
    version: keyof typeof manners = 6,
    more: More = () => undefined,
  ): Promise<FakeTrytond> {
    const fake = new FakeTrytond(version, more)
    fake.#server = await FakeServer.listen((asked) => fake.#answer(asked))
    t.teardown(() => fake.stop())
    return fake
  }

  get url(): string {
    return this.#server?.url ?? ''
  }

  get asked(): readonly Asked[] {
    return this.#server?.asked ?? []
  }

  /** The questions about sessions that clients claim to have; some are asked to see whether it refuses anybody. */
  get checks(): readonly Asked[] {
    return this.asked.filter(
      (asked) => manners[this.#version].path.test(asked.path) && !keyIn(asked).match(/^1:[0-9a-f]{64}$/),
    )
  }

  async stop(): Promise<void> {
    await this.#server?.close()
  }

  #answer(asked: Asked): Answered | 'hang' | 'cut' {
    if (typeof this.failure === 'string') return this.failure
    const answered = this.#more(asked, this.sessions)
    if (answered) return answered
    const { path, good } = manners[this.#version]
    const status = (): number => {
      if (this.failure !== undefined) return Number(this.failure)
      if (!path.test(asked.path)) return 404
      return this.careless || this.sessions.has(keyIn(asked)) ? good : 401
    }
    return { status: status(), body: '' }
  }
}
