import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Status } from '../../src/effect.js'
import { ask } from '../live/ask.js'
import { loaders } from '../support/cli.js'
import { freePort, host } from '../support/free-port.js'
import { until } from '../support/until.js'
import type { Order, Tale } from './attackers.js'
import { comeFirst, moveMainThread, moveTo, shareOut } from './cores.js'
import { Inspector, type Memory } from './inspector.js'
import { type Complaints, type Figures, Quiet, quietPairs } from './quiet.js'

/** From source in tests, built otherwise. */
const program = (path: string): string => fileURLToPath(new URL(`${path}${extname(import.meta.url)}`, import.meta.url))

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export interface Plan {
  /** Of each stretch, in turn: quiet, then under attack. The first is to warm up. */
  readonly stretches: number
  readonly quietSeconds: number
  readonly attackSeconds: number
  /** That wait at the same time, and are abandoned together. */
  readonly polls: number
  /** Nothing else runs here, and times are wanted: see `cores`. Where other tests run, too, it would starve the attackers. */
  readonly isAlone: boolean
  readonly say: (line: string) => void
}

export interface Stretch {
  readonly quiet: Figures
  readonly attacked: Figures
  readonly tale: Tale
  /** When all was over. */
  readonly memory: Memory
}

export interface Outcome {
  readonly stretches: readonly Stretch[]
  readonly complaints: Complaints
  /** With the quiet ones gone, too. */
  readonly status: Status
  readonly log: string
}

/** What is short here, so that a soak need not last for minutes, and how much a client may publish. */
const flags = [
  ...['--cluster', 'test', '--publish-rate', '500', '--publish-burst', '500', '--pipeline', '32'],
  ...['--retention-seconds', '10', '--retention-count', '150', '--header-timeout', '2', '--body-timeout', '3'],
  ...['--slow-timeout', '2', '--write-timeout', '2', '--retention-bytes', '64MiB'],
]

/** One node as a process, with a door for the inspector. */
class Sufferer {
  readonly #process: ChildProcess
  inspector!: Inspector
  log = ''

  private constructor(
    readonly port: number,
    readonly peerPort: number,
    readonly adminPort: number,
  ) {
    const own = ['--listen', `${host}:${port}`, '--peer-listen', `${host}:${peerPort}`]
    const args = ['start', '--log-format', 'json', '--admin-listen', `${host}:${adminPort}`, ...own, ...flags]
    const node = [...loaders, `--inspect=${host}:0`, program('../../bin/carillon')]
    const env = { ...process.env, CARILLON_SECRET: 'a secret for tests only' }
    this.#process = spawn(process.execPath, [...node, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log += text
    })
  }

  /** With its main thread on this core only, if one is named. */
  static async launch(core: string | undefined): Promise<Sufferer> {
    const node = new Sufferer(await freePort(), await freePort(), await freePort())
    const url = await until('the inspector', () => /ws:\/\/\S+/.exec(node.log)?.[0], 30_000)
    node.inspector = await Inspector.attach(url)
    const isReady = async (): Promise<boolean> => (await node.status().catch(() => undefined))?.ready === true
    await until('it is ready', isReady, 60_000)
    // Not before: each thread begins where the one is that starts it.
    if (core !== undefined && node.#process.pid !== undefined) moveMainThread(core, node.#process.pid)
    return node
  }

  async status(): Promise<Status> {
    return JSON.parse((await ask(`http://${host}:${this.adminPort}`, 'GET', '/cluster', undefined, 20_000)).text)
  }

  async kill(): Promise<void> {
    this.inspector.close()
    if (this.#process.exitCode !== null) return
    this.#process.kill('SIGKILL')
    await once(this.#process, 'exit')
  }
}

const order = (attackers: ChildProcess, what: Order): void => {
  attackers.send(what)
}

const stopped = async (attackers: ChildProcess): Promise<Tale> => {
  const tale = once(attackers, 'message')
  order(attackers, { type: 'stop' })
  return (await tale)[0]
}

/** Nothing is held for attackers any more, and what they published has grown old. */
const settled = async (node: Sufferer, connections: number): Promise<void> => {
  await until(
    'all is given back',
    async () => {
      const { gauges, counters } = await node.status()
      const isGone = counters.http_connections === connections && gauges.publishing === 0
      return isGone && Number(gauges.channels) <= quietPairs
    },
    60_000,
  )
}

const tell = ({ heapUsed, external, rss }: Memory): string =>
  [heapUsed, external, rss].map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(' / ')

/** Runs a node under attack, and says how those fared who behaved. */
export const soak = async (plan: Plan): Promise<Outcome> => {
  const cores = plan.isAlone ? shareOut() : undefined
  plan.say(
    cores
      ? `the node's main thread has core ${cores.node}, all others have ${cores.others}`
      : 'cores are not shared out',
  )
  // Node and attackers are started from here, and so are there, too.
  if (cores) moveTo(cores.others)
  const node = await Sufferer.launch(cores?.node)
  const attackers = fork(program('./attackers'), plan.isAlone ? ['yield'] : [], { execArgv: [...loaders] })
  if (cores && !comeFirst()) plan.say('those who measure can be kept waiting by the helpers of the node')
  try {
    return await drive(node, attackers, plan)
  } finally {
    attackers.kill('SIGKILL')
    await node.kill()
  }
}

const drive = async (node: Sufferer, attackers: ChildProcess, plan: Plan): Promise<Outcome> => {
  const { quietSeconds, attackSeconds, polls, say } = plan
  const { port, peerPort } = node
  const quiet = await Quiet.begin(port)
  const stretches: Stretch[] = []
  await pause(1000)
  const { http_connections: connections = 0 } = (await node.status()).counters
  for (let i = 0; i < plan.stretches; i++) {
    quiet.figures()
    await pause(quietSeconds * 1000)
    const before = quiet.figures()
    order(attackers, { type: 'begin', target: { port, peerPort }, polls })
    await pause(attackSeconds * 1000)
    const attacked = quiet.figures()
    const tale = await stopped(attackers)
    await settled(node, connections)
    const memory = await node.inspector.memory()
    // To look at it stops the node for a moment, which is not to be taken for how it is in quiet.
    await pause(1000)
    say(`stretch ${i + 1}: heap / buffers / rss ${tell(memory)} MiB`)
    stretches.push({ quiet: before, attacked, tale, memory })
  }
  await quiet.pause()
  await until('all is read', () => quiet.isEven, 10_000).catch(() => {})
  quiet.end()
  await settled(node, 0)
  return { stretches, complaints: quiet.complaints, status: await node.status(), log: node.log }
}

/** The least that so many of these stay below. */
export const quantile = (list: readonly number[], share: number): number =>
  list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? Number.NaN
