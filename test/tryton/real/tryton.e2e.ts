import tap, { type Test, test } from 'tap'
import { hangUp } from '../../live/ask.js'
import { Fleet } from '../../live/fleet.js'
import { until } from '../../support/until.js'
import { whyNot } from './debian.js'
import { authorization, login, logout } from './login.js'
import { Puppet } from './puppet.js'
import { classFolder, database, Site } from './site.js'
import { WebClient } from './web.js'

tap.setTimeout(300_000)

const token = 'the token of the tests'.replaceAll(' ', '-')
const admin = 1

interface Stage {
  readonly site: Site
  readonly fleet: Fleet
  readonly trytond: { readonly url: string; readonly file: string }
}

/** trytond as it is installed, and three nodes beside it. */
const stage = async (t: Test): Promise<Stage> => {
  const site = await Site.found(t)
  const trytond = await site.trytond('trytond', {})
  const flags = ['--auth', `trytond=${trytond.url}`, '--tryton-listen', `${site.databaseUrl}/${database}`]
  const fleet = await Fleet.launch(3, [...flags, '--token-file', site.write('token', token)])
  t.teardown(async () => {
    hangUp()
    await fleet.sink()
  })
  return { site, fleet, trytond }
}

const waiters = async (fleet: Fleet): Promise<number> => {
  const all = await Promise.all(fleet.ships.map((ship) => ship.status()))
  return all.reduce((sum, status) => sum + (status?.gauges['waiters'] ?? 0), 0)
}

const desktop = async (t: Test, site: Site, url: string): Promise<Puppet> => {
  const home = { HOME: site.folder, XDG_CONFIG_HOME: site.folder }
  const client = new Puppet('desktop.py', [`${url}/${database}`, await login(url)], home)
  t.teardown(() => client.kill())
  return client
}

const titlesOf = (shown: readonly unknown[]): readonly string[] =>
  (shown as readonly { readonly title: string }[]).map(({ title }) => title)

