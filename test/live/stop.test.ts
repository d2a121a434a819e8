import tap, { type Test, test } from 'tap'
import { EventReader, SocketReader } from '../stream/tap.js'
import { buildOfThis } from '../support/build.js'
import { until } from '../support/until.js'
import { ask, hangUp } from './ask.js'
import { Fleet, type Ship } from './fleet.js'

// Several processes, on a machine that may be busy: 6 s on a quiet one.
tap.setTimeout(180_000)

const { program } = buildOfThis(tap)

/** Two nodes that miss nobody for as long as the test lasts: while one is paused, no publish of the other is through. */
const pair = async (t: Test, drainTimeout: number): Promise<readonly [Ship, Ship]> => {
  const patient = ['--suspect-timeout', '300', '--publish-timeout', '300', '--drain-timeout', `${drainTimeout}`]
  const fleet = await Fleet.launch(2, patient, [program, program])
  t.teardown(async () => {
    hangUp()
    await fleet.sink()
  })
  const [one, two] = fleet.ships
  if (!one || !two) throw new Error('no nodes')
  return [one, two]
}

const publish = (ship: Ship) =>
  ask(ship.url, 'POST', '/main/bus/publish', { channel: 'a', message: { n: 1 } }, 120_000).catch(() => undefined)

const isPublishing = async (ship: Ship): Promise<boolean> => (await ship.status())?.gauges.publishing === 1

test('SIGTERM: a publish under way gets its answer, readers are told, the end is 0', async (t) => {
  const [one, two] = await pair(t, 300)
  const poll = ask(one.url, 'POST', '/main/bus/poll', { channels: ['quiet'], timeout: 300 }, 120_000)
  const events = new EventReader(one.port, '/main/bus/events?channel=quiet')
  const socket = new SocketReader(one.port, '/main/bus/socket?channel=quiet')
  t.teardown(() => {
    events.close()
    socket.close()
  })
  await Promise.all([events.events.first(1), socket.opened])
  await until('all three wait', async () => (await one.status())?.gauges.waiters === 3)
  two.pause()
  const publishing = publish(one)
  await until('it is under way', () => isPublishing(one))
  const stopped = one.stop()
  t.match(JSON.parse((await poll).text), { messages: [], cursor: /./ }, 'who waits is answered')
  t.equal((await ask(one.url, 'GET', '/readyz')).status, 503)
  t.match(await ask(one.url, 'POST', '/main/bus/publish', { channel: 'a', message: {} }), {
    status: 503,
    text: /draining/,
  })
  two.resume()
  const reply = await publishing
  t.match({ ...reply, text: JSON.parse(reply?.text ?? '{}') }, { status: 200, text: { copies: 2 } })
  t.equal((await events.events.find(({ type }) => type === 'end')).type, 'end')
  t.equal((await socket.closed).code, 1001)
  t.match(await stopped, { code: 0, signal: null })
  await until('the other one knows', () => two.joined(1))
  const kept = await ask(two.url, 'POST', '/main/bus/poll', { channels: ['a'], cursor: 'earliest', timeout: 0 })
  t.match(JSON.parse(kept.text), { messages: [{ message: { n: 1 } }] })
})

test('SIGTERM: a publish that is stuck does not hold the end beyond --drain-timeout', async (t) => {
  const [one, two] = await pair(t, 1)
  two.pause()
  const publishing = publish(one)
  await until('it is under way', () => isPublishing(one))
  // It would be stuck for minutes, longer than this test may take.
  t.match(await one.stop(), { code: 0, signal: null })
  t.match(await publishing, { status: 503, text: /"outcome":"unknown"/ }, 'as one whose time is up')
})
