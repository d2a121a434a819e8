import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import tap, { type Test, test } from 'tap'
import { redaction } from '../../src/logger.js'
import { mint, rsa } from '../auth/door.js'
import { SocketReader } from '../stream/tap.js'
import { buildOfThis } from '../support/build.js'
import { Cli } from '../support/cli.js'
import { freePort, host } from '../support/free-port.js'
import { until } from '../support/until.js'
import { talk } from './assault.js'

// Two processes, on a machine that may be busy: 5 s on a quiet one.
tap.setTimeout(120_000)

test('what is logged by mistake under the name of a secret is not written', (t) => {
  const lines: string[] = []
  const log = pino({ redact: [...redaction] }, { write: (line: string) => void lines.push(line) })
  const names = ['secret', 'secrets', 'token', 'tokens', 'ticket', 'authorization', 'cookie', 'password', 'jwtSecret']
  for (const name of names) {
    log.info({ [name]: 'canary' })
    log.info({ options: { [name]: 'canary' } })
    log.error({ err: Object.assign(new Error('x'), { request: { headers: { [name]: 'canary' } } }) })
  }
  t.notMatch(lines.join(''), /canary/)
  t.equal(lines.filter((line) => line.includes('[Redacted]')).length, 3 * names.length)
  t.end()
})

interface Secrets {
  readonly [name: string]: string
}

