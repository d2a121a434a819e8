import { connect } from 'node:net'
import { pack } from 'msgpackr'
import tap, { type Test, test } from 'tap'
import { formatPosition } from '../../src/channel/message-id.js'
import type { Node } from '../../src/index.js'
import type { Handshake } from '../../src/peer/handshake.js'
import { closeCodes } from '../../src/peer/refusal.js'
import { handshakeOf } from '../peer/raw.js'
import { idOf } from '../peer/support.js'
import { until } from '../support/until.js'
import { ask } from './ask.js'
import * as assault from './assault.js'
import { crew, poll, publish, statusOf } from './crew.js'
import { betrayals, frames, greetings, http, peerHttp } from './mischief.js'

tap.setTimeout(120_000)

const attackPorts = async (t: Test, node: Node): Promise<void> => {
  const { client, peer } = assault.portsOf(node)
  const check = async (what: string, got: Promise<number | string>, expected: number): Promise<void> => {
    t.equal(await got, expected, `${node.name}: ${what}`)
  }
  await Promise.all([
    ...http.map(([name, bytes, status]) => check(name, assault.statusOf(client, bytes), status)),
    ...peerHttp.map(([name, bytes, status]) => check(`peer port: ${name}`, assault.statusOf(peer, bytes), status)),
  ])
  await Promise.all([
    ...frames.map(([name, hex, code]) => check(`frames: ${name}`, assault.closeCodeOf(peer, hex), code)),
    ...greetings.map(([name, frame, code]) => check(`stranger: ${name}`, assault.refusalOf(node, frame), code)),
  ])
}

const proofOf = (handshake: Handshake, theirs: Buffer): Uint8Array => {
  handshake.meet(theirs)
  return handshake.proof()
}

const forge = async (t: Test, node: Node, first: number): Promise<void> => {
  const before = handshakeOf(idOf(first))
  const other = handshakeOf(idOf(first), [Buffer.from('another secret altogether')])
  const { wrongSecret, badFrame } = closeCodes
  const forgeries: readonly (readonly [name: string, make: (theirs: Buffer) => Uint8Array, code: number])[] = [
    ['forged', () => pack([Buffer.alloc(32)]), wrongSecret],
    ['empty', () => pack([Buffer.alloc(0)]), wrongSecret],
    ['reflected', (theirs) => theirs, badFrame],
    ['of another secret', (theirs) => proofOf(other, theirs), wrongSecret],
    ['of another greeting', (theirs) => proofOf(before, theirs), wrongSecret],
  ]
  for (const [name, make, code] of forgeries) {
    t.equal(await assault.forgery(node, idOf(first), make), code, `${node.name}: proof ${name}`)
  }
  for (const [i, [name, frame, code]] of betrayals.entries()) {
    t.equal(await assault.betrayal(node, idOf(first + i), frame), code, `${node.name}: traitor: ${name}`)
  }
}

/** One who publishes without a pause and one who reads it, each from one node after the other. */
class Pair {
  published = 0
  readonly read: number[] = []
  gaps = 0
  #stopped = false

  constructor(
    readonly nodes: readonly Node[],
    public cursor: string,
  ) {}

