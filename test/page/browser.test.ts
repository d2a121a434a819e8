import type { Browser } from 'playwright-core'
import tap, { type Test, test } from 'tap'
import { mint, secret as signing } from '../auth/door.js'
import { embed, namesInView, publish, secret } from '../live/crew.js'
import { Ship } from '../live/fleet.js'
import { freePort, host } from '../support/free-port.js'
import { until } from '../support/until.js'
import { whyNot } from '../tryton/real/debian.js'
import { launch, View } from './view.js'

tap.setTimeout(120_000)

/** One browser for all of them. */
let browser: Browser

const withPage = (name: string, run: (t: Test) => Promise<void>): void =>
  void test(name, { skip: whyNot(undefined, ['chromium']) }, run)

/** A node in a process of its own, which can be killed, and two in this one. */
const three = async (t: Test): Promise<Ship> => {
  const others = [await embed(t, { name: 'node-2', secret })]
  const join = others[0]?.address ?? ''
  others.push(await embed(t, { name: 'node-3', secret, join: [join] }))
  const [port, peerPort] = [await freePort(), await freePort()]
  const addresses = ['--listen', `${host}:${port}`, '--peer-listen', `${host}:${peerPort}`, '--join', join]
  const ship = new Ship('node-1', port, peerPort, [...addresses, '--name', 'node-1'], { CARILLON_SECRET: secret })
  t.teardown(() => ship.kill())
  ship.start()
  await until('one view of three', () => others.every((node) => namesInView(node).length === 3), 60_000)
  await until('it is ready', () => ship.joined(3), 60_000)
  return ship
}

withPage('publish in the page and see it come; kill the node that served it, and the page goes on', async (t) => {
  browser = await launch(tap as unknown as Test)
  const ship = await three(t)
  const view = await View.open(browser, ship.url)
  await view.shows('#sentence', /^All 3 nodes agree\.$/)
  await view.shows('#view', /^view \d+ of 3$/)
  t.equal(await view.page.locator('#picture g.node.ready').count(), 3)
  await until('all links', async () => (await view.page.locator('#picture g.link.up').count()) === 3)
  await view.page.fill('#channel', 'bells')
  await view.page.click('#follow')
  await view.shows('#follow-news', /^Reading at node-\d$/)
  await view.publish('bells', '{"text":"before","n":12345678901234567890}')
  await view.shows('#result', /^Published in \d+ ms; 3 nodes hold it\./)
  await view.shows('#tail li', /\{"text":"before","n":12345678901234567890\}/)
  await view.shows('#channel-rows th', /^bells$/)

  await ship.kill()
  await view.draws('node-1', 'down')
  await view.shows('#sentence', /^node-1 is down\.$/)
  await view.shows('#view', /^view \d+ of 2$/)
  t.match(await view.page.title(), /^2\/3/)
  for (const colorScheme of ['light', 'dark'] as const) {
    await view.page.emulateMedia({ colorScheme })
    t.same(await view.flaws(), [], colorScheme)
  }
  t.match(await view.page.locator('#seen-from option:checked').textContent(), /^node-[23]$/, 'another one is asked')
  await view.publish('bells', '{"text":"after"}')
  await view.shows('#result', /2 nodes hold it\./)
  await view.shows('#tail li', /"after"/)
  t.equal(await view.page.locator('#tail li').count(), 2, 'each once')

  ship.start()
  await view.shows('#sentence', /^All 3 nodes agree\.$/)
  await view.draws('node-1', 'ready')
  const row = view.page.locator('#node-rows tr', { hasText: 'node-1' })
  await until('it has said so itself', async () => /^\d/.test((await row.locator('td').nth(1).textContent()) ?? ''))
  t.same(view.errors, [])
  await view.close()
})

