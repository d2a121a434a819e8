import { connect, type Socket } from 'node:net'

export interface Reply {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

interface Told {
  readonly error?: { readonly code: string; readonly message: string }
  readonly [name: string]: unknown
}

export const told = (reply: Reply): Told => JSON.parse(reply.body)

export const codeOf = (reply: Reply): string | undefined => told(reply).error?.code

/** A connection on which a test says what it likes, byte by byte, and reads the answers one after the other. */
export class Wire {
  readonly socket: Socket
  readonly closed: Promise<void>
  /** How the connection broke, if it did. */
  error: Error | undefined
  #received = Buffer.alloc(0)
  #chunks: Buffer[] = []
  /** Below this it is not worth while to look for an answer again. */
  #needed = 0
  #isClosed = false
  #wake = (): void => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', (error) => {
      this.error = error
    })
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#needed -= chunk.length
      if (this.#needed <= 0) this.#wake()
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isClosed = true
        this.#wake()
        resolve()
      })
    })
  }

  /** `localAddress`: where it comes from. */
  static open(port: number, localAddress = '127.0.0.1'): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.removeListener('error', reject)
        resolve(new Wire(socket))
      })
    })
  }

  write(bytes: string | Uint8Array): this {
    this.socket.write(bytes)
    return this
  }

  /** One request; a body brings its Content-Length and type. */
  send(method: string, target: string, body?: string | Uint8Array, headers: readonly string[] = []): this {
    const lines = [`${method} ${target} HTTP/1.1`, 'Host: test', ...headers]
    if (body !== undefined) lines.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`)
    this.write(`${lines.join('\r\n')}\r\n\r\n`)
    return body === undefined || body.length === 0 ? this : this.write(body)
  }

  /** The next answer; rejects if the connection closes before one is complete. */
  async reply(): Promise<Reply> {
    for (;;) {
      this.#gather()
      const reply = this.#parse()
      if (reply) return reply
      if (this.#isClosed) throw new Error(`closed after: ${this.#received.toString('latin1').slice(0, 300)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** What has come and is no answer. */
  get rest(): string {
    this.#gather()
    return this.#received.toString('latin1')
  }

  close(): void {
    this.socket.destroy()
  }

  #gather(): void {
    this.#received = Buffer.concat([this.#received, ...this.#chunks.splice(0)])
  }

  #parse(): Reply | undefined {
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    const [first = '', ...lines] = this.#received.toString('latin1', 0, end).split('\r\n')
    const headers = new Map(lines.map((line) => [line.split(': ')[0]?.toLowerCase() ?? '', line.replace(/^.*?: /, '')]))
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1])
    const bodyEnd = end + 4 + Number(headers.get('content-length') ?? 0)
    this.#needed = bodyEnd - this.#received.length
    if (this.#needed > 0) return undefined
    const body = this.#received.toString('utf8', end + 4, bodyEnd)
    this.#received = this.#received.subarray(bodyEnd)
    return { status, headers, body }
  }
}