/** Everything that a token can come by, good and bad, on every path, for both readers of HTTP. */
const assail = async (port: number, { good = '', bad = '', ticket = '' }: Secrets): Promise<void> => {
  const body = '{"channels":["a"],"timeout":0}'
  const heads = [good, bad].flatMap((token) => [
    [`Authorization: Bearer ${token}`],
    [`authorization: bearer  ${token}`],
    [`Authorization: Basic ${token}`],
    [`Authorization: ${token}`],
    [`Cookie: carillon=${token}; other=${token}`],
    [`Cookie: ${token}`],
    [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`],
    [`Authorization: Bearer ${token}`, `X-${token.slice(0, 20)}: ${token}`],
    [`Authorization: Bearer ${token}\u0001`],
    [`Authorization : Bearer ${token}`],
    [`Idempotency-Key: ${token}`, `Authorization: Bearer ${token}`],
    [`Referer: http://h/?ticket=${token}`, `Origin: http://${token.slice(0, 20)}.example`],
  ])
  const paths = ['', '/poll', '/publish', '/notify', '/ticket', '/events?channel=a', '/nothing', '/socket?channel=a']
  const targets = paths.map((path) => `/main/bus${path}`)
  const urls = [good, bad, ticket].flatMap((each) => [
    `/main/bus/events?channel=a&ticket=${each}`,
    `/main/bus/events?ticket=${each}&channel=%ff`,
    `/main/bus/events?ticket=${each}`,
    `/main/bus/socket?ticket=${each}`,
    `/main/bus/poll?ticket=${each}`,
    `/main/bus/events/${each}?ticket=${each}`,
    `/${each}/bus/publish`,
    `/metrics?ticket=${each}`,
    `/cluster?ticket=${each}`,
    `/?ticket=${each}#${each}`,
    `http://h/main/bus/events?ticket=${each}`,
    `/main/bus/events?channel=a&ticket=${each}${'x'.repeat(9000)}`,
  ])
  const post = (target: string, more: readonly string[], text = body): string =>
    [`POST ${target} HTTP/1.1`, 'Host: h', 'Content-Type: application/json', `Content-Length: ${text.length}`]
      .concat(more, 'Connection: close', '', text)
      .join('\r\n')
  const get = (target: string, more: readonly string[] = []): string =>
    [`GET ${target} HTTP/1.1`, 'Host: h', ...more, 'Connection: close', '', ''].join('\r\n')
  const bodies = [good, bad].flatMap((each) => [
    `{"channels":["${each}"],"timeout":0,"cursor":"${each}"}`,
    `{"${each}`,
    each,
  ])
  const requests = [
    ...targets.flatMap((target) => heads.map((head) => post(target, head))),
    ...targets.flatMap((target) => heads.slice(0, 6).map((head) => get(target, head))),
    ...urls.map((url) => get(url)),
    ...urls.map((url) => post(url, [])),
    ...bodies.flatMap((text) => targets.map((target) => post(target, [`Authorization: Bearer ${good}`], text))),
    `${good} ${bad}\r\n\r\n`,
    get('/cluster', [`Authorization: Bearer ${good}`, `X-Long: ${bad.repeat(100)}`]),
  ]
  // Streams stay open: of these only the first bytes are asked for.
  const isStream = (request: string): boolean => /^GET \S*\/(events|socket)/.test(request)
  for (const request of requests.filter((each) => !isStream(each))) await talk(port, request)
  const streams = requests.filter(isStream).map((request) => talkBriefly(port, request))
  await Promise.all(streams)
}

const talkBriefly = async (port: number, request: string): Promise<void> => {
  const controller = new AbortController()
  const [, target = ''] = request.split(' ')
  const headers = request
    .split('\r\n')
    .slice(1)
    .flatMap((line): [string, string][] => {
      const [, name = '', value = ''] = /^(Authorization|Cookie): (.*)$/.exec(line) ?? []
      return name === '' || /[^ -~]/.test(value) ? [] : [[name, value]]
    })
  if (target.startsWith('http')) return
  const response = await fetch(`http://${host}:${port}${target}`, { headers, signal: controller.signal }).catch(
    () => {},
  )
  controller.abort()
  await response?.body?.cancel().catch(() => {})
}

const start = async (t: Test, args: readonly string[], env: NodeJS.ProcessEnv, program: string): Promise<Cli> => {
  const cli = new Cli(
    ['start', '--log-level', 'debug', '--report-interval', '0', '--long-poll-timeout', '0.1', ...args],
    env,
    undefined,
    program,
  )
  t.teardown(() => cli.kill())
  await cli.shows(/started/, 'stderr')
  return cli
}

/** What gives a secret away: of a token the payload and the signature, since the first part is alike in all. */
const partsOf = (secret: string): readonly string[] => {
  const parts = secret.split('.')
  return (parts.length === 3 ? parts.slice(1) : parts).map((part) => part.slice(0, 30))
}

test('no token, ticket, cookie, secret or password is in any line of a log, at any level', async (t) => {
  const secrets: Secrets = {
    peer: 'canary-of-peers-0123456789',
    stranger: 'canary-of-strangers-012345',
    jwt: 'canary-of-who-signs-tokens-0123456789',
    server: 'canary-of-servers-0123456789',
    database: 'canary-of-the-database',
    bad: 'eyJhbGciOiJIUzI1NiJ9.canaryofabadtoken.canaryofabadtoken',
    good: await mint(
      { subscribe: ['*'], publish: ['*'] },
      { key: Buffer.from('canary-of-who-signs-tokens-0123456789') },
    ),
  }
  const folder = t.testdir({ jwt: `${secrets.jwt}\n`, tokens: `${secrets.server}\n`, peer: `${secrets.peer}\n` })
  const { program } = buildOfThis(t)
  const ports = await Promise.all(Array.from({ length: 8 }, freePort))
  const at = (i: number): string => `${host}:${ports[i]}`
  const listen = (i: number, name: string): string[] => ['--listen', at(i), '--peer-listen', at(i + 1), '--name', name]
  const own = ['--auth', 'jwt', '--secret-file', join(folder, 'peer'), '--token-file', join(folder, 'tokens')]
  const one = await start(t, [...listen(0, 'json'), ...own, '--jwt-secret-file', join(folder, 'jwt')], {}, program)
  const two = await start(
    t,
    [...listen(2, 'text'), '--join', at(1), '--log-format', 'text', '--auth', 'jwt'],
    {
      CARILLON_SECRET: secrets.peer,
      CARILLON_JWKS_URL: `http://${at(6)}/keys`,
      CARILLON_TRYTON_LISTEN: `postgresql://user:${secrets.database}@${at(7)}/main`,
    },
    program,
  )
  await start(
    t,
    [...listen(4, 'stranger'), '--join', `${at(1)},${at(3)}`],
    { CARILLON_SECRET: secrets.stranger },
    program,
  )
  const [port = 0, , other = 0] = ports
  await until('two nodes are linked', () => /linked peer=json/.test(two.stderr))

  const authorization = { Authorization: `Bearer ${secrets.good}` }
  const told = await fetch(`http://${at(0)}/main/bus/ticket`, { method: 'POST', headers: authorization })
  const { ticket } = (await told.json()) as { ticket: string }
  const foreign = await mint({ subscribe: ['*'] }, { key: rsa().privateKey, alg: 'RS256' })
  const all: Secrets = { ...secrets, ticket, foreign }
  const asked = await fetch(`http://${at(2)}/cluster`, { headers: { Authorization: `Bearer ${foreign}` } })
  t.equal(asked.status, 200, 'who asks from the machine itself needs no token')
  const events = { headers: { Authorization: `Bearer ${foreign}` } }
  t.equal((await fetch(`http://${at(2)}/main/bus/events?channel=a`, events)).status, 503)
  const socket = new SocketReader(port, `/main/bus/socket?ticket=${ticket}`)
  await socket.send({
    type: 'subscribe',
    id: secrets.good ?? '',
    channels: [`a ${ticket.slice(0, 100)}`],
    token: secrets.bad,
  })
  await socket.frames.first(1)
  socket.close()
  await Promise.all([assail(port, all), assail(other, all)])
  await until('the stranger has been refused', () => /peer refused/.test(one.stderr))
  await until('the keys have been asked for', () => /keys[ _]unavailable/.test(two.stderr))
  await until('the database has been asked', () => /tryton[ _]lost/.test(two.stderr))

  writeFileSync(join(folder, 'tokens'), secrets.server?.slice(0, 10) ?? '')
  one.process.kill('SIGHUP')
  await one.shows(/not_reloaded/, 'stderr')
  writeFileSync(join(folder, 'tokens'), `${secrets.server}\n${secrets.bad}\n`)
  one.process.kill('SIGHUP')
  await one.shows(/"reloaded"/, 'stderr')
  for (const cli of [one, two]) {
    cli.process.kill('SIGTERM')
    const { stdout, stderr, code } = await cli.ended
    t.equal(code, 0)
    const lines = (stdout + stderr).split('\n')
    t.ok(lines.length > 100, 'much has been logged')
    for (const [name, secret] of Object.entries(all)) {
      const parts = partsOf(secret)
      t.same(
        lines.filter((line) => parts.some((part) => line.includes(part))),
        [],
        name,
      )
    }
  }
})
