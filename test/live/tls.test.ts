import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect, type TLSSocket } from 'node:tls'
import tap, { test } from 'tap'
import { WebSocket } from 'ws'
import type { Node, Options } from '../../src/index.js'
import { readKeys } from '../../src/keys.js'
import { defaults, resolveOptions } from '../../src/options.js'
import { Authority, type Certificate } from '../support/certificates.js'
import { until } from '../support/until.js'
import { agreed, embed, namesInView } from './crew.js'

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
  node: Node,
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

/** The name in the certificate that the node shows. */
const shownBy = (node: Node, ca: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(node.url)
    const socket: TLSSocket = connect({ host: hostname, port: Number(port), ca }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.destroy()
    })
    socket.on('error', reject)
  })

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
  const options = resolveOptions({
    ...defaults,
    logLevel: 'silent',
    ...optionsOf(one),
    listen: '127.0.0.1:0',
    peerListen: '127.0.0.1:0',
  })
  node.renew(options, await readKeys(options))
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
