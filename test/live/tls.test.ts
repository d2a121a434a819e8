import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import tap, { test } from 'tap'
import { WebSocket } from 'ws'
import type { Node, Options } from '../../src/index.js'
import { readKeys } from '../../src/keys.js'
import { resolveOptions } from '../../src/options.js'
import { Authority, type Certificate } from '../support/certificates.js'
import { Cli } from '../support/cli.js'
import { until } from '../support/until.js'
import { agreed, embed, namesInView, renew, secret } from './crew.js'

tap.setTimeout(120_000)

const hasOpenssl = (): boolean => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const skip = hasOpenssl() ? false : 'there is no openssl to make certificates'

const optionsOf = ({ cert, key }: Certificate): Partial<Options> => ({ tlsCert: cert, tlsKey: key })

const ask = (
  node: { readonly url: string },
  ca: string,
  method: string,
  path: string,
  body = '',
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length }
    const asked = request(`${node.url}${path}`, { method, ca, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    asked.on('error', reject)
    asked.end(body)
  })

/** The name in the certificate that is shown there; `own`: the one to show in turn. */
const shownAt = (address: string, ca: string, own?: Certificate): Promise<string> =>
  new Promise((resolve, reject) => {
    const [host, port] = address.split(':')
    const mine = own ? { cert: readFileSync(own.cert), key: readFileSync(own.key) } : {}
    const socket: TLSSocket = connect({ host: host ?? '', port: Number(port), ca, ...mine }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.destroy()
    })
    socket.on('error', reject)
  })

const shownBy = (node: Node, ca: string): Promise<string> => shownAt(new URL(node.url).host, ca)

test('clients by TLS: requests, polls, sockets; another certificate without dropping anyone', { skip }, async (t) => {
  const authority = new Authority(t.testdir(), 'ca')
  const ca = authority.pem
  const [one, two] = [authority.issue('one'), authority.issue('two')]
  const node = await embed(t, optionsOf(one))
  await agreed([node])
  t.match(node.url, /^https:/)
  t.equal((await ask(node, ca, 'GET', '/readyz')).status, 200)
  const socket = new WebSocket(`${node.url.replace('https', 'wss')}/main/bus/socket?channel=a`, 'carillon.v1', { ca })
  t.teardown(() => socket.terminate())
  const frames: string[] = []
  socket.on('message', (data) => frames.push(String(data)))
  await until('subscribed', () => frames.length === 1)
  const published = await ask(node, ca, 'POST', '/main/bus/publish', '{"channel":"a","message":{"n":1}}')
  t.equal(published.status, 200, published.text)
  const polled = await ask(node, ca, 'POST', '/main/bus/poll', '{"channels":["a"],"cursor":"earliest"}')
  t.match(JSON.parse(polled.text), { messages: [{ message: { n: 1 } }] })
  t.equal(await shownBy(node, ca), 'one')

  copyFileSync(two.cert, one.cert)
  copyFileSync(two.key, one.key)
  await renew(node, optionsOf(one))
  t.equal(await shownBy(node, ca), 'two')
  await ask(node, ca, 'POST', '/main/bus/publish', '{"channel":"a","message":{"n":2}}')
  await until('the second message', () => frames.some((frame) => frame.includes('"n":2')))
  await t.rejects(fetch(node.url.replace('https', 'http')), 'nothing but TLS')
  await t.rejects(
    ask(node, new Authority(t.testdir(), 'other').pem, 'GET', '/livez'),
    /self-signed|unable to (get|verify)/,
  )
})

test('peers by certificates of their own CA, without a secret; who has another one stays outside', {
  skip,
}, async (t) => {
  const folder = t.testdir()
  const [authority, foreign] = [new Authority(folder, 'ca'), new Authority(folder, 'foreign')]
  const peerCa = authority.file
  const make = (name: string, certificate: Certificate, more: Partial<Options> = {}): Promise<Node> =>
    embed(t, { name, ...optionsOf(certificate), peerCa, ...more })
  const one = await make('one', authority.issue('one'))
  const two = await make('two', authority.issue('two'), { join: [one.address] })
  await agreed([one, two])
  const quick = { join: [one.address], bootstrapTimeout: 0.5 }
  const forged = await make('forged', foreign.issue('forged'), { ...quick, peerCa: foreign.file })
  const trusting = await make('trusting', foreign.issue('trusting'), quick)
  const plain = await embed(t, { name: 'plain', ...quick })
  const outside = [forged, trusting, plain]
  await until('each gives up looking', () => outside.every((node) => node.ready), 20_000)
  for (const node of outside) t.same(namesInView(node), [node.name])
  t.same(namesInView(one), ['one', 'two'])
})

