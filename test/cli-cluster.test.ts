import tap, { test } from 'tap'
import { Bells } from './support/bells.js'
import { Cli, run } from './support/cli.js'
import { until } from './support/until.js'

// Several processes from source, on a machine that may be busy.
tap.setTimeout(120_000)

const three = 'node-1, node-2, node-3'

test('a cluster of three, from the command line', async (t) => {
  const bells = await Bells.ring(t, 3)
  const [one = '', two = '', last = ''] = bells.urls

  await t.test('says where it is, who is in the view, and what to try', (t) => {
    t.equal(
      bells.cli.stdout.replace(/^view: .* of 3\)\n/gm, ''),
      [
        `node-1  ${one}\nnode-2  ${two}\nnode-3  ${last}`,
        `view: ${three}`,
        'Try, in two other terminals:',
        `  npx carillon subscribe hello --server ${bells.urls.join(',')}`,
        `  npx carillon publish hello '{"text":"hi"}' --server ${last}\n`,
      ].join('\n'),
    )
    t.equal(new Set(bells.urls).size, 3)
    t.end()
  })

  await t.test('tells its status, and keeps telling', async (t) => {
    const watching = new Cli(['status', '--watch', '0.1', '--server', last])
    t.teardown(() => watching.kill())
    const [table, json] = await Promise.all([
      run(['status', '--server', two]),
      run(['status', '--json'], '', { CARILLON_SERVER: one }),
    ])
    t.match(table, { code: 0, stderr: '' })
    t.match(table.stdout, /^node-2 is (ready|frozen); view \S+ of 3; asked at http/)
    for (const [i, url] of bells.urls.entries()) {
      t.match(table.stdout, new RegExp(`^node-${i + 1}( \\*)? +alive +yes +yes .* ${url}$`, 'm'))
    }
    t.match(JSON.parse(json.stdout), {
      name: 'node-1',
      ready: true,
      members: [{ url: one }, { url: two }, { url: last }],
    })
    await watching.shows(/(node-3 is [\s\S]*){3}/)
    watching.process.kill('SIGINT')
    t.equal((await watching.ended).code, 130)
  })

  await t.test('what one node is told, a subscriber of another hears, whoever dies', async (t) => {
    const subscriber = new Cli(['subscribe', 'hello', '--server', two])
    t.teardown(() => subscriber.kill())
    await subscriber.shows(/subscribed to hello/, 'stderr')
    const publish = async (n: number, server: string): Promise<void> => {
      t.match(await run(['publish', 'hello', `{"n":${n}}`, '--server', server]), { code: 0, stdout: /^\S+\n$/ })
      await subscriber.shows(new RegExp(`"n":${n}\\b`))
    }
    await publish(1, one)
    const killed = bells.pid('node-2')
    process.kill(killed, 'SIGKILL')
    await publish(2, last)
    await subscriber.shows(/going on at /, 'stderr')
    await bells.cli.shows(/node-2 ended by SIGKILL; starting it again/, 'stderr')
    await until('it is back', () => bells.pid('node-2') !== killed)
    await bells.cli.shows(new RegExp(`\\(2 of 3\\)\\n(.*\\n)*view: ${three}\\n`))
    await publish(3, two)
    subscriber.process.kill('SIGINT')
    const { code, stdout } = await subscriber.ended
    t.equal(code, 130)
    const told = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    t.match(
      told,
      [1, 2, 3].map((n) => ({ channel: 'hello', message: { n, message_id: /./ } })),
    )
    t.equal(told.length, 3)
  })

  await t.test('notifies; what the cluster refuses for good is status 1', async (t) => {
    const [notified, refused, unnamed] = await Promise.all([
      run(['notify', 'Done', '--user', '7', '--server', one]),
      run(['publish', 'a\nb', '{}', '--server', one]),
      run(['subscribe', 'user:7', 'client:7', '--from', 'not a cursor', '--server', one]),
    ])
    t.match(notified, { code: 0, stdout: /^\S+\n$/, stderr: '' })
    t.match(refused, { code: 1, stdout: '', stderr: /refused: / })
    t.match(unnamed, { code: 1, stdout: '', stderr: /refused: / })
    const args = ['subscribe', 'user:7', '--from', 'earliest', '--count', '1', '--quiet', '--server', last]
    const heard = await run(args)
    t.match(heard, { code: 0, stderr: '' })
    t.match(JSON.parse(heard.stdout), { channel: 'user:7', message: { title: 'Done', priority: 1 } })
  })

  await t.test('Ctrl-C ends all of it, with 130', async (t) => {
    bells.cli.interrupt()
    const { code, ms } = await bells.ended()
    t.equal(code, 130)
    t.ok(ms < 5000, `${ms} ms`)
    t.notMatch(bells.cli.stderr.split('carillon: stopping the nodes')[1], /ended|starting it again/)
  })
})
