import tap, { test } from 'tap'
import { streamOf } from '../../src/jetstream/names.js'
import { natsSkip, startNats } from '../jetstream/nats.js'
import { until } from '../support/until.js'
import { manage, onJetStream } from './jetstream.js'
import { conforms } from './suite.js'

tap.setTimeout(180_000)

test('three servers, each stream on all of them', { skip: natsSkip }, async (t) => {
  const servers = await startNats(t, 3)
  const manager = await manage(t, servers)
  await until(
    'they have a leader',
    () =>
      manager.getAccountInfo().then(
        () => true,
        () => false,
      ),
    30_000,
  )
  /** The leader of the stream that is published to at that time: the story of that is the seventh. */
  const lose = async (): Promise<void> => {
    const { cluster } = await manager.streams.info(streamOf('carillon', 'story-7'))
    const leader = servers.find(({ place }) => place.name === cluster?.leader)
    await leader?.end('SIGKILL')
    await until('there is another one', async () => {
      const info = await manager.streams.info(streamOf('carillon', 'story-7')).catch(() => undefined)
      return info?.cluster?.leader !== undefined && info.cluster.leader !== cluster?.leader
    })
    await leader?.start()
  }
  await conforms(t, await onJetStream(t, servers, { logReplicas: 3 }, lose))
})
