import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, host } from '../support/free-port.js'
import { until } from '../support/until.js'
import { Leash } from '../tryton/real/leash.js'

interface Teardown {
  teardown(end: () => Promise<void>): void
}

const program = 'nats-server'

/** Its version; nothing if it is not installed. */
export const natsVersion = ((): string | undefined => {
  try {
    return /v?(\d+\.\d+\.\d+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1]
  } catch {
    return undefined
  }
})()

/** For tests that need it: `skip` is what tap takes. */
export const natsSkip = natsVersion === undefined ? 'skipped: nats-server is not installed' : false

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

interface Place {
  readonly name: string
  readonly port: number
  readonly clusterPort: number
}

const configOf = (place: Place, places: readonly Place[], folder: string, more: string): string => {
  const routes = places.filter((other) => other !== place).map(({ clusterPort }) => `nats://${host}:${clusterPort}`)
  const cluster =
    places.length > 1
      ? `cluster { name: test, listen: "${host}:${place.clusterPort}", routes: [${routes.map((route) => `"${route}"`)}] }`
      : ''
  return `server_name: ${place.name}
listen: "${host}:${place.port}"
jetstream { store_dir: "${folder}", max_mem: 256MB, max_file: 1TB }
${cluster}
${more}
`
}

/** One nats-server, which can be killed, paused and started anew with what it has stored. */
export class NatsServer {
  #process: ChildProcess | undefined
  readonly #folder: string
  readonly #config: string
  readonly #leash: Leash

  constructor(
    readonly place: Place,
    places: readonly Place[],
    more = '',
  ) {
    this.#folder = mkdtempSync(join(tmpdir(), 'carillon-nats-'))
    this.#config = join(this.#folder, 'nats.conf')
    this.#leash = new Leash(this.#folder)
    writeFileSync(this.#config, configOf(place, places, join(this.#folder, 'store'), more))
  }

  get port(): number {
    return this.place.port
  }

  get url(): string {
    return `nats://${host}:${this.port}`
  }

  async start(): Promise<void> {
    this.#process = spawn(program, ['-c', this.#config], { stdio: 'ignore' })
    this.#leash.hold(this.#process.pid ?? 0)
    await until(`${this.place.name} listens`, () => listens(this.port))
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.#process?.kill(signal)
  }

  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const process = this.#process
    this.#process = undefined
    if (!process || process.exitCode !== null) return
    const ended = new Promise((resolve) => process.once('exit', resolve))
    process.kill('SIGCONT')
    process.kill(signal)
    await ended
  }

  async remove(): Promise<void> {
    await this.end()
    this.#leash.drop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** So many servers of one cluster, removed when the test is over. */
export const startNats = async (t: Teardown, count = 1, more = ''): Promise<readonly NatsServer[]> => {
  const places: Place[] = []
  for (let i = 1; i <= count; i++)
    places.push({ name: `nats-${i}`, port: await freePort(), clusterPort: await freePort() })
  const servers = places.map((place) => new NatsServer(place, places, more))
  t.teardown(async () => {
    await Promise.all(servers.map((server) => server.remove()))
  })
  await Promise.all(servers.map((server) => server.start()))
  return servers
}

export const urlsOf = (servers: readonly NatsServer[]): string => servers.map(({ url }) => url).join(',')
