import { connect, type Socket } from 'node:net'
import { WebSocket } from 'ws'

export interface Told {
  readonly type: string
  readonly [member: string]: unknown
}

/** What comes one after the other, to be waited for. */
export class Inbox<Item> {
  readonly items: Item[] = []
  #take: (item: Item) => void = () => {}
  readonly #waiting: { readonly count: number; readonly go: () => void }[] = []

  /** Whenever one comes. */
  each(take: (item: Item) => void): void {
    this.#take = take
  }

  put(item: Item): void {
    this.items.push(item)
    this.#take(item)
    for (const { count, go } of this.#waiting) if (this.items.length >= count) go()
  }

  /** The first `count`, when there are so many. */
  async first(count: number): Promise<readonly Item[]> {
    if (this.items.length < count) await new Promise<void>((go) => this.#waiting.push({ count, go }))
    return this.items.slice(0, count)
  }

  async nth(index: number): Promise<Item> {
    const item = (await this.first(index + 1))[index]
    if (item === undefined) throw new Error(`there is no item ${index}`)
    return item
  }

  /** The first that fits, whenever it comes. */
  async find(fits: (item: Item) => boolean): Promise<Item> {
    for (let i = 0; ; i++) {
      const item = await this.nth(i)
      if (fits(item)) return item
    }
  }
}

export interface SseEvent {
  readonly type: string
  readonly id: string | undefined
  readonly data: string
}

const eventOf = (block: string): SseEvent => {
  const fields = block.split('\n').map((line) => /^([^:]*): ?(.*)$/s.exec(line) ?? [])
  const values = (name: string): string[] =>
    fields.filter(([, field]) => field === name).map(([, , value = '']) => value)
  return { type: values('event').at(-1) ?? 'message', id: values('id').at(-1), data: values('data').join('\n') }
}

/** Reads server-sent events from a bare socket: every byte that is not as it must be shows. */
export class EventReader {
  readonly socket: Socket
  readonly events = new Inbox<SseEvent>()
  readonly comments = new Inbox<string>()
  readonly head: Promise<string>
  readonly closed: Promise<void>
  /** The last chunk has come. */
  ended = false
  #text = ''
  #bytes = Buffer.alloc(0)
  #chunked = false
  #takeHead: ((head: string) => void) | undefined

  constructor(port: number, target: string, headers: readonly string[] = [], version = '1.1') {
    this.socket = connect(port, '127.0.0.1')
    this.head = new Promise((resolve) => {
      this.#takeHead = resolve
    })
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()))
    this.socket.on('error', () => {})
    this.socket.on('data', (bytes: Buffer) => this.#received(bytes))
    this.socket.write([`GET ${target} HTTP/${version}`, 'Host: test', ...headers, '', ''].join('\r\n'))
  }

  /** What has come and is no event. */
  get rest(): string {
    return this.#text
  }

  close(): void {
    this.socket.destroy()
  }

  #received(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    if (this.#takeHead) {
      const end = this.#bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = this.#bytes.toString('latin1', 0, end)
      this.#chunked = /^transfer-encoding: chunked$/im.test(head)
      this.#bytes = this.#bytes.subarray(end + 4)
      this.#takeHead(head)
      this.#takeHead = undefined
    }
    if (this.#chunked) this.#unchunk()
    else {
      this.#text += this.#bytes.toString()
      this.#bytes = Buffer.alloc(0)
    }
    this.#read()
  }

  #unchunk(): void {
    for (;;) {
      const end = this.#bytes.indexOf('\r\n')
      if (end < 0) return
      const size = Number.parseInt(this.#bytes.toString('latin1', 0, end), 16)
      if (this.#bytes.length < end + size + 4) return
      if (size === 0) this.ended = true
      // An event is never split over two chunks, so neither is a character.
      this.#text += this.#bytes.toString('utf8', end + 2, end + 2 + size)
      this.#bytes = this.#bytes.subarray(end + size + 4)
    }
  }

  #read(): void {
    for (let end = this.#text.indexOf('\n\n'); end >= 0; end = this.#text.indexOf('\n\n')) {
      const block = this.#text.slice(0, end)
      this.#text = this.#text.slice(end + 2)
      if (block.startsWith(':')) this.comments.put(block)
      else this.events.put(eventOf(block))
    }
  }
}

/** A plain WebSocket client. */
export class SocketReader {
  readonly ws: WebSocket
  readonly frames = new Inbox<Told>()
  readonly opened: Promise<void>
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  /** With which status the upgrade was refused, if it was. */
  readonly refused: Promise<number>

  constructor(
    port: number,
    target: string,
    options: { protocols?: string[]; headers?: { [name: string]: string } } = {},
  ) {
    const { protocols = ['carillon.v1'], headers = {} } = options
    this.ws = new WebSocket(`ws://127.0.0.1:${port}${target}`, protocols, { headers })
    this.ws.on('message', (data) => this.frames.put(JSON.parse(data.toString())))
    this.ws.on('error', () => {})
    this.opened = new Promise((resolve) => this.ws.on('open', resolve))
    this.closed = new Promise((resolve) =>
      this.ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    )
    this.refused = new Promise((resolve) =>
      this.ws.on('unexpected-response', (request, { statusCode = 0 }) => {
        request.destroy()
        resolve(statusCode)
      }),
    )
  }

  async send(frame: object | string): Promise<void> {
    await this.opened
    this.ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  close(): void {
    this.ws.terminate()
  }
}
