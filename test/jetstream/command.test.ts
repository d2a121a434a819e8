import tap, { test } from 'tap'
import { connect } from '../../src/client/index.js'
import { ask } from '../live/ask.js'
import { Bells } from '../support/bells.js'
import { run } from '../support/cli.js'
import { natsSkip, startNats } from './nats.js'

// Several processes from source, on a machine that may be busy.
tap.setTimeout(180_000)

test('a cluster on JetStream, from the command line', { skip: natsSkip }, async (t) => {
  const [server] = await startNats(t)
  const bells = await Bells.ring(t, 3, undefined, ['--log', server?.url ?? ''])
  const servers = bells.urls.join(',')
  t.match(bells.cli.stdout, /^view: node-1, node-2, node-3$/m, 'its nodes know of each other')

  await t.test('publish and subscribe, at different nodes', async (t) => {
    const published = await run(['publish', 'a', '{"n":1}', '--server', bells.urls[0] ?? ''])
    t.match(published, { code: 0, stdout: /\S/ })
    const read = await run(['subscribe', 'a', '--from', 'earliest', '--count', '1', '--server', bells.urls[2] ?? ''])
    t.match(read, { code: 0, stdout: /"n":1/ })
  })

  await t.test('the client library spreads over the nodes, and goes on from one to the next', async (t) => {
    const bus = connect({ servers: [bells.urls[0] ?? ''], database: 'main' })
    t.teardown(() => bus.close())
    const got: unknown[] = []
    const { message_id: first } = await bus.publish('b', { n: 0 })
    for (let n = 1; n < 20; n++) await bus.publish('b', { n })
    for await (const event of bus.subscribe(['b'], { from: first })) {
      if (event.type === 'message') got.push(event.message['n'])
      if (got.length === 19) break
    }
    t.same(
      got,
      Array.from({ length: 19 }, (_, i) => i + 1),
    )
  })

  await t.test('what runs on which log, and how far it is', async (t) => {
    const status = await run(['status', '--server', bells.urls[0] ?? ''])
    t.match(status.stdout, /^node-1 is ready/)
    t.match(status.stdout, /^main +carillon_main +following/m)
    const { log } = JSON.parse((await ask(bells.urls[0] ?? '', 'GET', '/cluster')).text)
    t.match(log, { kind: 'jetstream', state: 'connected', streams: [{ database: 'main', lag: 0, replicas: 1 }] })
  })

  await t.test('bench and verify find nothing wrong', async (t) => {
    const bench = await run([
      'bench',
      'fan-out',
      '--server',
      servers,
      '--subscribers',
      '20',
      '--duration',
      '1',
      '--json',
    ])
    t.match(bench, { code: 0 }, bench.stderr)
    const verify = await run(['verify', '--server', servers, '--duration', '2'])
    t.match(verify, { code: 0 }, verify.stderr + verify.stdout)
  })
})
