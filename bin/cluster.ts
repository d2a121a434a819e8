import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import type { Client } from '../src/client/index.js'
import type { OptionName, Options } from '../src/options.js'
import { type ChildPlan, Children } from './children.js'
import { clientOf } from './client.js'
import { Failure } from './failure.js'
import { asArguments, asVariables, clusterOptions, variableOf } from './flags.js'
import { givenOptions } from './given.js'
import { print, say } from './terminal.js'

export interface Ports {
  readonly nodes: number
  /** Of the first; 0 takes free ones. */
  readonly port: number
  readonly peerPort: number
}

export interface ClusterFlags extends Ports {
  readonly config?: string
  readonly [name: string]: unknown
}

export interface Place {
  readonly name: string
  readonly port: number
  readonly peerPort: number
}

const host = '127.0.0.1'
const lookEveryMs = 250

/** Listens for a moment; with port 0 that finds a free one. */
const probe = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      const words =
        error.code === 'EADDRINUSE' ? 'is in use: end what listens there, or choose' : `(${error.code}): choose`
      reject(new Failure(1, `port ${port} of ${host} ${words} other ports with --port and --peer-port`))
    })
    server.listen(port, host, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port))
    })
  })

export const placesFor = async ({ nodes, port, peerPort }: Ports): Promise<readonly Place[]> => {
  const ports = Array.from({ length: 2 * nodes }, (_, i) => {
    const first = i < nodes ? port : peerPort
    return first === 0 ? 0 : first + (i % nodes)
  })
  const fixed = ports.filter((each) => each !== 0)
  if (new Set(fixed).size < fixed.length)
    throw new Failure(2, 'the ports from --port on and those from --peer-port on overlap')
  if (fixed.some((each) => each > 65_535)) throw new Failure(2, 'there are no ports above 65535')
  const free = await Promise.all(ports.map(probe))
  return Array.from({ length: nodes }, (_, i) => ({
    name: `node-${i + 1}`,
    port: free[i] ?? 0,
    peerPort: free[nodes + i] ?? 0,
  }))
}

export const urlOf = ({ port }: Place): string => `http://${host}:${port}`

/** The secret goes by the environment: arguments can be read by everyone on the machine. */
export const environmentFor = (secret: string): NodeJS.ProcessEnv => {
  const env: NodeJS.ProcessEnv = { ...process.env }
  for (const name of clusterOptions) delete env[variableOf(name)]
  delete env.CARILLON_CONFIG
  return { ...env, [variableOf('secret')]: secret }
}

export const nodePlanFor = (
  place: Place,
  places: readonly Place[],
  given: Partial<Options>,
  env: NodeJS.ProcessEnv,
): ChildPlan => {
  const peers = {
    peerListen: `${host}:${place.peerPort}`,
    join: places.filter((other) => other !== place).map((other) => `${host}:${other.peerPort}`),
  }
  const own: Partial<Options> = { listen: `${host}:${place.port}`, name: place.name, ...(given.log ? {} : peers) }
  const all = { drainTimeout: 3, logFormat: 'text' as const, ...given, ...own }
  return { name: place.name, args: ['start', '--tethered', ...asArguments(all)], env }
}

interface Told {
  readonly ready: boolean
  readonly members: readonly { readonly name: string; readonly inView: boolean }[]
}

/** The names in the view of one node; empty if it does not answer or is not ready. */
export const viewOf = async (client: Client): Promise<string> => {
  try {
    const { text } = await client.request({ method: 'GET', path: '/cluster' }, { attemptMs: 1000, timeoutMs: 0 })
    const told: Told = JSON.parse(text)
    const names = told.members.filter((member) => member.inView).map((member) => member.name)
    return told.ready ? names.sort().join(', ') : ''
  } catch {
    return ''
  }
}

const hints = (places: readonly Place[]): string => {
  const [first, last] = [places[0], places.at(-1)]
  if (!first || !last) return ''
  return [
    'Try, in two other terminals:',
    `  npx carillon subscribe hello --server ${places.map(urlOf).join(',')}`,
    `  npx carillon publish hello '{"text":"hi"}' --server ${urlOf(last)}`,
  ].join('\n')
}

/** Says on standard output whenever all nodes that answer agree on another view than before. */
const watchViews = (places: readonly Place[]): (() => void) => {
  const clients = places.map((place) => clientOf(urlOf(place)))
  let shown = ''
  let hinted = false
  let timer: NodeJS.Timeout | undefined
  let ended = false
  const look = async (): Promise<void> => {
    const views = new Set((await Promise.all(clients.map(viewOf))).filter((view) => view !== ''))
    const [view = ''] = views
    if (ended) return
    if (views.size === 1 && view !== shown) {
      const complete = view.split(', ').length === places.length
      await print(`view: ${view}${complete ? '' : ` (${view.split(', ').length} of ${places.length})`}`)
      if (complete && !hinted) await print(hints(places))
      hinted ||= complete
      shown = view
    }
    timer = setTimeout(look, lookEveryMs)
  }
  void look()
  return () => {
    ended = true
    clearTimeout(timer)
    for (const client of clients) void client.close()
  }
}

/** Resolves with the exit code; a second signal waits for nothing. */
const askedToEnd = (children: Children): Promise<number> =>
  new Promise((resolve) => {
    let asked = false
    const end = (code: number): void => {
      if (asked) children.kill()
      asked = true
      resolve(code)
    }
    process.on('SIGINT', () => end(130))
    process.on('SIGTERM', () => end(0))
    process.on('SIGHUP', () => end(0))
  })

export const cluster = async (flags: ClusterFlags): Promise<void> => {
  const given = givenOptions(flags, process.env)
  const shared = Object.fromEntries(
    Object.entries(given).filter(([name]) => !clusterOptions.includes(name as OptionName)),
  )
  const places = await placesFor(flags)
  const env = { ...environmentFor(randomBytes(32).toString('base64url')), ...asVariables(shared) }
  const children = new Children(
    places.map((place) => nodePlanFor(place, places, shared, env)),
    () => {},
  )
  const ended = askedToEnd(children)
  for (const place of places) await print(`${place.name}  ${urlOf(place)}`)
  children.start()
  const stopWatching = watchViews(places)
  try {
    const exitCode = await Promise.race([ended, children.failed])
    say('carillon: stopping the nodes')
    process.exitCode = exitCode
  } finally {
    stopWatching()
    await children.stop()
  }
}