  #node(n: number): Node {
    return this.nodes[n % this.nodes.length] as Node
  }

  async publish(): Promise<void> {
    for (; !this.#stopped; this.published++) {
      const reply = await publish(this.#node(this.published), 'good', { n: this.published })
      if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text}`)
    }
  }

  async subscribe(): Promise<void> {
    for (let hop = 0; !this.#stopped || this.read.length < this.published; hop++) {
      const batch = await poll(this.#node(hop), { channels: ['good'], cursor: this.cursor, timeout: 1 })
      for (const { message } of batch.messages) this.read.push(Number(message.n))
      if (batch.gap) this.gaps++
      this.cursor = batch.cursor
    }
  }

  stop(): void {
    this.#stopped = true
  }
}

const held = ['waiters', 'channels', 'keys', 'publishing', 'unstable_bytes', 'queued_bytes', 'staged_bytes']

/** What a node holds for others, as it says itself; what the good ones make it hold is not counted. */
const heldBy = async (node: Node): Promise<object> => {
  const { gauges, members, view } = await statusOf(node)
  const names = members.map(({ name, state }) => `${name} ${state}`)
  return { ...Object.fromEntries(held.map((name) => [name, gauges[name]])), members: names, view: view.id }
}

const attackCursors = async (t: Test, node: Node): Promise<void> => {
  const { cursor } = await poll(node, { channels: ['good'], timeout: 0 })
  const status = async (bad: string): Promise<number> =>
    (await ask(node.url, 'POST', '/main/bus/poll', { channels: ['good'], cursor: bad, timeout: 0 })).status
  for (let i = 0; i < cursor.length; i++) {
    t.equal(await status(cursor.slice(0, i)), 400, `${node.name}: a cursor cut at ${i}`)
    const flipped = cursor.slice(0, i) + (cursor[i] === 'x' ? 'y' : 'x') + cursor.slice(i + 1)
    t.equal(await status(flipped), 400, `${node.name}: a cursor changed at ${i}`)
  }
  const unknown = formatPosition({ time: 1, origins: [idOf(1)], seqs: [5] })
  t.match(await poll(node, { channels: ['good'], cursor: unknown, timeout: 0 }), { gap: true }, 'of another cluster')
  const many = Array.from({ length: 65 }, (_, i) => idOf(i))
  t.equal(await status(formatPosition({ time: 1, origins: many, seqs: many.map(() => 1) })), 400, 'too many origins')
}

/** Polls whose asker goes away without a word. */
const abandonPolls = async (node: Node): Promise<void> => {
  const { client } = assault.portsOf(node)
  const body = '{"channels":["nobody publishes here"]}'
  const sockets = Array.from({ length: 30 }, () => connect(client, '127.0.0.1'))
  for (const socket of sockets) socket.on('error', () => {}).write(assault.post('/main/bus/poll', body))
  await until('they wait', async () => Number((await statusOf(node)).gauges.waiters) >= sockets.length)
  for (const socket of sockets) socket.resetAndDestroy()
}

test('whatever is thrown at the ports of a cluster, those who behave notice nothing', async (t) => {
  const options = { cluster: 'test', headerTimeout: 0.5, bodyTimeout: 1, retentionCount: 100_000 }
  const nodes = await crew(t, 3, options)
  const run = async (cursor: string, meanwhile: (pair: Pair) => Promise<unknown>): Promise<Pair> => {
    const pair = new Pair(nodes, cursor)
    await Promise.all([pair.publish(), pair.subscribe(), meanwhile(pair).finally(() => pair.stop())])
    return pair
  }
  const { cursor } = await run('earliest', (pair) => until('it has begun', () => pair.read.length > 10))
  const before = await Promise.all(nodes.map(heldBy))

  const pair = await run(cursor, async () => {
    await Promise.all(nodes.map((node) => attackPorts(t, node)))
    await Promise.all(nodes.map((node, i) => forge(t, node, 100 * (i + 1))))
    await Promise.all(nodes.map((node) => attackCursors(t, node)))
    await Promise.all(nodes.map(abandonPolls))
  })
  t.same(
    pair.read,
    Array.from({ length: pair.published }, (_, n) => n),
    `all ${pair.published}, in their order`,
  )
  t.ok(pair.published > 50, 'there was something to notice')
  t.equal(pair.gaps, 0)
  const isAsBefore = async (): Promise<boolean> =>
    JSON.stringify(await Promise.all(nodes.map(heldBy))) === JSON.stringify(before)
  await until('all is given back', isAsBefore).catch(() => {})
  t.same(await Promise.all(nodes.map(heldBy)), before, 'nothing of it is kept, and the view has not changed')
})
