import { createReadStream } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import tap, { type Test, test } from 'tap'
import { connect } from '../../src/client/index.js'
import type { TransportName } from '../../src/client/transport.js'
import type { Node } from '../../src/index.js'
import { secret as jwtSecret, mint } from '../auth/door.js'
import { crew } from '../live/crew.js'
import { until } from '../support/until.js'
import { whyNot } from '../tryton/real/debian.js'
import { bundle } from './bundle.js'

tap.setTimeout(120_000)

/** What a page's script leaves for the test. */
interface World {
  seen: string[]
  statuses: { type: string; server: string }[]
  error: string
}

const page = (
  servers: readonly string[],
  transport: TransportName,
  token = '',
): string => `<!doctype html><title>a page</title>
<script type="module">
  import { connect } from '/carillon.mjs'
  window.seen = []
  window.statuses = []
  window.error = ''
  try {
    const bus = connect({ servers: ${JSON.stringify(servers)}, transport: '${transport}', lookMs: 500, ...${JSON.stringify(token && { token })} })
    const onStatus = (status) => window.statuses.push(status)
    const subscription = bus.subscribe(['a'], (event) => void window.seen.push(event.message?.n ?? event.type), { onStatus })
    subscription.done.catch((error) => { window.error = String(error) })
    await subscription.ready
    await bus.publish('a', { n: 'from the page' })
  } catch (error) {
    window.error = String(error)
  }
</script>`

/** Serves the page and the client, from an origin that is not the nodes'. */
const serve = async (t: Test, folder: string, html: () => string): Promise<string> => {
  const server: Server = createServer(({ url = '' }, response) => {
    if (/^\/\w+\.mjs$/.test(url)) {
      response.setHeader('content-type', 'text/javascript')
      createReadStream(join(folder, url)).pipe(response)
    } else response.setHeader('content-type', 'text/html').end(html())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const worldOf = (at: Page): Promise<World> =>
  at.evaluate(() => {
    const { seen, statuses, error } = globalThis as unknown as World
    return { seen, statuses, error }
  })

const launch = async (t: Test): Promise<Browser> => {
  // The sandbox of the browser can't be had by root; it opens nothing but the page of this test.
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  return browser
}

const leave = async (nodes: readonly Node[], url: string): Promise<void> => {
  await nodes.find((node) => node.url === url)?.close()
}

test('in a browser, on every transport, through the end of a node', {
  skip: whyNot(undefined, ['chromium']),
}, async (t) => {
  const folder = bundle(t)
  const browser = await launch(t)
  for (const transport of ['poll', 'sse', 'ws'] as const) {
    const nodes = await crew(t, 2, { corsOrigin: ['*'] })
    const servers = nodes.map(({ url }) => url)
    const tab = await browser.newPage()
    await tab.goto(await serve(t, folder, () => page(servers, transport)))
    const shows = (n: string): Promise<World> =>
      until(`${transport} shows ${n}`, async () => {
        const world = await worldOf(tab)
        if (world.error) throw new Error(world.error)
        return world.seen?.includes(n) && world
      })
    const { statuses } = await shows('from the page')
    const first = statuses[0]?.server ?? ''
    const bus = connect({ servers: servers.filter((url) => url !== first) })
    t.teardown(() => bus.close())
    await bus.publish('a', { n: 'before' })
    await shows('before')
    await leave(nodes, first)
    await bus.publish('a', { n: 'after' })
    const world = await shows('after')
    t.same(world.seen, ['from the page', 'before', 'after'], transport)
    t.match(world.statuses.at(-1), { type: 'connected', server: servers.find((url) => url !== first) })
    await tab.close()
  }
})

test('in a browser, a WebSocket at nodes that ask for tokens: with a ticket, again at the next node', {
  skip: whyNot(undefined, ['chromium']),
}, async (t) => {
  const nodes = await crew(t, 2, { corsOrigin: ['*'], auth: 'jwt', jwtSecret })
  const servers = nodes.map(({ url }) => url)
  const token = await mint({ subscribe: ['a'], publish: ['a'] })
  const tab = await (await launch(t)).newPage()
  await tab.goto(await serve(t, bundle(t), () => page(servers, 'ws', token)))
  const shows = (n: string): Promise<World> =>
    until(`it shows ${n}`, async () => {
      const world = await worldOf(tab)
      if (world.error) throw new Error(world.error)
      return world.seen?.includes(n) && world
    })
  const { statuses } = await shows('from the page')
  const first = statuses[0]?.server ?? ''
  const bus = connect({ servers: servers.filter((url) => url !== first), token })
  t.teardown(() => bus.close())
  await leave(nodes, first)
  await bus.publish('a', { n: 'after' })
  t.same((await shows('after')).seen, ['from the page', 'after'])
})

const sharing = (servers: readonly string[]): string => `<!doctype html><title>a tab</title>
<script type="module">
  import { connect } from '/carillon.mjs'
  import { shareTabs } from '/tabs.mjs'
  window.seen = []
  window.statuses = []
  window.error = ''
  const bus = connect({ servers: ${JSON.stringify(servers)}, transport: 'sse', discover: false })
  const shared = shareTabs(bus, 'a', (event) => void window.seen.push(event.message?.n ?? event.type))
  shared.done.catch((error) => { window.error = String(error) })
  await shared.ready
  window.statuses.push({ type: shared.reads ? 'reads' : 'hears', server: '' })
</script>`

test('tabs share one stream, and go on when the one that reads is closed', {
  skip: whyNot(undefined, ['chromium']),
}, async (t) => {
  const [node] = await crew(t, 1, { corsOrigin: ['*'] })
  if (!node) return
  const origin = await serve(t, bundle(t), () => sharing([node.url]))
  const context = await (await launch(t)).newContext()
  const bus = connect({ servers: [node.url] })
  t.teardown(() => bus.close())
  const open = async (): Promise<Page> => {
    const tab = await context.newPage()
    await tab.goto(origin)
    await until('it is ready', async () => (await worldOf(tab)).statuses?.length === 1)
    return tab
  }
  const tabs = [await open(), await open(), await open()]
  const [first, ...others] = tabs
  const kinds = await Promise.all(tabs.map(async (tab) => (await worldOf(tab)).statuses[0]?.type))
  t.same(kinds, ['reads', 'hears', 'hears'])
  t.equal(node.status().gauges['waiters'], 1)
  const published: string[] = []
  const publish = async (n: string): Promise<void> => {
    published.push(n)
    await bus.publish('a', { n })
  }
  for (let i = 0; i < 10; i++) await publish(`before ${i}`)
  const closing = first?.close()
  for (let i = 0; i < 10; i++) await publish(`meanwhile ${i}`)
  await closing
  for (let i = 0; i < 10; i++) await publish(`after ${i}`)
  for (const tab of others) {
    await until('it has all', async () => (await worldOf(tab)).seen.length >= published.length)
    t.same(await worldOf(tab).then(({ seen, error }) => ({ seen, error })), { seen: published, error: '' })
  }
  t.equal(node.status().gauges['waiters'], 1)
})
