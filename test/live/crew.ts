import { createNode, type Node, type Options, type Status } from '../../src/index.js'
import { readKeys } from '../../src/keys.js'
import { resolveOptions } from '../../src/options.js'
import { until } from '../support/until.js'
import { ask, type Reply } from './ask.js'

interface Teardown {
  teardown(end: () => Promise<void>): void
}

export const secret = 'a secret for tests only'

const quiet = { listen: '127.0.0.1:0', peerListen: '127.0.0.1:0', logLevel: 'silent', drainTimeout: 0.2 } as const

/** A node in this very process, on free ports, closed at once when the test is over. */
export const embed = async (t: Teardown, options: Partial<Options> = {}): Promise<Node> => {
  const node = await createNode({ ...quiet, ...options })
  t.teardown(() => node.close())
  return node
}

/** What SIGHUP does. */
export const renew = async (node: Node, given: Partial<Options>): Promise<void> => {
  const options = resolveOptions({ ...quiet, ...given })
  node.renew(options, await readKeys(options))
}

export const namesInView = (node: Node): readonly string[] => [...node.status().view.members].sort()

/** All of them are ready, in one view with nobody else. */
export const agreed = (nodes: readonly Node[]): Promise<boolean> => {
  const all = nodes.map(({ name }) => name).sort()
  const agrees = (node: Node): boolean => node.ready && namesInView(node).join() === all.join()
  return until(`one view of ${all}`, () => nodes.every(agrees))
}

/** Nodes of one cluster, which found each other by the address of the first. */
export const crew = async (t: Teardown, count: number, options: Partial<Options> = {}): Promise<readonly Node[]> => {
  const founder = await embed(t, { name: 'node-1', ...options, secret })
  const nodes = [founder]
  for (let i = 2; i <= count; i++) {
    nodes.push(await embed(t, { name: `node-${i}`, ...options, secret, join: [founder.address] }))
  }
  await agreed(nodes)
  return nodes
}

export const publish = (node: Node, channel: string, message: object): Promise<Reply> =>
  ask(node.url, 'POST', '/main/bus/publish', { channel, message })

export interface Batch {
  readonly messages: readonly { readonly channel: string; readonly message: { readonly [name: string]: unknown } }[]
  readonly cursor: string
  readonly gap?: boolean
}

export interface Wish {
  readonly channels: readonly string[]
  readonly cursor?: string
  readonly limit?: number
  readonly timeout?: number
}

export const poll = async (node: Node, wish: Wish): Promise<Batch> => {
  const reply = await ask(node.url, 'POST', '/main/bus/poll', wish, 20_000)
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text}`)
  return JSON.parse(reply.text)
}

export const statusOf = async (node: Node): Promise<Status> => JSON.parse((await ask(node.url, 'GET', '/cluster')).text)
