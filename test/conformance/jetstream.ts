import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { Test } from 'tap'
import type { Node, Options } from '../../src/index.js'
import { streamOf } from '../../src/jetstream/names.js'
import { type NatsServer, urlsOf } from '../jetstream/nats.js'
import { embed } from '../live/crew.js'
import { until } from '../support/until.js'
import { ofAnotherMesh, pollAt, publishTo } from './live.js'
import { retentionCount, type World } from './world.js'

const count = 3

/** A connection of the test's own, to do what an administrator might. */
export const manage = async (t: Test, servers: readonly NatsServer[]) => {
  const connection = await connect({
    servers: servers.map(({ port }) => `127.0.0.1:${port}`),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  })
  t.teardown(() => connection.close())
  return jetstreamManager(connection, { checkAPI: false, timeout: 2000 })
}

/** Nodes on these servers. `lose`: what is done to them, and undone. */
export const onJetStream = async (
  t: Test,
  servers: readonly NatsServer[],
  given: Partial<Options>,
  lose: () => Promise<void>,
): Promise<World> => {
  const options = { log: urlsOf(servers), retentionCount, heartbeat: 0.1, ...given }
  const start = async (place: number) => {
    const node = await embed(t, { ...options, name: `node-${place + 1}` })
    await until('it serves', () => node.ready, 30_000)
    return node
  }
  const nodes = [await start(0), await start(1), await start(2)]
  const nodeOf = (place: number) => nodes[place] as Node
  const manager = await manage(t, servers)
  return {
    nodes: count,
    keepsHistory: true,
    publish: (place, ...wanted) => publishTo(nodeOf(place), ...wanted),
    poll: (place, ...wanted) => pollAt(nodeOf(place), ...wanted),
    restart: async (place) => {
      await nodeOf(place).close()
      nodes[place] = await start(place)
    },
    lose,
    forget: async (database) => {
      await manager.streams.purge(streamOf('carillon', database))
      // Nor in the rings of nodes.
      for (const place of nodes.keys()) {
        await nodeOf(place).close()
        nodes[place] = await start(place)
      }
    },
    foreign: { cursor: ofAnotherMesh(), reason: 'other_log' },
  }
}
