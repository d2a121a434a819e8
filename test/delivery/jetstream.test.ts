import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import tap, { type Test } from 'tap'
import type { Node, Options } from '../../src/index.js'
import { NatsServer, natsSkip } from '../jetstream/nats.js'
import { embed } from '../live/crew.js'
import { freePort } from '../support/free-port.js'
import { until } from '../support/until.js'
import { delivers } from './contract.js'

tap.setTimeout(240_000)

if (natsSkip) tap.pass(natsSkip)
else {
  const place = { name: 'nats', port: await freePort(), clusterPort: 0 }
  const server = new NatsServer(place, [place])
  await server.start()
  const connection = await connect({ servers: `127.0.0.1:${place.port}` })
  tap.teardown(async () => {
    await connection.close()
    await server.remove()
  })
  const manager = await jetstreamManager(connection)
  const prefixes = new Map<Node, string>()
  let sites = 0

  /** Each on streams of its own. */
  const crew = async (t: Test, count: number, options: Partial<Options>): Promise<readonly Node[]> => {
    const logPrefix = `site-${++sites}`
    const nodes: Node[] = []
    for (let i = 1; i <= count; i++) {
      const node = await embed(t, { name: `node-${i}`, ...options, log: server.url, logPrefix })
      prefixes.set(node, logPrefix)
      nodes.push(node)
    }
    await until('they are ready', () => nodes.every(({ ready }) => ready))
    return nodes
  }
  const alone = async (t: Test, options: Partial<Options>): Promise<Node> => (await crew(t, 1, options))[0] as Node
  const forget = async (node: Node, keep: number): Promise<void> => {
    await manager.streams.purge(`${prefixes.get(node)}_main`, { keep })
  }
  delivers({ alone, crew, splits: false, forget })
}
