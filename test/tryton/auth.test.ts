import { type Test, test } from 'tap'
import { guardFor } from '../../src/auth/guard.js'
import type { Report } from '../../src/effect.js'
import { defaults, type Options } from '../../src/options.js'
import { Stage } from '../http/stage.js'
import { codeOf, type Reply, type Wire } from '../http/wire.js'
import { until } from '../support/until.js'
import { FakeTrytond } from './fake-trytond.js'

const body = '{"channels":["client:abc"],"last_message":null}'
const key = 'k'.repeat(64)
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const session = (text = `admin:5:${key}`): string => `Authorization: Session ${base64(text)}`

interface Scene {
  readonly trytond: FakeTrytond
  readonly stage: Stage
  readonly reports: readonly Report[]
}

const scene = async (t: Test, options: Partial<Options> = {}, version: 6 | 8 = 6): Promise<Scene> => {
  const trytond = await FakeTrytond.start(t, version)
  const reports: Report[] = []
  const all = { ...defaults, auth: `trytond=${trytond.url}`, ...options }
  const guard = guardFor(all, { secrets: [], tokens: ['a-token'] }, (report) => reports.push(report))
  const stage = await Stage.set(t, {}, guard)
  return { trytond, stage, reports }
}

/** The channels that the core is asked for; the answer is an empty one. */
const channelsOf = async (stage: Stage, headers: readonly string[], asked = body): Promise<readonly string[]> => {
  const wire = await stage.open()
  const count = stage.bus.polls.length
  wire.send('POST', '/tryton/bus', asked, headers)
  await until('it waits', () => stage.bus.polls.length > count)
  stage.bus.answer({ messages: [], cursor: 'c' })
  const reply = await wire.reply()
  if (reply.status !== 200) throw new Error(reply.body)
  return stage.bus.polls.at(-1)?.channels ?? []
}

const ask = (stage: Stage, headers: readonly string[]): Promise<Reply> => stage.post('/tryton/bus', body, headers)

test('who has a session is let in, in either way of carrying it', async (t) => {
  const { stage, trytond } = await scene(t)
  trytond.sessions.add(`5:${key}`)
  const rows: readonly (readonly [name: string, header: string])[] = [
    ['desktop', session()],
    ['whatever case', session().replace('Session', 'sESSION')],
    ['colons in the login', session(`a:b:5:${key}`)],
    ['web client 8', `Cookie: tryton_session=admin:5:${key}`],
    ['among others', `Cookie: a=1; tryton_session=admin:5:${key}; b=2`],
    ['quoted', `Cookie: tryton_session="\\303\\251 a\\054b:5:${key}"`],
  ]
  for (const [name, header] of rows) t.same(await channelsOf(stage, [header]), ['client:abc', 'user:5'], name)
  const cookie = `Cookie: tryton_session=admin:5:${key}`
  t.same(await channelsOf(stage, [cookie, 'Authorization: Session nonsense']), ['client:abc', 'user:5'], 'cookie wins')
  t.equal((await ask(stage, ['Cookie: tryton_session=x', session()])).status, 401, 'also when it is wrong')
  t.equal(trytond.checks.at(-1)?.headers.cookie, `tryton_session="\\303\\251 a\\054b:5:${key}"`, 'as it came')
})

test('nobody reads for another user, and everyone for themselves', async (t) => {
  const { stage, trytond } = await scene(t)
  trytond.sessions.add(`5:${key}`)
  const rows: readonly (readonly [asked: unknown, read: readonly string[]])[] = [
    [
      ['client:a', 'user:1', 'chat:x,1'],
      ['client:a', 'chat:x,1', 'user:5'],
    ],
    [['user:5'], ['user:5']],
    [['user:7'], ['user:5']],
    [[], ['user:5']],
    ['client:b', ['client:b', 'user:5']],
  ]
  for (const [channels, read] of rows) {
    t.same(await channelsOf(stage, [session()], JSON.stringify({ channels })), read, JSON.stringify(channels))
  }
  t.same(await channelsOf(stage, [session()], '{}'), ['user:5'])
})