withPage('with tokens it says why something is refused, and takes a token', async (t) => {
  const node = await embed(t, { auth: 'jwt', jwtSecret: signing, name: 'node-1' })
  const view = await View.open(browser, node.url)
  await view.shows('#sentence', /One node, and it is ready\./)
  await view.publish('a', 'hello')
  await view.shows('#result', /^Not published: 401 unauthorized: .*a token is needed/)
  t.ok(await view.page.isVisible('#token-form'))
  const use = async (token: string): Promise<void> => {
    if (!(await view.page.isVisible('#token-form'))) await view.page.click('#token-button')
    await view.page.fill('#token', token)
    await view.page.click('#token-form button.main')
  }
  await use(await mint({ publish: ['other'], subscribe: ['a'] }))
  await view.page.click('#publish')
  await view.shows('#result', /403 forbidden: .*the token lets nobody publish to "a"/)
  await view.page.fill('#channel', 'b')
  await view.page.click('#follow')
  await view.shows('#follow-news', /403 forbidden: .*the token lets nobody subscribe to "b"/)
  await use(await mint({ publish: ['a'], subscribe: ['a'] }))
  await view.page.fill('#channel', 'a')
  await view.page.click('#follow')
  await view.shows('#follow-news', /^Reading at node-1$/)
  await view.publish('a', 'hello')
  await view.shows('#tail li', /\{"text":"hello"\}/)
  t.match(
    await view.page.evaluate('JSON.stringify([localStorage.length, document.cookie, location.href])'),
    /^\[0,"","[^?#]*"\]$/,
  )
  await view.page.reload()
  await view.shows('#token-button', /Token ✓/)
  await view.page.click('#token-button')
  await view.page.click('#forget')
  t.equal(await view.page.evaluate('sessionStorage.length'), 0)
  t.same(view.errors, [])
  await view.close()

  const away = await View.open(browser, node.url, { extraHTTPHeaders: { 'X-Forwarded-For': '10.0.0.1' } })
  await away.shows('#sentence', /to whom it knows: give it a token/)
  await away.shows('#token-news', /^401 unauthorized: a token is needed/)
  await away.page.fill('#token', await mint({ subscribe: ['a'] }))
  await away.page.click('#token-form button.main')
  await away.shows('#partial', /Only where the nodes are/)
  await away.shows('#channel-news', /^403 forbidden: only an admin may see this/)
  await away.page.click('#token-button')
  await away.page.fill('#token', await mint({ admin: true }))
  await away.page.click('#token-form button.main')
  await away.shows('#sentence', /One node, and it is ready\./)
  await away.shows('#node-rows th', /^node-1$/)
  await away.page.reload()
  await away.shows('#node-rows th', /^node-1$/)
  t.notOk(await away.page.isVisible('#token-form'), 'the token is sent from the first time on')
  t.same(away.errors, [])
  await away.close()
})

const hostile = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  'abc\u202egnp.exe',
  `${'w'.repeat(256)}`,
  '{{1+1}}',
  '__proto__',
]

withPage('what clients call their channels and write into messages stays text', async (t) => {
  const node = await embed(t, { name: `<b onclick=alert(1)>${'n'.repeat(100)}` })
  const view = await View.open(browser, node.url, { viewport: { width: 360, height: 740 } })
  for (const name of hostile)
    await publish(node, name, { text: `${name}</code><script>alert(2)</script>`, [name]: name })
  await view.shows('#channel-rows', /abc\\u202egnp\.exe/)
  const names = await view.page.locator('#channel-rows th').allTextContents()
  t.same([...names].sort(), hostile.map((name) => name.replace('\u202e', '\\u202e')).sort())
  for (const name of hostile.slice(0, 3)) {
    const seen = name.replace('\u202e', '\\u202e')
    await view.page.locator('#channel-rows button', { hasText: seen }).click()
    await view.page.locator('#tail li', { hasText: '<script>alert(2)</script>' }).waitFor()
    t.equal(await view.page.inputValue('#channel'), name)
  }
  await publish(node, 'large', { text: 'x'.repeat(2 ** 20 - 100) })
  await view.page.fill('#channel', 'large')
  await view.page.selectOption('#from', 'earliest')
  await view.page.click('#follow')
  await view.shows('#tail li', /x{100} … \(1023\.9 KiB in all\)$/)
  await view.page.fill('#channel', 'busy')
  await view.page.click('#follow')
  await view.shows('#follow-news', /^Reading/)
  await Promise.all(Array.from({ length: 400 }, (_, n) => publish(node, 'busy', { n })))
  await view.shows('#tail-count', /^400 so far, the last 200 shown$/)
  t.equal(await view.page.locator('#tail li').count(), 200)
  t.equal(await view.page.locator('img, iframe, body > script + script').count(), 0)
  t.equal(await view.overhang(), 0, 'and nothing sticks out')
  await view.page.fill('#message', '{"text":')
  await view.page.click('#publish')
  await view.shows('#result', /^Not published: this is no JSON/)
  t.same(view.errors, [])
  await view.close()
})

