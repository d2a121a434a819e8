import { type Test, test } from 'tap'
import type { Status } from '../../src/effect.js'
import type { Limit } from '../../src/errors.js'
import type { Node, Options } from '../../src/index.js'
import { codeOf, Wire } from '../http/wire.js'
import { EventReader } from '../stream/tap.js'
import { freePort, host } from '../support/free-port.js'
import { until } from '../support/until.js'
import { ask } from './ask.js'
import { embed } from './crew.js'

const mib = 2 ** 20
const portOf = ({ url }: Node): number => Number(new URL(url).port)

const wireTo = async (t: Test, node: Node): Promise<Wire> => {
  const wire = await Wire.open(portOf(node))
  t.teardown(() => wire.close())
  return wire
}

/** Its refusal is the last answer on the wire. */
const refusedOn = async (t: Test, wire: Wire, status: 429 | 503): Promise<void> => {
  const reply = await wire.reply()
  t.equal(reply.status, status)
  t.equal(codeOf(reply), status === 429 ? 'too_many_requests' : 'overloaded')
  t.match(reply.headers.get('retry-after'), /^[1-9]\d*$/)
}

const publish = (channel: string, text = ''): string => JSON.stringify({ channel, message: { text } })
const forEver = '{"channels":["a"],"timeout":300}'

const post = async (t: Test, node: Node, action: string, body: string): Promise<Wire> =>
  (await wireTo(t, node)).send('POST', `/main/bus/${action}`, body)

/** One of the numbers of `/cluster`. */
type Count = (name: string) => Promise<number>

interface Case {
  readonly limit: Limit
  readonly options: Partial<Options>
  /** Goes over the limit, once. */
  reach(t: Test, node: Node, count: Count): Promise<void>
}

const cases: readonly Case[] = [
  {
    limit: 'connections',
    options: { connections: 1 },
    reach: async (t, node) => {
      t.equal((await (await wireTo(t, node)).send('GET', '/livez').reply()).status, 200)
      await refusedOn(t, await wireTo(t, node), 503)
    },
  },
  {
    limit: 'connections_per_address',
    options: { connectionsPerAddress: 1 },
    reach: async (t, node) => {
      const wire = await wireTo(t, node)
      t.equal((await wire.send('GET', '/livez').reply()).status, 200)
      await refusedOn(t, await wireTo(t, node), 503)
    },
  },
  {
    limit: 'pipeline',
    options: { pipeline: 1 },
    reach: async (t, node, count) => {
      const wire = await post(t, node, 'poll', forEver)
      wire.send('POST', '/main/bus/poll', forEver)
      await until('refused', async () => (await count('limit_pipeline')) === 1)
      await ask(node.url, 'POST', '/main/bus/publish', { channel: 'a', message: {} })
      t.equal((await wire.reply()).status, 200)
      await refusedOn(t, wire, 429)
    },
  },
  {
    limit: 'waiters',
    options: { waiters: 1 },
    reach: async (t, node, count) => {
      await post(t, node, 'poll', forEver)
      await until('it waits', async () => (await count('waiters')) === 1)
      await refusedOn(t, await post(t, node, 'poll', forEver), 503)
    },
  },
  {
    limit: 'streams',
    options: { streams: 1 },
    reach: async (t, node) => {
      const readers = [1, 2].map(() => new EventReader(portOf(node), '/main/bus/events?channel=a'))
      t.teardown(() => {
        for (const reader of readers) reader.close()
      })
      const heads = await Promise.all(readers.map(({ head }) => head))
      t.match(
        heads.find((head) => head.startsWith('HTTP/1.1 503')),
        /^retry-after: \d+/im,
      )
    },
  },
  {
    limit: 'channels',
    options: { channels: 1 },
    reach: async (t, node) => {
      t.equal((await (await post(t, node, 'publish', publish('a'))).reply()).status, 200)
      await refusedOn(t, await post(t, node, 'publish', publish('b')), 503)
    },
  },
  {
    limit: 'publish_rate',
    options: { publishRate: 1, publishBurst: 1 },
    reach: async (t, node) => {
      const messages = new Array(500).fill({ channel: 'a', message: {} })
      t.equal((await (await post(t, node, 'publish', JSON.stringify({ messages }))).reply()).status, 200)
      await refusedOn(t, await post(t, node, 'publish', publish('a')), 429)
    },
  },
  {
    limit: 'unstable_bytes',
    options: { unstableBytes: mib },
    reach: async (t, node) => {
      const messages = [1, 2].map(() => ({ channel: 'a', message: { text: 'x'.repeat(0.9 * mib) } }))
      await refusedOn(t, await post(t, node, 'publish', JSON.stringify({ messages })), 503)
    },
  },
  {
    limit: 'inbound_bytes',
    options: { inboundBytes: mib, batchBytes: mib, messageBytes: mib },
    reach: async (t, node) => {
      const halves = [await wireTo(t, node), await wireTo(t, node)]
      const head = `POST /main/bus/publish HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: ${mib}`
      for (const half of halves) half.write(`${head}\r\n\r\n{"channel":"${'x'.repeat(0.6 * mib)}`)
      const reply = await Promise.race(halves.map((half) => half.reply()))
      t.equal(reply.status, 503)
      t.equal(reply.headers.get('retry-after'), '1')
    },
  },
]

for (const { limit, options, reach } of cases) {
  test(`${limit}: refused, counted, and told`, async (t) => {
    const port = await freePort()
    const node = await embed(t, { ...options, adminListen: `${host}:${port}` })
    const admin = `http://${host}:${port}`
    const count: Count = async (name) => {
      const { counters, gauges }: Status = JSON.parse((await ask(admin, 'GET', '/cluster')).text)
      return counters[name] ?? gauges[name] ?? 0
    }
    await until('it is ready', () => node.ready)
    await reach(t, node, count)
    t.equal(await count(`limit_${limit}`), 1)
    const { text } = await ask(admin, 'GET', '/metrics')
    t.match(text, new RegExp(`^carillon_limits_reached_total\\{limit="${limit}"\\} 1$`, 'm'))
  })
}