test('peers take on other certificates, of another CA at last, and no link is dropped', { skip }, async (t) => {
  const folder = t.testdir()
  const [old, young] = [new Authority(folder, 'old'), new Authority(folder, 'young')]
  const peerCa = join(folder, 'peers.pem')
  copyFileSync(old.file, peerCa)
  const [one, two] = [old.issue('one'), old.issue('two')]
  const first = await embed(t, { name: 'first', ...optionsOf(one), peerCa })
  const second = await embed(t, { name: 'second', ...optionsOf(two), peerCa, join: [first.address] })
  const nodes = [first, second] as const
  await agreed(nodes)
  const dropped: unknown[] = []
  // The third one may dial while it is dialled: of these two links one is to go.
  first.report = (report) => {
    if (report.event === 'unlinked' && report.detail?.peer !== 'third') dropped.push(report)
  }
  const renewAll = async (): Promise<void> => {
    await renew(first, { ...optionsOf(one), peerCa })
    await renew(second, { ...optionsOf(two), peerCa })
  }
  // First both CAs are trusted, then the certificates change, then the old CA is trusted no more.
  writeFileSync(peerCa, old.pem + young.pem)
  await renewAll()
  t.equal(await shownAt(first.address, old.pem, two), 'one')
  for (const certificate of [one, two]) {
    const fresh = young.issue(`${certificate === one ? 'one' : 'two'} anew`)
    copyFileSync(fresh.cert, certificate.cert)
    copyFileSync(fresh.key, certificate.key)
  }
  await renewAll()
  t.equal(await shownAt(first.address, young.pem, two), 'one anew')
  copyFileSync(young.file, peerCa)
  await renewAll()
  const third = young.issue('third')
  const guest = await embed(t, { name: 'third', ...optionsOf(third), peerCa, join: [second.address] })
  await agreed([...nodes, guest])
  const stale = old.issue('stale')
  const late = await embed(t, {
    ...{ name: 'late', ...optionsOf(stale), peerCa, join: [first.address], bootstrapTimeout: 0.3 },
  })
  await until('it gives up looking', () => late.ready)
  t.same(namesInView(late), ['late'])
  t.same(namesInView(first), ['first', 'second', 'third'])
  t.same(dropped, [])
})

test('peers by certificates that machines trust, and a secret: names are checked', { skip }, async (t) => {
  const folder = t.testdir({ secret })
  const authority = new Authority(folder, 'ca')
  const [good, misnamed] = [authority.issue('good'), authority.issue('misnamed', '127.0.0.9')]
  // Which CAs a machine trusts stands fast when a process starts, so who is to trust this one is a process of its own.
  const launch = async (to: string) => {
    const files = ['--tls-cert', good.cert, '--tls-key', good.key, '--secret-file', `${folder}/secret`]
    const ports = ['--listen', '127.0.0.1:0', '--peer-listen', '127.0.0.1:0', '--join', to]
    const flags = ['start', '--log-format', 'json', '--bootstrap-timeout', '0.5', ...files, ...ports]
    const cli = new Cli(flags, { NODE_EXTRA_CA_CERTS: authority.file })
    t.teardown(() => cli.kill())
    const [, url = ''] = await cli.shows(/"url":"([^"]+)"/, 'stderr')
    return async (): Promise<{ ready: boolean; view: { members: readonly string[] } }> =>
      JSON.parse((await ask({ url }, authority.pem, 'GET', '/cluster')).text)
  }
  const [one, elsewhere] = [
    await embed(t, { name: 'one', secret, ...optionsOf(good) }),
    await embed(t, { name: 'elsewhere', secret, ...optionsOf(misnamed) }),
  ]
  const doubting = await embed(t, { secret, ...optionsOf(good), join: [one.address], bootstrapTimeout: 0.3 })
  const [two, deceived] = await Promise.all([launch(one.address), launch(elsewhere.address)])
  await until('a view of two', async () => (await two()).view.members.length === 2)
  t.equal(namesInView(one).length, 2)
  await until('both give up looking', async () => doubting.ready && (await deceived()).ready)
  t.equal((await deceived()).view.members.length, 1)
  t.equal(namesInView(doubting).length, 1)
  t.same(namesInView(elsewhere), ['elsewhere'])
})

test('what does not belong together is refused', { skip }, async (t) => {
  const authority = new Authority(t.testdir(), 'ca')
  const [one, two] = [authority.issue('one'), authority.issue('two')]
  const mixed = resolveOptions({ tlsCert: one.cert, tlsKey: two.key })
  await t.rejects(readKeys(mixed), { code: 'bad_option', message: /can't be used: .*key values mismatch/ })
  t.throws(() => resolveOptions({ tlsCert: one.cert }), /tlsCert and tlsKey are of use together only/)
  t.throws(() => resolveOptions({ peerCa: authority.file }), /peerCa needs tlsCert and tlsKey/)
  t.ok(
    resolveOptions({ ...optionsOf(one), peerCa: authority.file, peerListen: '10.0.0.1:7500' }),
    'no secret is needed',
  )
})