withPage('on a phone, in the dark, by the keyboard, and to a reader of screens', async (t) => {
  const node = await embed(t, { name: 'node-1' })
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 360],
  ] as const) {
    const view = await View.open(browser, node.url, { colorScheme, viewport: { width, height: 740 } })
    await view.shows('#sentence', /One node, and it is ready\./)
    const keys = view.page.keyboard
    await keys.press('Tab')
    await keys.press('Enter')
    await keys.press('Tab')
    t.equal(await view.page.evaluate('document.activeElement.id'), 'channel', 'past all the rest')
    await keys.type(`keys-${colorScheme}`)
    await keys.press('Enter')
    await view.shows('#follow-news', /^Reading at node-1$/)
    for (let i = 0; i < 9 && (await view.page.evaluate('document.activeElement.id')) !== 'message'; i++)
      await keys.press('Tab')
    await keys.press('Control+a')
    await keys.type('{"text":"typed"}')
    await keys.press('Tab')
    t.equal(await view.page.evaluate('document.activeElement.id'), 'publish')
    await keys.press('Enter')
    await view.shows('#result', /1 node holds it/)
    await view.shows('#tail li', /\{"text":"typed"\}/)
    await view.shows('#channel-rows th', new RegExp(`keys-${colorScheme}`))
    await view.page.click('#token-button')
    t.same(await view.flaws(), [], `${colorScheme}, ${width} pixels wide`)
    t.equal(await view.overhang(), 0)
    const ground = await view.page.evaluate('getComputedStyle(document.body).backgroundColor')
    t.equal(ground, colorScheme === 'dark' ? 'rgb(13, 17, 23)' : 'rgb(243, 245, 248)')
    t.same(view.errors, [])
    await view.close()
  }
})

withPage('at --admin-listen it shows the state, and says where the bus is', async (t) => {
  const admin = `${host}:${await freePort()}`
  const node = await embed(t, { name: 'node-1', adminListen: admin })
  const view = await View.open(browser, `http://${admin}`)
  await view.shows('#sentence', /One node, and it is ready\./)
  await publish(node, 'a', {})
  await view.shows('#channel-rows th', /^a$/)
  await view.publish('a', '{}')
  await view.shows('#result', new RegExp(`open the page at ${node.url} for this`))
  t.same(
    view.errors.filter((error) => !/blocked by CORS policy/.test(error)),
    [],
  )
  await view.close()
})

withPage('a page that is open finds the nodes that come later, and whom it listens to can be chosen', async (t) => {
  const founder = await embed(t, { name: 'node-1', secret })
  const port = new URL(founder.url).port
  const view = await View.open(browser, `http://localhost:${port}`)
  await view.shows('#sentence', /One node/)
  await embed(t, { name: 'node-2', secret, join: [founder.address] })
  await view.shows('#sentence', /^All 2 nodes agree\.$/)
  await until('both can be chosen', async () => (await view.page.locator('#seen-from option').count()) === 2)
  await view.page.selectOption('#seen-from', { label: 'node-2' })
  await view.page.locator('#picture g.node.heard', { hasText: 'node-2' }).waitFor()
  t.same(view.errors, [])
  await view.close()
})
