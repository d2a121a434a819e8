import tap, { type Test, test } from 'tap'
import { program, verdictOn } from '../bin/program.js'
import { tableOf } from '../bin/table.js'
import { elementsOf, memberOf, onOneLine } from '../src/client/core/slices.js'
import { Cli, run } from './support/cli.js'
import { type Asked, FakeServer, type Script } from './support/fake-server.js'

// Many processes from source, on a machine that may be busy.
tap.setTimeout(120_000)

const commands = ['start', 'cluster', 'publish', 'subscribe', 'notify', 'status', 'token', 'config']

/** Nothing listens there: it is refused at once. Port 1 is one of those that `fetch` never asks. */
const nowhere = 'http://127.0.0.1:2'

const serve = async (t: Test, script: Script): Promise<FakeServer> => {
  const server = await FakeServer.listen(script)
  t.teardown(() => server.close())
  return server
}

const refusal = (code: string, message: string, more: object = {}): string =>
  JSON.stringify({ error: { code, message }, ...more })

const keyOf = ({ body }: Asked): unknown => JSON.parse(body).key

/** What the command line makes of arguments, without a process for each: one takes a second to start from source. */
const inside = async (args: readonly string[]): Promise<{ code: number; out: string; talk: string }> => {
  let [out, talk, code] = ['', '', 0]
  const writeOut = (text: string): void => {
    out += text
  }
  const writeErr = (text: string): void => {
    talk += text
  }
  try {
    await program({ writeOut, writeErr }).parseAsync([...args], { from: 'user' })
  } catch (error) {
    const verdict = verdictOn(error)
    talk += verdict.words
    code = verdict.exitCode
  }
  return { code, out, talk }
}

test('help begins with examples that can be copied', async (t) => {
  for (const name of ['', ...commands]) {
    const { code, out, talk } = await inside(name === '' ? ['--help'] : [name, '--help'])
    t.match(out, new RegExp(`^Examples:\n  \\$ (CARILLON_\\S+ )?carillon ${name}`), name)
    t.same({ code, talk }, { code: 0, talk: '' }, name)
  }
})

