import type { Status } from '../../src/effect.js'
import { Cli, type Ended } from '../support/cli.js'
import { freePort, host } from '../support/free-port.js'
import { until } from '../support/until.js'
import { ask } from './ask.js'

/** One node as a process of its own, which can be killed, paused and started again on the same ports. */
export class Ship {
  #cli: Cli | undefined
  paused = false

  constructor(
    readonly name: string,
    readonly port: number,
    readonly peerPort: number,
    readonly args: readonly string[],
    readonly env: NodeJS.ProcessEnv,
    /** What runs it: this source, or a build. */
    public program?: string,
  ) {}

  get url(): string {
    return `http://${host}:${this.port}`
  }

  get pid(): number {
    return this.#cli?.pid ?? 0
  }

  get up(): boolean {
    return this.#cli !== undefined && !this.paused
  }

  /** `env`: beside what it is always given. */
  start(env: NodeJS.ProcessEnv = {}): void {
    this.#cli = new Cli(
      ['start', '--tethered', '--log-level', 'warn', ...this.args],
      { ...this.env, ...env },
      'tethered',
      this.program,
    )
  }

  /** What it said on standard error. */
  get said(): string {
    return this.#cli?.stderr ?? ''
  }

  async kill(): Promise<void> {
    const cli = this.#cli
    this.#cli = undefined
    this.paused = false
    await cli?.kill()
  }

  /** As an administrator would. */
  async stop(): Promise<Ended | undefined> {
    const cli = this.#cli
    this.#cli = undefined
    cli?.process.kill('SIGTERM')
    return await cli?.ended
  }

  pause(): void {
    this.#cli?.process.kill('SIGSTOP')
    this.paused = true
  }

  resume(): void {
    this.#cli?.process.kill('SIGCONT')
    this.paused = false
  }

  async status(): Promise<Status | undefined> {
    const reply = await ask(this.url, 'GET', '/cluster').catch(() => undefined)
    return reply?.status === 200 ? JSON.parse(reply.text) : undefined
  }

  /** Ready, and in a view of so many. */
  async joined(size: number): Promise<boolean> {
    const status = await this.status()
    return status?.ready === true && status.view.members.length === size
  }
}

export class Fleet {
  private constructor(readonly ships: readonly Ship[]) {}

  /** `programs`: builds to run, for each node, if not this source. */
  static async launch(count: number, flags: readonly string[] = [], programs: readonly string[] = []): Promise<Fleet> {
    const ports = await Promise.all(Array.from({ length: 2 * count }, freePort))
    const peers = ports.slice(count).map((port) => `${host}:${port}`)
    const env = { CARILLON_SECRET: 'a secret for tests only' }
    const ships = peers.map((peer, i) => {
      const name = `node-${i + 1}`
      const join = peers.filter((other) => other !== peer).join(',')
      const own = ['--listen', `${host}:${ports[i]}`, '--peer-listen', peer, '--join', join, '--name', name]
      return new Ship(name, ports[i] ?? 0, ports[count + i] ?? 0, [...own, ...flags], env, programs[i])
    })
    const fleet = new Fleet(ships)
    for (const ship of ships) ship.start()
    try {
      await fleet.joined()
      return fleet
    } catch (error) {
      await fleet.sink()
      throw error
    }
  }

  get urls(): readonly string[] {
    return this.ships.map(({ url }) => url)
  }

  /** All nodes are ready, in one view. */
  async joined(): Promise<void> {
    const all = (): Promise<boolean[]> => Promise.all(this.ships.map((ship) => ship.joined(this.ships.length)))
    try {
      await until('one view of all nodes', async () => (await all()).every(Boolean), 120_000)
    } catch (error) {
      throw new Error(this.ships.map(({ name, said }) => `${name}: ${said}`).join('\n'), { cause: error })
    }
  }

  async sink(): Promise<void> {
    for (const ship of this.ships) if (ship.paused) ship.resume()
    await Promise.all(this.ships.map((ship) => ship.kill()))
  }
}
