import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import tap, { type Test, test } from 'tap'
import type { Message } from '../../src/cluster/message.js'
import { decode, encode } from '../../src/peer/codec.js'
import { type Protocols, protocols, unannounced } from '../../src/peer/protocol.js'
import { anyMessage } from '../peer/messages.js'
import { type Build, buildOfPrevious, buildOfThis, whyNoPrevious } from '../support/build.js'
import { until } from '../support/until.js'
import { ask, hangUp } from './ask.js'
import { Fleet } from './fleet.js'
import { check, roll } from './roll.js'

// Builds, and several processes of them, on a machine that may be busy: 25 s on a quiet one.
tap.setTimeout(600_000)

const skip = whyNoPrevious()
const now = buildOfThis(tap)
const previous = skip ? now : buildOfPrevious(tap)

interface Codec {
  readonly encode: (message: Message, protocol: number) => Uint8Array
  readonly decode: (bytes: Uint8Array, protocol: number) => Message | Error
}

/** Not there in builds that had no such file. */
const load = async <T>({ folder }: Build, path: string): Promise<T | undefined> => {
  const file = join(folder, 'dist', path)
  return existsSync(file) ? await import(pathToFileURL(file).href) : undefined
}

const spokenBy = async (build: Build): Promise<Protocols> =>
  (await load<{ protocols: Protocols }>(build, 'src/peer/protocol.js'))?.protocols ?? unannounced

/** The frames of one as the other one reads them. */
const translate = (t: Test, from: Codec, to: Codec, protocol: number, what: string): void => {
  const rule = 'who changes a frame raises max in src/peer/protocol.ts, and keeps the old form for who speaks no more'
  const read = (message: Message): void => {
    const bytes = from.encode(message, protocol)
    const read = to.decode(bytes, protocol)
    if (read instanceof Error) throw new Error(`${message.type}, ${what}: ${read.message}; ${rule}`)
    if (Buffer.compare(to.encode(read, protocol), bytes) !== 0) throw new Error(`${message.type}, ${what}; ${rule}`)
  }
  fc.assert(fc.property(anyMessage, read), { numRuns: 300 })
  t.pass(what)
}

test('with the commit before: a protocol in common, and the same frames by it', { skip }, async (t) => {
  const before = await spokenBy(previous)
  const common = Math.min(before.max, protocols.max)
  const told = `${before.min} to ${before.max} before, ${protocols.min} to ${protocols.max} now`
  t.ok(protocols.max >= before.max, `what is spoken is never taken back: ${told}`)
  t.ok(common >= Math.max(before.min, protocols.min), `nodes must be upgraded one by one, so min may not rise: ${told}`)
  const theirs = await load<Codec>(previous, 'src/peer/codec.js')
  if (!theirs) throw new Error('the codec has moved: tell this test where it is')
  const ours: Codec = { encode, decode }
  translate(t, ours, theirs, common, 'of this build as the one before reads it')
  translate(t, theirs, ours, common, 'of the build before as this one reads it')
})

const flags = ['--retention-count', '100000']

const launch = async (t: Test, programs: readonly string[]): Promise<Fleet> => {
  const fleet = await Fleet.launch(3, flags, programs)
  t.teardown(async () => {
    hangUp()
    await fleet.sink()
  })
  return fleet
}

const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

const textsAt = async (url: string): Promise<readonly unknown[]> => {
  const { text } = await ask(url, 'POST', '/main/bus/poll', { channels: ['a'], cursor: 'earliest', timeout: 0 })
  const { messages }: { messages: readonly { readonly traceparent?: string }[] } = JSON.parse(text)
  // Only nodes that speak of it keep it.
  return messages.map(({ traceparent, ...rest }) => (traceparent === undefined || traceparent === trace ? rest : {}))
}

test('one node of the commit before and two of this one are a cluster', { skip }, async (t) => {
  const fleet = await launch(t, [previous.program, now.program, now.program])
  for (const [n, url] of fleet.urls.entries()) {
    const reply = await ask(url, 'POST', '/main/bus/publish', {
      channel: 'a',
      message: { n },
      key: `k${n}`,
      traceparent: trace,
    })
    t.match(JSON.parse(reply.text), { copies: 3 }, `published through node ${n + 1}`)
  }
  const again = await ask(fleet.urls[1] ?? '', 'POST', '/main/bus/publish', {
    channel: 'a',
    message: { n: 0 },
    key: 'k0',
  })
  t.match(JSON.parse(again.text), { duplicate: true }, 'keys hold, too')
  const [first, ...others] = await Promise.all(
    fleet.urls.map((url) =>
      until('all are shown', async () => {
        const texts = await textsAt(url)
        return texts.length === 3 ? texts : undefined
      }),
    ),
  )
  for (const other of others) t.same(other, first, 'the same, in the one order')
  // Whoever joins is given what it missed by nodes of either kind.
  const [old, , last] = fleet.ships
  if (!old || !last) return
  await last.stop()
  last.start()
  await fleet.joined()
  t.same(await textsAt(last.url), first, 'a new node that joins')
  await old.stop()
  old.start()
  await fleet.joined()
  t.same(await textsAt(old.url), first, 'an old node that joins')
})

test('upgraded one after the other under load: nothing lost, doubled or out of order, no error', {
  skip,
}, async (t) => {
  const fleet = await launch(t, [previous.program, previous.program, previous.program])
  const course = await roll({
    fleet,
    servers: fleet.urls.slice(0, 1),
    transports: ['poll', 'sse', 'ws'],
    readers: 3,
    options: { lookMs: 1000 },
    program: now.program,
  })
  check(t, course)
})

test('a node that shares no protocol with the others says so, and does not serve beside them', async (t) => {
  const later = buildOfThis(t, (folder) => {
    const file = join(folder, 'src/peer/protocol.ts')
    const text = readFileSync(file, 'utf8')
    const { min, max } = protocols
    const changed = text.replace(`{ min: ${min}, max: ${max} }`, `{ min: ${max + 1}, max: ${max + 2} }`)
    if (changed === text) throw new Error('the range stands elsewhere: tell this test where')
    writeFileSync(file, changed)
  })
  const fleet = await launch(t, [now.program, now.program, now.program])
  const [one, two, three] = fleet.ships
  if (!one || !two || !three) return
  await three.stop()
  three.program = later.program
  three.start({ CARILLON_BOOTSTRAP_TIMEOUT: '0.05' })
  for (const ship of [one, two]) await until('the others go on', () => ship.joined(2))
  const seen = await until(
    'it has met both',
    async () => {
      const status = await three.status()
      return status?.incompatible?.length === 2 ? status : undefined
    },
    30_000,
  )
  t.match(seen, {
    ready: false,
    state: 'joining',
    incompatible: [one, two].map(({ peerPort }) => `127.0.0.1:${peerPort}`),
  })
  t.equal((await ask(three.url, 'GET', '/readyz')).status, 503)
  t.match(three.said, /speaks protocol.*and this node.*peer refused/)
  t.match(one.said + two.said, /speaks protocol.*and this node.*peer refused/)
  await three.stop()
  three.program = now.program
  three.start()
  await fleet.joined()
  t.pass('the build of the others gets in')
})
