import tap, { test } from 'tap'
import { natsSkip, startNats } from '../jetstream/nats.js'
import { onJetStream } from './jetstream.js'
import { conforms } from './suite.js'

tap.setTimeout(120_000)

test('one server', { skip: natsSkip }, async (t) => {
  const servers = await startNats(t)
  const [server] = servers
  const world = await onJetStream(t, servers, {}, async () => {
    await server?.end()
    await server?.start()
  })
  await conforms(t, world)
})