const series = (word: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${word} ${i}`)

/** All that the client shows of a series, once it shows the last; who comes new is given what is a few seconds old, too. */
const shownOf = async (client: Puppet, titles: readonly string[]): Promise<readonly string[]> => {
  const shown = (): readonly string[] => titlesOf(client.lines).filter((title) => titles.includes(title))
  await until(`the client shows ${titles.at(-1)}`, () => shown().includes(titles.at(-1) ?? ''), 60_000)
  return shown()
}

test('a site with Carillon beside its trytond', { skip: whyNot() }, async (t) => {
  const { site, fleet, trytond } = await stage(t)
  const nginx = await site.nginx(fleet.urls, trytond.url)

  await t.test('all that is committed comes, once, in order, to both clients, while a node is killed', async (t) => {
    const gtk = await desktop(t, site, nginx)
    const web = await WebClient.open(nginx)
    t.teardown(() => web.close())
    await web.login()
    await until('both wait', async () => (await waiters(fleet)) === 2, 30_000)
    const notifier = new Puppet('notifier.py', [trytond.file, database])
    t.teardown(() => notifier.kill())
    const total = 100
    const expected = [...series('notification', total), 'the last', 'of one transaction']
    for (const [n, title] of expected.slice(0, total).entries()) {
      notifier.tell({ titles: [title], body: 'from trytond', user: admin })
      if (n % 5 === 0) notifier.tell({ titles: [`rolled back ${n}`], user: admin, rollback: true })
      if (n !== total / 2) continue
      await gtk.says(n / 2)
      await fleet.ships[0]?.kill()
    }
    await gtk.says(total)
    await web.shows(`notification ${total - 1}`)
    notifier.tell({ titles: ['the last', 'of one transaction'], body: 'and that is all', user: admin })
    await gtk.says(total + 2)
    await web.shows('of one transaction')
    t.same(titlesOf(gtk.lines), expected, 'the desktop client')
    t.same(titlesOf(await web.shown()), expected, 'the web client')
    t.equal(await notifier.end(), 0)
    t.comment(`a picture of the web client: ${await web.photograph('tryton-web-client')}`)
    t.notMatch(gtk.stderr, /Traceback/)
    fleet.ships[0]?.start()
    await fleet.joined()
  })

  await t.test('the bus class of trytond: after the commit, whatever the size, never after a rollback', async (t) => {
    const bus = {
      class: 'carillon_bus.CarillonBus',
      carillon_servers: fleet.urls.join(','),
      carillon_token_file: site.write('class-token', token),
      allow_subscribe: true,
    }
    const other = await site.trytond('trytond-class', bus)
    const gtk = await desktop(t, site, nginx)
    const unrouted = await desktop(t, site, other.url)
    await until('both wait', async () => (await waiters(fleet)) >= 2, 30_000)
    const notifier = new Puppet('notifier.py', [other.file, database], { PYTHONPATH: classFolder })
    t.teardown(() => notifier.kill())
    const body = 'x'.repeat(20_000)
    const titles = series('large', 20)
    notifier.tell({ titles: titles.slice(0, 3), body, user: admin })
    notifier.tell({ titles: ['rolled back'], body, user: admin, rollback: true })
    notifier.tell({ titles: titles.slice(3), body, user: admin })
    t.equal(await notifier.end(), 0)
    t.same(await shownOf(gtk, titles), titles, 'routed to the nodes')
    t.same(await shownOf(unrouted, titles), titles, 'by way of trytond')
    t.notOk(titlesOf([...gtk.lines, ...unrouted.lines]).includes('rolled back'))
  })

  await t.test('HAProxy does what nginx does', async (t) => {
    const url = await site.haproxy(fleet.urls, trytond.url)
    const gtk = await desktop(t, site, url)
    await until('it waits', async () => (await waiters(fleet)) >= 1, 30_000)
    const notifier = new Puppet('notifier.py', [trytond.file, database])
    t.teardown(() => notifier.kill())
    const titles = series('by HAProxy', 20)
    for (const title of titles.slice(0, 10)) notifier.tell({ titles: [title], user: admin })
    await shownOf(gtk, titles.slice(0, 10))
    await fleet.ships[1]?.kill()
    for (const title of titles.slice(10)) notifier.tell({ titles: [title], user: admin })
    t.same(await shownOf(gtk, titles), titles)
    t.match(await (await fetch(`${url}/`)).text(), /<title>Tryton/, 'the rest is trytond’s')
    fleet.ships[1]?.start()
    await fleet.joined()
  })

  await t.test('without a proxy, trytond sends the desktop client to a node: url_host', async (t) => {
    const other = await site.trytond('trytond-url-host', { allow_subscribe: true, url_host: `${fleet.urls[2]}/` })
    const gtk = await desktop(t, site, other.url)
    await until('it waits', async () => (await fleet.ships[2]?.status())?.gauges['waiters'] === 1, 30_000)
    const notifier = new Puppet('notifier.py', [trytond.file, database])
    t.teardown(() => notifier.kill())
    const titles = series('sent on', 10)
    for (const title of titles) notifier.tell({ titles: [title], user: admin })
    t.same(await shownOf(gtk, titles), titles)
  })

  await t.test('strangers are turned away at any of the nodes, and so is who has logged out', async (t) => {
    const session = await login(nginx)
    const ask = (header: string): Promise<Response> => {
      const headers = { 'Content-Type': 'application/json', Authorization: header }
      return fetch(`${nginx}/${database}/bus`, { method: 'POST', headers, body: '{"channels":[]}' })
    }
    for (let i = 0; i < 3; i++) {
      const reply = await ask(authorization(session.replace(/.$/, 'x')))
      t.match({ status: reply.status, body: await reply.text() }, { status: 401, body: '' })
    }
    const gone = await login(nginx)
    await logout(nginx, gone)
    t.equal((await ask(authorization(gone))).status, 401)
  })
})
