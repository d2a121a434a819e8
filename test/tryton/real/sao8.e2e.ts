import tap, { type Test, test } from 'tap'
import { hangUp } from '../../live/ask.js'
import { Fleet } from '../../live/fleet.js'
import { Cli } from '../../support/cli.js'
import { until } from '../../support/until.js'
import { FakeTrytond } from '../fake-trytond.js'
import { whyNot } from './debian.js'
import { pages8, whyNo8 } from './pages8.js'
import { database, Site } from './site.js'
import { WebClient } from './web.js'

tap.setTimeout(300_000)

const token = 'a-token-for-tests'

/** Publishes what it is told, a line each. */
const publisher = (t: Test, fleet: Fleet, channel: string): ((message: object) => void) => {
  const args = ['publish', channel, '--database', database, '--server', fleet.urls.join(',')]
  const cli = new Cli(args, { CARILLON_TOKEN: token })
  t.teardown(() => cli.kill())
  return (message) => cli.process.stdin?.write(`${JSON.stringify(message)}\n`)
}

const notification = (title: string): object => ({ type: 'notification', title, body: 'to version 8', priority: 1 })

test('the web client of Tryton 8, with its cookie', { skip: whyNot() || whyNo8() }, async (t) => {
  const trytond = await FakeTrytond.start(t, 8, pages8)
  const site = Site.bare(t)
  const fleet = await Fleet.launch(3, ['--auth', `trytond=${trytond.url}`, '--token-file', site.write('token', token)])
  t.teardown(async () => {
    hangUp()
    await fleet.sink()
  })
  const nginx = await site.nginx(fleet.urls, trytond.url)
  const web = await WebClient.open(nginx)
  t.teardown(() => web.close())
  await web.login()
  const waiters = async (): Promise<number> => {
    const all = await Promise.all(fleet.ships.map((ship) => ship.status()))
    return all.reduce((sum, status) => sum + (status?.gauges['waiters'] ?? 0), 0)
  }
  await until('it waits', async () => (await waiters()) === 1, 30_000)
  const checks = trytond.asked.filter(({ body }) => body.includes('session_check'))
  t.ok(
    checks.some(({ headers }) => headers.cookie?.startsWith('tryton_session=admin:1:')),
    'trytond was asked about its cookie',
  )

  const publish = publisher(t, fleet, `client:${await web.busId()}`)
  const titles = Array.from({ length: 100 }, (_, n) => `notification ${n}`)
  for (const title of titles.slice(0, 50)) publish(notification(title))
  await web.shows('notification 25')
  await fleet.ships[0]?.kill()
  for (const title of titles.slice(50)) publish(notification(title))
  await web.shows('notification 99')
  t.same(
    (await web.shown()).map(({ title }) => title),
    titles,
    'all, once, in order, while a node is killed',
  )

  const ring = publisher(t, fleet, 'notification:1')
  ring({ type: 'user-notification', count: 7, content: [] })
  await until('the bell shows it', async () => (await web.bell()) === '7', 30_000)
  t.comment(`a picture of the web client: ${await web.photograph('tryton-web-client-8')}`)
})