test('strangers are told so as trytond tells them', async (t) => {
  const { stage, trytond } = await scene(t)
  trytond.sessions.add(`5:${key}`)
  const rows: readonly (readonly [name: string, ...headers: string[]])[] = [
    ['nothing'],
    ['another key', session(`admin:5:${'x'.repeat(64)}`)],
    ['another user', session(`admin:6:${key}`)],
    ['no number', session(`admin:five:${key}`)],
    ['a number that not everyone reads alike', session(`admin:+5:${key}`)],
    ['two parts', session(`5:${key}`)],
    ['no base64', 'Authorization: Session admin:5'],
    ['base64 of another kind', `${session('a?>:5:k')}_-`],
    ['basic', `Authorization: Basic ${base64('admin:admin')}`],
    ['a token that is none', 'Authorization: Bearer a token'],
    ['an empty cookie', 'Cookie: tryton_session='],
    ['too long', session(`${'a'.repeat(4000)}:5:${key}`)],
  ]
  for (const [name, ...headers] of rows) {
    const reply = await ask(stage, headers)
    t.equal(reply.status, 401, name)
    t.equal(reply.body, '', name)
    t.equal(reply.headers.get('www-authenticate'), 'Basic realm="Tryton"', name)
    t.equal(reply.headers.get('content-length'), '0', name)
  }
  const scripted = await ask(stage, ['X-Requested-With: XMLHttpRequest'])
  t.equal(scripted.status, 401)
  t.equal(scripted.headers.get('www-authenticate'), undefined, 'no password dialog in a browser')
  t.equal(codeOf(await stage.post('/tryton/bus/poll', body)), 'unauthorized', 'others are told why')
  t.equal((await stage.post('/tryton/bus', 'no JSON')).status, 401, 'before anything about the body')
  t.equal(stage.bus.inputs.length, 0)
})

test('a path with a slash in it is nobody’s database', async (t) => {
  const { stage, trytond } = await scene(t)
  trytond.sessions.add(`5:${key}`)
  t.equal((await stage.post('/tryton%2Frpc/bus', body, [session()])).status, 401)
  t.equal(trytond.asked.length, 0)
})

test('a session reads and does not publish; a server with the token does both', async (t) => {
  const { stage, trytond } = await scene(t)
  trytond.sessions.add(`5:${key}`)
  const message = '{"channel":"user:1","message":{"type":"notification"}}'
  t.equal(codeOf(await stage.post('/tryton/bus/publish', message, [session()])), 'forbidden')
  t.equal(codeOf(await stage.post('/tryton/bus/notify', '{"title":"t","user":1}', [session()])), 'forbidden')
  t.equal(stage.bus.publishes.length, 0)
  t.equal((await stage.post('/tryton/bus/publish', message, ['Authorization: Bearer b-token'])).status, 401)
  const right = ['Authorization: bearer   a-token-without-blanks']
  const guard = guardFor(
    { ...defaults, auth: `trytond=${trytond.url}` },
    { secrets: [], tokens: ['other', 'a-token-without-blanks'] },
    () => {},
  )
  const second = await Stage.set(t, {}, guard)
  t.equal((await second.post('/tryton/bus/publish', message, right)).status, 200)
  t.same(await channelsOf(second, right, '{"channels":["user:1","user:2"]}'), ['user:1', 'user:2'])
})

const crowd = async (stage: Stage, size: number, header: string): Promise<readonly Wire[]> => {
  const wires = await Promise.all(Array.from({ length: size }, () => stage.open()))
  for (const wire of wires) wire.send('POST', '/tryton/bus', body, [header])
  return wires
}

test('verdicts are kept for a while, and those who ask together get one', async (t) => {
  const { stage, trytond } = await scene(t)
  trytond.sessions.add(`5:${key}`)
  await crowd(stage, 50, session())
  await until('all wait', () => stage.bus.waiting.size === 50)
  t.equal(trytond.checks.length, 1)
  const others = await crowd(stage, 50, session(`admin:6:${key}`))
  for (const wire of others) t.equal((await wire.reply()).status, 401)
  t.equal(trytond.checks.length, 2, 'also of who has none')
  t.equal((await ask(stage, [session(`admin:6:${key}`)])).status, 401)
  t.equal(trytond.checks.length, 2)
  t.equal(stage.server.counters()['auth_checks'], 2)
})

