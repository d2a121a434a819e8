import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { natsVersion, startNats } from '../../test/jetstream/nats.js'
import { ask, hangUp } from '../../test/live/ask.js'
import { Ship } from '../../test/live/fleet.js'
import { freePort, host } from '../../test/support/free-port.js'
import { until } from '../../test/support/until.js'
import { Ended } from './ended.js'
import { type Live, type Load, liveOf, publishSteadily, settleMs } from './live.js'
import { nodeProgram } from './program.js'

/** So many nodes on one nats-server. `bytes`: for a message, sent by it to all nodes. */
export interface OnStream extends Live {
  /** CPU of the nats-server for a message. */
  readonly natsUs: number
  /** A second, sent by it when nothing is published. */
  readonly idleBytes: number
}

export const natsHere = natsVersion

interface Server {
  readonly url: string
  readonly pid: number
  /** Bytes sent to clients until now, and when that was, in milliseconds. */
  sent(): Promise<{ readonly bytes: number; readonly at: number }>
}

const startServer = async (ended: Ended): Promise<Server> => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-scale-'))
  ended.teardown(async () => rmSync(folder, { recursive: true, force: true }))
  const pidFile = join(folder, 'pid')
  const http = `${host}:${await freePort()}`
  const [server] = await startNats(ended, 1, `http: "${http}"\npid_file: "${pidFile}"`)
  if (!server) throw new Error('there is no nats-server')
  return {
    url: server.url,
    pid: Number(await until('it says its pid', () => readFileSync(pidFile, 'utf8'))),
    sent: async () => {
      const told = await fetch(`http://${http}/varz`)
      const { out_bytes: bytes } = (await told.json()) as { readonly out_bytes: number }
      return { bytes, at: performance.now() }
    },
  }
}

const startNodes = async (nodes: number, url: string, ended: Ended): Promise<readonly Ship[]> => {
  const ports = await Promise.all(Array.from({ length: nodes }, freePort))
  const ships = ports.map((port, i) => {
    const name = `node-${i + 1}`
    return new Ship(name, port, 0, ['--listen', `${host}:${port}`, '--name', name, '--log', url], {}, nodeProgram)
  })
  ended.teardown(async () => void (await Promise.all(ships.map((ship) => ship.kill()))))
  for (const ship of ships) ship.start()
  const all = (): Promise<boolean[]> => Promise.all(ships.map((ship) => ship.joined(nodes)))
  await until('all nodes know each other', async () => (await all()).every(Boolean), 60_000)
  // A node that is asked for a database follows its stream from then on.
  for (const { url } of ships) await ask(url, 'POST', '/main/bus/poll', { channels: ['a'], cursor: 'now', timeout: 0 })
  return ships
}

/** How long nothing is published, for what nodes and server say to each other anyway: a whole number of beats. */
const idleMs = 3000
/** From when workers are started until they surely publish. */
const lagMs = 2000

interface Sent {
  readonly bytes: number
  readonly published: number
  readonly seconds: number
}

/** What the server sends, and the node is given to publish, while something is done. */
const sentDuring = async (server: Server, ship: Ship | undefined, work: Promise<unknown>): Promise<Sent> => {
  const published = async (): Promise<number> => (await ship?.status())?.counters['published'] ?? 0
  const from = { ...(await server.sent()), published: await published() }
  await work
  const to = { ...(await server.sent()), published: await published() }
  return {
    bytes: to.bytes - from.bytes,
    published: to.published - from.published,
    seconds: (to.at - from.at) / 1000,
  }
}

export const measureOnStream = async (nodes: number, load: Load, loadAverage: () => number): Promise<OnStream> => {
  const ended = new Ended()
  try {
    const server = await startServer(ended)
    const ships = await startNodes(nodes, server.url, ended)
    await sleep(settleMs)
    const idle = await sentDuring(server, ships[0], sleep(idleMs))
    const idleBytes = idle.bytes / idle.seconds
    const pids = [...ships.map(({ pid }) => pid), server.pid]
    const urls = ships.map(({ url }) => url)
    const working = publishSteadily(urls, pids, load)
    // What is measured lies in the midst of what is published.
    const meanwhile = sleep(lagMs).then(() => sentDuring(server, ships[0], sleep(load.seconds * 500)))
    const [result, sent] = await Promise.all([working, meanwhile])
    const live = liveOf(nodes, result, loadAverage())
    const bytes = (sent.bytes - idleBytes * sent.seconds) / Math.max(1, sent.published)
    return { ...live, natsUs: result.cpuByNode?.[nodes] ?? 0, idleBytes, bytes }
  } finally {
    hangUp()
    await ended.all()
  }
}
