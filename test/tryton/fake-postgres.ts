import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

interface Teardown {
  teardown(end: () => Promise<void>): void
}

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`)

const frame = (type: string, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), word(body.length + 4), body])
}

const ready = frame('Z', Buffer.from('I'))
const welcome = Buffer.concat([frame('R', word(0)), ready])

/** As much of a PostgreSQL server as LISTEN and NOTIFY need. */
export class FakePostgres {
  readonly queries: string[] = []
  connections = 0
  /** What each connection comes upon. */
  mood: 'fine' | 'refuses' | 'silent' = 'fine'
  readonly #server: Server
  readonly #listening = new Set<Socket>()
  readonly #sockets = new Set<Socket>()

  private constructor() {
    this.#server = createServer((socket) => this.#accept(socket))
  }

  static async start(t: Teardown): Promise<FakePostgres> {
    const fake = new FakePostgres()
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    t.teardown(async () => {
      fake.cut()
      await new Promise((resolve) => fake.#server.close(resolve))
    })
    return fake
  }

  url(database = 'tryton'): string {
    return `postgresql://tryton:secret@127.0.0.1:${(this.#server.address() as AddressInfo).port}/${database}`
  }

  get listeners(): number {
    return this.#listening.size
  }

  notify(channel: string, message: object): void {
    this.send(JSON.stringify({ channel, message }))
  }

  send(payload: string): void {
    for (const socket of this.#listening) socket.write(frame('A', word(1), text('bus'), text(payload)))
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(socket: Socket): void {
    this.connections++
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#listening.delete(socket)
    })
    if (this.mood === 'refuses') {
      socket.end(
        frame('E', text('SFATAL'), text('C57P03'), text('Mthe database system is starting up'), Buffer.alloc(1)),
      )
      return
    }
    let bytes = Buffer.alloc(0)
    let started = false
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      for (;;) {
        const head = started ? 1 : 0
        if (bytes.length < head + 4 || bytes.length < head + bytes.readInt32BE(head)) return
        const end = head + bytes.readInt32BE(head)
        const [type, body] = [started ? String.fromCharCode(bytes[0] ?? 0) : '', bytes.subarray(head + 4, end)]
        bytes = bytes.subarray(end)
        if (this.mood === 'silent') continue
        if (!started) socket.write(welcome)
        else if (type === 'Q') this.#query(socket, body.toString('utf8', 0, body.length - 1))
        started = true
      }
    })
  }

  #query(socket: Socket, query: string): void {
    this.queries.push(query)
    if (query === 'LISTEN "bus"') this.#listening.add(socket)
    socket.write(Buffer.concat([frame('C', text(query.split(' ')[0] ?? '')), ready]))
  }
}