test('who goes away while trytond is asked is not waited for', async (t) => {
  const { stage, trytond } = await scene(t, { authTimeout: 0.2 })
  trytond.failure = 'hang'
  const [gone] = await crowd(stage, 1, session())
  await until('it is asked', () => trytond.asked.length === 1)
  gone?.close()
  const [left] = await crowd(stage, 1, session())
  t.equal((await left?.reply())?.status, 503)
  t.equal(stage.bus.inputs.length, 0)
})

test('a session that has ended is found out at the next check', async (t) => {
  const { stage, trytond } = await scene(t, { authCache: 0 })
  trytond.sessions.add(`5:${key}`)
  const wire = await stage.open()
  wire.send('POST', '/tryton/bus', body, [session()])
  await until('it waits', () => stage.bus.waiting.size === 1)
  trytond.sessions.clear()
  stage.bus.answer({ messages: [], cursor: 'c' })
  t.equal((await wire.reply()).status, 200, 'who waited is answered')
  t.equal((await wire.send('POST', '/tryton/bus', body, [session()]).reply()).status, 401)
})

test('without trytond nobody gets in, and it is told once', async (t) => {
  const { stage, trytond, reports } = await scene(t, { authCache: 0, authTimeout: 0.2 })
  trytond.sessions.add(`5:${key}`)
  await channelsOf(stage, [session()])
  for (const failure of [500, 502, 503, 302, 'cut', 'hang'] as const) {
    trytond.failure = failure
    const reply = await ask(stage, [session()])
    t.equal(reply.status, 503, String(failure))
    t.equal(codeOf(reply), 'auth_unavailable')
    t.ok(reply.headers.get('retry-after'))
  }
  trytond.failure = undefined
  t.same(await channelsOf(stage, [session()]), ['client:abc', 'user:5'])
  await trytond.stop()
  t.equal((await ask(stage, [session()])).status, 503)
  t.same(
    reports.map(({ event }) => event),
    ['trytond_unavailable', 'trytond_available', 'trytond_unavailable'],
  )
})

test('what lets in everybody is no trytond', async (t) => {
  const { stage, trytond, reports } = await scene(t)
  trytond.careless = true
  t.equal((await ask(stage, [session()])).status, 503)
  t.match(reports[0]?.detail?.['why'], /refuses nobody/)
  trytond.careless = false
  trytond.sessions.add(`5:${key}`)
  t.same(await channelsOf(stage, [session()]), ['client:abc', 'user:5'], 'it is asked again')
})

test('the path of version 8 is found and kept', async (t) => {
  const { stage, trytond } = await scene(t, { authCache: 0 }, 8)
  trytond.sessions.add(`5:${key}`)
  for (let i = 0; i < 3; i++) await channelsOf(stage, [`Cookie: tryton_session=admin:5:${key}`])
  t.equal(trytond.checks.length, 3)
  t.same(trytond.asked.map(({ path }) => path).filter((path) => path === '/tryton/').length, 1)
})

test('trytond is told where the client is, as far as our own proxies know it', async (t) => {
  const forwarded = ['X-Forwarded-For: 6.6.6.6, 10.0.0.1, 10.0.0.2', session()]
  const rows: readonly (readonly [proxies: number, headers: readonly string[], address: string])[] = [
    [1, forwarded, '10.0.0.2'],
    [2, forwarded, '10.0.0.1'],
    [0, forwarded, '127.0.0.1'],
    [1, [session()], '127.0.0.1'],
  ]
  for (const [proxies, headers, address] of rows) {
    const { stage, trytond } = await scene(t, { proxies })
    trytond.sessions.add(`5:${key}`)
    await channelsOf(stage, headers)
    t.equal(trytond.checks[0]?.headers['x-forwarded-for'], address)
  }
})

test('a session that is good at one address is asked about again at another', async (t) => {
  const { stage, trytond } = await scene(t)
  trytond.sessions.add(`5:${key}`)
  for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.1']) {
    await channelsOf(stage, [session(), `X-Forwarded-For: ${address}`])
  }
  t.equal(trytond.checks.length, 2)
})
