import tap, { type Test, test } from 'tap'
import { Bells } from './support/bells.js'
import { Cli, run } from './support/cli.js'

// Several processes from source, on a machine that may be busy.
tap.setTimeout(120_000)

test('SIGTERM ends a cluster with 0', async (t) => {
  const bells = await Bells.ring(t, 2)
  bells.cli.process.kill('SIGTERM')
  const { code, ms } = await bells.ended()
  t.equal(code, 0)
  t.ok(ms < 5000, `${ms} ms`)
})

test('no node outlives a cluster command that was killed', async (t) => {
  const bells = await Bells.ring(t, 2)
  bells.cli.process.kill('SIGKILL')
  t.equal((await bells.ended()).code, null)
})

/** A node that never finds those whom it looks for, and where it is. */
const lonely = async (t: Test, more: readonly string[] = []): Promise<{ readonly cli: Cli; readonly url: string }> => {
  const where = ['--listen', '127.0.0.1:0', '--peer-listen', '127.0.0.1:0', '--join', '127.0.0.1:1']
  const cli = new Cli(['start', ...where, '--bootstrap-timeout', '3600', ...more])
  t.teardown(() => cli.kill())
  const [, url = ''] = await cli.shows(/"url":"([^"]+)"/, 'stderr')
  return { cli, url }
}

test('one node: status 3 until it is ready, 1 where its port is taken, 0 or 130 by how it is ended', async (t) => {
  const [first, second] = await Promise.all([lonely(t), lonely(t)])
  const { host, port } = new URL(first.url)
  const [status, taken, cluster, publish] = await Promise.all([
    run(['status', '--server', first.url]),
    run(['start', '--listen', host, '--peer-listen', '127.0.0.1:0']),
    run(['cluster', '--port', port, '--peer-port', '0']),
    run(['publish', 'a', '{}', '--timeout', '0.5', '--server', first.url]),
  ])
  t.match(status, { code: 3, stdout: /is joining; view/, stderr: /is not ready \(joining\)/ })
  t.match(taken, { code: 1, stdout: '', stderr: new RegExp(`${host} is in use: end what listens there.*--listen`) })
  t.match(cluster, { code: 1, stdout: '', stderr: new RegExp(`port ${port} .* is in use.*--port and --peer-port`) })
  t.match(publish, { code: 3, stdout: '', stderr: /no server could be reached and was ready: .*not ready/ })
  first.cli.process.kill('SIGTERM')
  second.cli.process.kill('SIGINT')
  t.equal((await first.cli.ended).code, 0)
  t.equal((await second.cli.ended).code, 130)
})
