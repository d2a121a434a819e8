import { connect, type Socket } from 'node:net'
import { get, post, refusalOf, statusOf, talk, upgrade } from '../live/assault.js'
import { frames, greetings, http, peerHttp } from '../live/mischief.js'
import { frame } from '../stream/raw-socket.js'

export interface Target {
  readonly port: number
  readonly peerPort: number
}

/** What attackers have counted. */
export type Counts = Map<string, number>

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Goes on until it is stopped. */
export interface Assault {
  stop(): void
}

const count = (counts: Counts, name: string, more = 1): void => {
  counts.set(name, (counts.get(name) ?? 0) + more)
}

/** Sockets from an address of its own, each made anew when it closes, for as long as the assault goes on. */
class Crowd implements Assault {
  readonly #sockets = new Set<Socket>()
  #isOver = false

  constructor(
    readonly port: number,
    readonly address: string,
    size: number,
    readonly begin: (socket: Socket) => void,
  ) {
    for (let i = 0; i < size; i++) this.#open()
  }

  get size(): number {
    return this.#sockets.size
  }

  stop(): void {
    this.#isOver = true
    for (const socket of this.#sockets) socket.destroy()
  }

  #open(): void {
    const socket = connect({ port: this.port, host: '127.0.0.1', localAddress: this.address })
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('connect', () => this.begin(socket))
    socket.on('close', () => {
      this.#sockets.delete(socket)
      if (!this.#isOver) setTimeout(() => !this.#isOver && this.#open(), 50)
    })
  }
}

/** Writes the same again and again, as fast as it is taken, and lets the other attackers have their turns. */
const pour = (socket: Socket, bytes: Buffer): void => {
  const write = (): void => {
    if (socket.writable) socket.write(bytes, () => setImmediate(write))
  }
  write()
}

const countStatuses = (socket: Socket, counts: Counts): void => {
  socket.setEncoding('latin1').on('data', (text: string) => {
    for (const [, status] of text.matchAll(/HTTP\/1\.1 (\d{3}) /g)) count(counts, `flood ${status}`)
  })
}

const small = `{"channel":"flood","message":{"text":"${'x'.repeat(150)}"}}`
const request = Buffer.from(
  `POST /main/bus/publish HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: ${small.length}\r\n\r\n${small}`,
)

const oddRequest = Buffer.from(request.toString('latin1').replace('Host: h', 'Host: h\r\nX-Odd: 1'))

/** Publishes without a pause, request behind request, from several addresses, in two ways to write them. */
const flood = ({ port }: Target, counts: Counts): readonly Assault[] =>
  [2, 3, 4, 5].map(
    (number) =>
      new Crowd(port, `127.0.0.${number}`, 4, (socket) => {
        countStatuses(socket, counts)
        pour(socket, Buffer.concat(new Array<Buffer>(50).fill(number === 5 ? oddRequest : request)))
      }),
  )

const socketUpgrade = (query: string): string =>
  upgrade(['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: carillon.v1'], `GET /main/bus/socket${query} HTTP/1.1`)

const socketFlood = ({ port }: Target, counts: Counts): Assault =>
  new Crowd(port, '127.0.0.6', 4, (socket) => {
    socket.setEncoding('latin1').on('data', (text: string) => {
      count(counts, 'socket flood 429', text.split('too_many_requests').length - 1)
    })
    socket.write(socketUpgrade(''))
    const text = `{"type":"publish","id":1,"channel":"flood","message":{"text":"${'x'.repeat(150)}"}}`
    pour(socket, Buffer.concat(new Array<Buffer>(50).fill(frame(1, text))))
  })

/** A byte of the head, or of the body, now and then. */
const slowloris = ({ port }: Target, counts: Counts): readonly Assault[] =>
  ['POST /main/bus/publish HTTP/1.1\r\nHost: h\r\nX: ', post('/main/bus/publish', '', 'Content-Length: 1000')].map(
    (start) =>
      new Crowd(port, '127.0.0.7', 100, (socket) => {
        socket.write(start)
        const timer = setInterval(() => socket.write('x'), 200)
        socket.setEncoding('latin1').on('data', (text: string) => count(counts, `slowloris ${text.split(' ')[1]}`))
        socket.on('close', () => clearInterval(timer))
      }),
  )

/** Asks for much, and reads nothing of it. */
const slowReaders = ({ port }: Target): readonly Assault[] => {
  const wanted = post('/main/bus/poll', '{"channels":["large"],"cursor":"earliest","limit":100}')
  const begin = [
    Buffer.concat(
      new Array<Buffer>(100).fill(Buffer.from(wanted.toString('latin1').replace('Connection: close\r\n', ''))),
    ),
    get('/main/bus/events?channel=large&from=earliest'),
    socketUpgrade('?channel=large&from=earliest'),
  ]
  return begin.map(
    (bytes) =>
      new Crowd(port, '127.0.0.8', 20, (socket) => {
        socket.write(bytes)
        socket.pause()
      }),
  )
}

/** What the slow ones ask for: somebody has to publish it. */
const feeder = ({ port }: Target): Assault => {
  const body = `{"channel":"large","message":{"text":"${'x'.repeat(16_384)}"}}`
  const wire = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.9' })
  wire.on('error', () => {}).resume()
  const bytes = post('/main/bus/publish', body).toString('latin1').replace('Connection: close\r\n', '')
  const timer = setInterval(() => wire.write(bytes), 10)
  return {
    stop: () => {
      clearInterval(timer)
      wire.destroy()
    },
  }
}

/**
 * Where abandoned polls come from. With thousands of sockets at one address the system needs longer to find a free port
 * for each than all else takes, so that most of an attack would be spent on that.
 */
const crowdAddresses = Array.from({ length: 20 }, (_, i) => `127.0.2.${i + 1}`)

/** So many polls wait at the same time; a second later those who asked are gone, half of them by a reset. */
export const abandon = async ({ port }: Target, total: number, counts: Counts): Promise<void> => {
  const last = post('/main/bus/poll', '{"channels":["nobody publishes here"]}')
  const kept = last.toString('latin1').replace('Connection: close\r\n', '')
  const sockets: Socket[] = []
  while (sockets.length < total) {
    for (let i = 0; i < 10; i++) {
      const localAddress = crowdAddresses[sockets.length % crowdAddresses.length]
      const socket = connect({ port, host: '127.0.0.1', localAddress })
      sockets.push(socket.on('error', () => {}))
      socket.write(i === 0 ? last : kept)
    }
    await pause(5)
  }
  await pause(1000)
  count(counts, 'polls abandoned', sockets.length)
  for (const [i, socket] of sockets.entries()) {
    if (i % 2 === 0) socket.resetAndDestroy()
    else socket.destroy()
    if (i % 100 === 0) await pause(10)
  }
}

/** Every bad input that there is, on both ports, again and again. */
const badInput = ({ port, peerPort }: Target, counts: Counts): Assault => {
  let isOver = false
  const check = async (what: string, got: Promise<number | string>, expected: number): Promise<void> => {
    const answer = await got
    if (isOver) return
    count(counts, 'bad inputs')
    if (answer !== expected) count(counts, `wrong answer: ${what}: ${answer}, not ${expected}`)
  }
  const tasks = [
    ...http.map(
      ([name, bytes, status]) =>
        () =>
          check(name, statusOf(port, bytes), status),
    ),
    ...peerHttp.map(
      ([name, bytes, status]) =>
        () =>
          check(name, statusOf(peerPort, bytes), status),
    ),
    ...greetings.map(
      ([name, bytes, code]) =>
        () =>
          check(name, refusalOf({ address: `127.0.0.1:${peerPort}` }, bytes), code),
    ),
    ...frames.map(([, hex]) => async () => {
      const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
      await talk(port, Buffer.concat([Buffer.from(socketUpgrade('')), bytes]))
      count(counts, 'bad frames')
    }),
  ]
  const work = async (): Promise<void> => {
    for (let i = 0; !isOver; i++) await tasks[i % tasks.length]?.().catch(() => count(counts, 'bad inputs cut off'))
  }
  for (let i = 0; i < 4; i++) void work()
  return {
    stop: () => {
      isOver = true
    },
  }
}

/** All of it at once. */
export const assail = (target: Target, counts: Counts): Assault => {
  const assaults = [
    ...flood(target, counts),
    socketFlood(target, counts),
    ...slowloris(target, counts),
    ...slowReaders(target),
    feeder(target),
    badInput(target, counts),
  ]
  return {
    stop: () => {
      for (const assault of assaults) assault.stop()
    },
  }
}