test('the process says the same, and is plain where there is no terminal', async (t) => {
  const args = [['publish', '--help'], ['--version'], ['publish'], ['start', '--tethered']]
  const [help, version, wrong, loose] = await Promise.all(args.map((each) => run(each)))
  t.match(help, { code: 0, stdout: /^Examples:\n {2}\$ carillon publish/, stderr: '' })
  t.notMatch(help?.stdout, '\u001b')
  t.match(version, { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
  t.match(wrong, { code: 2, stdout: '', stderr: /missing required argument 'channel'/ })
  t.match(loose, { code: 2, stdout: '', stderr: /--tethered is for a process started with an IPC channel/ })
})

test('wrong usage is told with status 2, and nothing on standard output', async (t) => {
  const table: readonly (readonly [args: readonly string[], words: RegExp])[] = [
    [[], /^Examples:/],
    [['ring'], /unknown command 'ring'/],
    [['publish'], /missing required argument 'channel'/],
    [['publish', 'a', '{"b":1}', 'c'], /too many arguments/],
    [['publish', 'a', '[1]'], /the message must be a JSON object, not \[1\]/],
    [['publish', 'a', '{'], /the message must be a JSON object/],
    [['publish', 'a', '--key', 'b'], /--key is for one message/],
    [['publish', 'a', '{}', '--ack', 'none'], /Allowed choices are all, local/],
    [['publish', 'a', '{}', '--server', 'http://'], /"http:\/\/" is no URL such as/],
    [['subscribe'], /missing required argument 'channel'/],
    [['subscribe', 'a', '--count', '1.5'], /It must be a whole number from 0/],
    [['subscribe', 'a', '--transport', 'carrier'], /Allowed choices are poll, sse, ws/],
    [['notify', 'a'], /either --user ID or --client ID/],
    [['notify', 'a', '--user', '1', '--priority', '4'], /It must be a whole number from 0 to 3/],
    [['start', '--retention-count', '0'], /It must be a whole number from 1 to 1000000/],
    [['start', '--secret', 'a secret that is long enough'], /unknown option '--secret'/],
    [['start', '--listen', '0.0.0.0:0'], /nothing asks who publishes or reads: .*--insecure/],
    [['cluster', '--nodes', '16'], /It must be a whole number from 1 to 15/],
    [['cluster', '--port', '7400', '--peer-port', '7402'], /overlap/],
    [['cluster', '--port', '65535'], /no ports above 65535/],
    [['status', '--watch', 'often'], /It must be a number from 0\.1/],
  ]
  for (const [args, words] of table) {
    const { code, out, talk } = await inside(args)
    t.same({ code, out }, { code: 2, out: '' }, args.join(' '))
    t.match(talk, words)
  }
})

test('status 3 where no server is reached, and the others are named', async (t) => {
  const server = ['--server', `${nowhere},127.0.0.1:3`]
  const asking = [
    ['publish', 'a', '{}'],
    ['subscribe', 'a'],
    ['notify', 'a', '--user', '1'],
  ]
  for (const args of [...asking.map((each) => [...each, '--timeout', '0.5']), ['status']]) {
    const { code, out, talk } = await inside([...args, ...server])
    t.same({ code, out }, { code: 3, out: '' }, args.join(' '))
    t.match(talk, /no server could be reached/)
    for (const port of [2, 3]) t.match(talk, `http://127.0.0.1:${port}: nobody listens there`)
  }
})

test('publish sends the message as it was written, and prints its id', async (t) => {
  const server = await serve(t, () => ({ body: '{"message_id":"id-1","copies":3}' }))
  const json = '{ "big": 12345678901234567890, "a":1, "a":2, "é":"\\u00e9" }'
  const args = ['publish', 'a:b,c', json, '--database', 'x y', '--ack', 'local', '--min-copies', '2']
  t.match(await run(args, '', { CARILLON_SERVER: `${server.url}/` }), { code: 0, stdout: 'id-1\n', stderr: '' })
  const [asked] = server.asked
  t.match(asked, { method: 'POST', path: '/x%20y/bus/publish', headers: { 'content-type': 'application/json' } })
  t.match(asked?.body, json)
  t.match(JSON.parse(asked?.body ?? ''), { channel: 'a:b,c', key: /^[0-9a-f]{32}$/, ack: 'local', min_copies: 2 })
})

test('publish asks on, with the same key, until it knows', async (t) => {
  const said = [
    { status: 503, body: refusal('not_ready', 'joining') },
    'cut' as const,
    {
      status: 503,
      body: refusal('outcome_unknown', 'perhaps', { outcome: 'unknown' }),
      headers: { 'retry-after': '0' },
    },
    { body: '{"message_id":"id-1","copies":1,"duplicate":true}' },
  ]
  const server = await serve(t, (_, count) => said[count - 1] ?? {})
  const { code, stdout, stderr } = await run([
    'publish',
    'a',
    '{}',
    '--key',
    'k',
    '--server',
    `${nowhere},${server.url}`,
  ])
  t.match({ code, stdout }, { code: 0, stdout: 'id-1\n' })
  t.match(stderr, /not published yet, trying for 10 s: .*joining/)
  t.same(server.asked.map(keyOf), ['k', 'k', 'k', 'k'])
})

test('who publishes too fast waits for as long as it is told', async (t) => {
  const atMs: number[] = []
  const server = await serve(t, (_, count) => {
    atMs.push(performance.now())
    const tooFast = { status: 429, body: refusal('too_many_requests', 'too fast'), headers: { 'retry-after': '1' } }
    return count === 1 ? tooFast : { body: '{"message_id":"id-1","copies":1}' }
  })
  const { code, stdout, stderr } = await run(['publish', 'a', '{}', '--server', server.url])
  t.match({ code, stdout }, { code: 0, stdout: 'id-1\n' })
  t.match(stderr, /not published yet, trying for 10 s: .*too fast/)
  const [first = 0, second = 0] = atMs
  t.ok(second - first > 990, 'not before')
})

test('a publish whose fate stays unknown says so, and under which key', async (t) => {
  const server = await serve(t, () => 'hang')
  const args = ['publish', 'a', '{}', '--key', 'k-17', '--server', server.url, '--timeout', '0.4']
  const { code, stderr } = await run(args)
  t.equal(code, 1)
  t.match(stderr, /no server said whether it was done: .*no answer within .*the key is k-17/)
})

test('too few nodes is not the same as none', async (t) => {
  const body = refusal('too_few_copies', 'the view has 3 of 5 nodes')
  const server = await serve(t, () => ({ status: 503, body }))
  const servers = ['--server', `${nowhere},${server.url}`, '--timeout', '0.4']
  const { code, talk } = await inside(['publish', 'a', '{}', '--min-copies', '5', ...servers])
  t.equal(code, 1)
  t.match(talk, /there are too few nodes: .*the view has 3 of 5 nodes/)
  t.notMatch(talk, /no server could be reached/)
})

test('what the server refuses for good is not tried again', async (t) => {
  const server = await serve(t, () => ({ status: 409, body: refusal('key_conflict', 'another body has this key') }))
  const { code, stdout, stderr } = await run(['publish', 'a', '{}', '--server', server.url])
  t.match({ code, stdout }, { code: 1, stdout: '' })
  t.match(stderr, `${server.url} refused: another body has this key`)
  t.notMatch(stderr, 'undefined')
  t.equal(server.asked.length, 1)
  const page = await serve(t, () => ({ status: 403, body: '<h1>Forbidden</h1>' }))
  t.match(await run(['status', '--server', page.url]), { code: 1, stderr: /refused: status 403/ })
})

test('publish takes lines from standard input, many a request, and prints the ids in their order', async (t) => {
  const server = await serve(t, ({ body, path }) => {
    if (path !== '/main/bus/publish') return {}
    const { messages, message }: { messages?: { message: { n: number } }[]; message?: { n: number } } = JSON.parse(body)
    if (message) return { body: JSON.stringify({ message_id: `id-${message.n}`, copies: 1 }) }
    return { body: JSON.stringify({ message_ids: messages?.map((each) => `id-${each.message.n}`), copies: 1 }) }
  })
  const lines = Array.from({ length: 1201 }, (_, n) => `{"n":${n}}`)
  const ids = lines.map((_, n) => `id-${n}`)
  const args = ['publish', 'a', '--server', server.url]
  const { code, stdout } = await run(args, `${lines.join('\r\n')}\n\n`)
  t.equal(code, 0)
  t.same(stdout.trim().split('\n'), ids)
  const bodies = server.asked.filter(({ path }) => path === '/main/bus/publish').map(({ body }) => JSON.parse(body))
  t.ok(bodies.length <= 5, `${bodies.length} requests`)
  const keys = bodies.flatMap(({ messages, key }) => messages?.map((each: { key: string }) => each.key) ?? [key])
  t.equal(new Set(keys).size, lines.length)

  const bad = await run(args, '{"n":0}\n{"n":1}\n"n"\n{"n":3}')
  t.match(bad, { code: 1, stdout: 'id-0\nid-1\n', stderr: /line 3 is not a JSON object; what stands before it is pub/ })
  t.match(await run(args, '{"n":7}'), { code: 0, stdout: 'id-7\n' }, 'the last line needs no end')
  t.match(await run(args, ''), { code: 0, stdout: '' })
})

test('of a batch that is refused, what stands before the line at fault is published, and the line is named', async (t) => {
  const server = await serve(t, ({ body, path }) => {
    if (path !== '/main/bus/publish') return {}
    if (body.includes('"bad"')) return { status: 409, body: refusal('key_conflict', 'no such thing') }
    const { messages = [{}] }: { messages?: object[] } = JSON.parse(body)
    const ids = messages.map(() => 'id')
    return { body: JSON.stringify({ message_id: 'id', copies: 1, ...(ids.length > 1 ? { message_ids: ids } : {}) }) }
  })
  const { code, stdout, stderr } = await run(
    ['publish', 'a', '--server', server.url, '--progress'],
    '{}\n{}\n{"bad":1}\n{}\n',
  )
  t.match({ code, stdout }, { code: 1, stdout: 'id\nid\n' })
  t.match(stderr, /carillon: 2 published in .*\/s\n.*no such thing \(line 3\)/)
})

const poll = (cursor: string, messages: readonly string[] = [], more = ''): { readonly body: string } => ({
  body: `{"messages":[${messages.map((each) => `{"channel":"a","message":${each}}`).join(',')}],"cursor":"${cursor}"${more}}`,
})

const isPoll = (asked: Asked): boolean => asked.path === '/main/bus/poll'

test('subscribe prints a line a message, byte for byte, and goes on from the last cursor', async (t) => {
  const odd = '{"big":12345678901234567890,"text":"}]\\\\\\" ,[{",\n "list":[1,[2],{"a":{}}]}'
  const said = [poll('c0'), poll('c1', ['{"n":1}', odd]), poll('c2'), poll('c3', ['{"n":3}'])]
  let polls = 0
  const server = await serve(t, (asked) => (isPoll(asked) ? (said[polls++] ?? 'hang') : { body: '{"members":[]}' }))
  const { code, stdout, stderr } = await run(['subscribe', 'a', 'b', 'a', '--count', '3', '--server', server.url])
  t.equal(code, 0)
  t.equal(
    stdout,
    ['{"n":1}', odd.replace('\n', ' '), '{"n":3}'].map((each) => `{"channel":"a","message":${each}}\n`).join(''),
  )
  t.equal(stderr, `carillon: subscribed to a, b at ${server.url}\n`)
  const bodies = server.asked.filter(isPoll).map(({ body }) => JSON.parse(body))
  t.same(
    bodies.slice(0, 4).map(({ cursor }) => cursor),
    ['now', 'c0', 'c1', 'c2'],
  )
  t.ok(
    bodies.every(({ limit }) => limit === 3),
    'no more at a time than is printed',
  )
  t.match(bodies[0], { channels: ['a', 'b'], timeout: 0 }, 'the first answer comes at once, to have a cursor')
})

test('subscribe tells gaps, even to those who want quiet', async (t) => {
  const gap = poll('c1', ['{"n":1}'], ',"gap":true,"reason":"evicted","oldest":"o"')
  const server = await serve(t, (asked) => (isPoll(asked) ? gap : {}))
  const args = ['subscribe', 'a', '--from', 'old', '--count', '1', '--quiet', '--server', server.url]
  const { code, stdout, stderr } = await run(args)
  t.match({ code, stdout }, { code: 0, stdout: '{"channel":"a","message":{"n":1}}\n' })
  t.match(stderr, /^carillon: gap: messages are missing here: what was published .*; the oldest kept is o\n$/)
  t.match(server.asked.find(isPoll)?.body, '"cursor":"old"')
})

test('subscribe goes on at a server it has learnt of, when the one it was given dies', async (t) => {
  const second = await serve(t, (asked) => (isPoll(asked) ? poll('c2', ['{"n":2}']) : { body: '{"members":[]}' }))
  const members = JSON.stringify({
    members: [
      { url: second.url, state: 'alive' },
      { url: nowhere, state: 'down' },
    ],
  })
  let polls = 0
  const first = await serve(t, (asked) => {
    if (!isPoll(asked)) return { body: members }
    return [poll('c0'), poll('c1', ['{"n":1}'])][polls++] ?? 'cut'
  })
  const { code, stdout, stderr } = await run(['subscribe', 'a', '--count', '2', '--server', first.url])
  t.match({ code, stdout }, { code: 0, stdout: /^.*"n":1.*\n.*"n":2.*\n$/ })
  t.match(stderr, `carillon: going on at ${second.url}`)
  t.match(second.asked.find(isPoll)?.body, '"cursor":"c1"')
})

test('Ctrl-C ends a subscription with 130 and tells how to go on', async (t) => {
  let polls = 0
  const server = await serve(t, (asked) => (isPoll(asked) ? ([poll('c0'), poll('c1')][polls++] ?? 'hang') : {}))
  const cli = new Cli(['subscribe', 'a', '--server', server.url])
  t.teardown(() => cli.kill())
  await cli.shows(/subscribed/, 'stderr')
  cli.process.kill('SIGINT')
  t.match(await cli.ended, { code: 130, stdout: '', stderr: /go on with --from c\d\n$/ })
})

test('a reader that has seen enough ends the command without a word', async (t) => {
  const server = await serve(t, (asked) => (isPoll(asked) ? poll('c', [`{"n":"${'x'.repeat(1e5)}"}`]) : {}))
  const cli = new Cli(['subscribe', 'a', '--quiet', '--server', server.url])
  t.teardown(() => cli.kill())
  await cli.shows(/x/)
  cli.process.stdout?.destroy()
  t.match(await cli.ended, { code: 0, stderr: '' })
})

test('notify says what Tryton says', async (t) => {
  const server = await serve(t, () => ({ body: '{"message_id":"id-1","copies":1}' }))
  const args = ['notify', 'Done', '--body', 'all', '--priority', '3', '--user', '7', '--server', server.url]
  t.match(await run(args), { code: 0, stdout: 'id-1\n', stderr: '' })
  t.match(server.asked[0], { path: '/main/bus/notify', headers: { 'idempotency-key': /^[-0-9a-f]{36}$/ } })
  t.same(JSON.parse(server.asked[0]?.body ?? ''), { title: 'Done', body: 'all', priority: 3, user: '7' })
})

test('slices are those of JSON.parse', (t) => {
  const texts = [
    '{"a":[]}',
    '{"b":{"a":[9]},"a":[1,"],[",{"x":[[]]},null,"\\\\\\""]}',
    ' { "\\u0061" : [ 1 , [ 2 ] ] } ',
    '{"a":[[],{}]}',
  ]
  for (const text of texts)
    t.same(
      elementsOf(text, 'a').map((part) => JSON.parse(part)),
      JSON.parse(text).a,
      text,
    )
  t.same(elementsOf('{"b":1}', 'a'), [])
  t.equal(memberOf(' {"a" : 1e400 , "b": {"a":2} }', 'a'), '1e400')
  t.equal(memberOf('{"b":1}', 'a'), undefined)
  t.equal(onOneLine('{\r\n "a":"\\n"}'), '{  "a":"\\n"}')
  t.end()
})

test('a table is as wide as it needs to be', (t) => {
  const rows = [
    ['node-1', '5', ''],
    ['n', '12', 'x'],
  ]
  t.same(tableOf(['NAME', 'N', 'URL'], rows), ['NAME     N  URL', 'node-1   5', 'n       12  x'])
  t.end()
})
