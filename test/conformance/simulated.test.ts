import { test } from 'tap'
import { Site } from '../jetstream/site.js'
import { Net } from '../support/net.js'
import { ofAnotherMesh, ofAStream } from './live.js'
import { draftsOf, fromOf, pageOf, publishedOf, refused } from './simulated.js'
import { conforms } from './suite.js'
import { retentionCount, type World } from './world.js'

const names = ['a', 'b', 'c']

/** What is done at once would otherwise leave no time to whoever waits for it. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The nodes' own log, over lines in virtual time: which passes while somebody waits. */
const mesh = (): World => {
  const net = new Net()
  const boxes = net.start(names, { retentionCount })
  const boxOf = (node: number) => boxes[node] ?? net.add('none')
  const agreed = () => boxes.every((box) => box.engine.ready && box.view === names.join(''))
  const restart = async (node: number): Promise<void> => {
    await turn()
    const name = names[node] ?? ''
    net.kill(boxOf(node))
    boxes[node] = net.add(name, { founder: false, retentionCount })
    for (const other of boxes) net.link(boxOf(node), other)
    net.until(agreed)
  }
  return {
    nodes: names.length,
    keepsHistory: false,
    publish: async (node, database, wishes, minCopies = 1) => {
      await turn()
      const box = boxOf(node)
      const publisher = box.publish(draftsOf(database, wishes), { minCopies })
      net.until(() => box.outcomes.has(publisher))
      return publishedOf(box, publisher)
    },
    poll: async (node, database, channels, from, limit = 1000) => {
      await turn()
      const box = boxOf(node)
      const reader = box.poll(fromOf(from), channels, { database, limit })
      net.pass(1)
      const answer = box.answers.get(reader)
      return answer ? pageOf(answer) : refused(box.refusals.get(reader))
    },
    restart,
    lose: () => restart(0),
    foreign: { cursor: ofAStream(), reason: 'other_log' },
  }
}

/** Nodes on a log that others keep, of which only the core is real. */
const streams = (): World => {
  const site = new Site()
  const seats = names.map((name) => site.start(name, { retentionCount }))
  const seatOf = (node: number) => seats[node] ?? site.start('none')
  return {
    nodes: names.length,
    keepsHistory: true,
    publish: async (node, database, wishes, minCopies = 1) => {
      await turn()
      const seat = seatOf(node)
      const publisher = seat.publish(draftsOf(database, wishes), { minCopies })
      for (let i = 0; i < 200 && !seat.outcomes.has(publisher); i++) site.pass(100)
      return publishedOf(seat, publisher)
    },
    poll: async (node, database, channels, from, limit = 1000) => {
      await turn()
      const seat = seatOf(node)
      const reader = seat.poll(fromOf(from), channels, { database, limit })
      for (let i = 0; i < 50 && !seat.answers.has(reader) && !seat.refusals.has(reader); i++) site.pass(100)
      const answer = seat.answers.get(reader)
      return answer ? pageOf(answer) : refused(seat.refusals.get(reader)?.code)
    },
    restart: async (node) => {
      await turn()
      site.seats.splice(site.seats.indexOf(seatOf(node)), 1)
      seats[node] = site.start(names[node] ?? '', { retentionCount })
      site.pass(200)
    },
    lose: async () => {
      await turn()
      for (const seat of seats) seat.cut()
      site.pass(1000)
      for (const seat of seats) seat.mend()
      site.pass(1000)
    },
    forget: async (database) => {
      await turn()
      site.log.stream(database).purge(Number.POSITIVE_INFINITY)
    },
    foreign: { cursor: ofAnotherMesh(), reason: 'other_log' },
  }
}

test('a mesh, simulated', (t) => conforms(t, mesh()))

test('nodes on a log, simulated', (t) => conforms(t, streams()))
