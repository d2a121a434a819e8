import tap, { test } from 'tap'
import { Prng } from '../../src/verify/prng.js'
import { ask, hangUp } from './ask.js'
import { Fleet, type Ship } from './fleet.js'
import { Publisher, Subscriber } from './traffic.js'

// For the file as a whole: the runner's own limit is shorter.
tap.setTimeout(300_000)

const seed = process.env['CARILLON_CHAOS_SEED'] ?? '20260101'
const total = 20_000
const faultEvery = 1600
const channels = Array.from({ length: 20 }, (_, i) => `channel-${i}`)

/** Kills or pauses a node, and sees to it that all is well again before the next one. */
const faults = (
  fleet: Fleet,
  dice: Prng,
): { due: (published: number) => void; ended: () => Promise<void>; log: string[] } => {
  const log: string[] = []
  let next = faultEvery
  let running = Promise.resolve()
  let busy = false
  const kill = async (ship: Ship): Promise<void> => {
    log.push(`kill ${ship.name}`)
    await ship.kill()
    ship.start()
  }
  const pause = async (ship: Ship): Promise<void> => {
    const ms = dice.pick([200, 700, 1500, 3500, 5000])
    log.push(`pause ${ship.name} for ${ms} ms`)
    ship.pause()
    await new Promise((resolve) => setTimeout(resolve, ms))
    ship.resume()
  }
  const strike = async (): Promise<void> => {
    const ship = dice.pick(fleet.ships)
    const other = dice.pick(fleet.ships.filter((each) => each !== ship))
    const kind = dice.below(4)
    if (kind < 2) await kill(ship)
    else if (kind === 2) await pause(ship)
    else await Promise.all([kill(ship), pause(other)])
    await fleet.joined()
  }
  const due = (published: number): void => {
    if (busy || published < next) return
    next = published + faultEvery
    busy = true
    running = strike().finally(() => {
      busy = false
    })
  }
  return { due, ended: () => running, log }
}

const everything = async (ship: Ship): Promise<string[]> => {
  const reader = new Subscriber([ship.url], channels, 'earliest', new Prng(seed))
  while ((await reader.read(ship.url, 0)) !== 0);
  return reader.seen.map(({ n }) => n)
}

test(`real processes killed and paused: nothing lost, nothing twice, one order (seed ${seed})`, {
  timeout: 300_000,
}, async (t) => {
  const fleet = await Fleet.launch(3, ['--retention-count', '100000', '--suspect-timeout', '3'])
  t.teardown(async () => {
    hangUp()
    await fleet.sink()
  })
  const dice = new Prng(seed)
  const { urls } = fleet
  const start: { cursor: string } = JSON.parse(
    (await ask(urls[0] ?? '', 'POST', '/main/bus/poll', { channels, cursor: 'now', timeout: 0 })).text,
  )
  const publishers = [1, 2, 3, 4].map((i) => new Publisher(`p${i}`, urls, channels, dice.fork(`publisher ${i}`)))
  const subscribers = Array.from({ length: 8 }, (_, i) => {
    const own = channels.filter(() => dice.below(2) === 0)
    return new Subscriber(urls, own.length > 0 ? own : channels, start.cursor, dice.fork(`subscriber ${i}`))
  })
  const { due, ended, log } = faults(fleet, dice.fork('faults'))
  let published = 0
  const reading = subscribers.map((subscriber) => subscriber.run())
  await Promise.all(
    publishers.map((publisher) =>
      publisher.run(total / publishers.length, () => {
        due(++published)
      }),
    ),
  )
  await ended()
  await fleet.joined()
  for (const subscriber of subscribers) subscriber.stop()
  await Promise.all(reading)

  const [first, ...others] = await Promise.all(fleet.ships.map(everything))
  const order = new Map((first ?? []).map((n, i) => [n, i]))
  t.equal(order.size, first?.length, 'nothing is kept twice')
  for (const other of others) t.same(other, first, 'every node has the same messages in the same order')
  const acknowledged = publishers.flatMap((publisher) => publisher.acknowledged)
  t.equal(acknowledged.length, total)
  t.same(
    acknowledged.filter((n) => !order.has(n)),
    [],
    'nothing acknowledged is lost',
  )
  for (const subscriber of subscribers) {
    while ((await subscriber.read(dice.pick(urls), 0)) !== 0);
    const got = subscriber.seen.map(({ n }) => n)
    t.equal(subscriber.gaps, 0)
    t.equal(new Set(got).size, got.length, 'nothing twice')
    const reader = new Subscriber(urls, subscriber.channels, start.cursor, new Prng(seed))
    while ((await reader.read(dice.pick(urls), 0)) !== 0);
    t.same([...got].sort(), reader.seen.map(({ n }) => n).sort(), 'nothing missed')
    const places = subscriber.seen.filter(({ late }) => !late).map(({ n }) => order.get(n) ?? -1)
    t.ok(
      places.every((place, i) => i === 0 || place > (places[i - 1] ?? -1)),
      'in the one order',
    )
  }
  const late = subscribers.flatMap(({ seen }) => seen.filter((each) => each.late)).length
  t.comment(`${log.length} faults: ${log.join(', ')}`)
  t.comment(`${published} published, ${publishers.reduce((sum, each) => sum + each.retries, 0)} retries, ${late} late`)
  t.ok(log.length >= 5, 'there were faults')
})
