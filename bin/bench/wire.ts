import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** What a wire gives its user: the status, or 0 if the connection failed, and the body. */
export type Done = (status: number, body: string) => void

export const dial = ({ hostname, port, protocol }: URL): Socket => {
  const tls = protocol === 'https:'
  const where = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (tls ? 443 : 80) }
  return tls ? connectTls({ ...where, servername: hostname }) : connect({ ...where, noDelay: true })
}

const blank = '\r\n\r\n'

/**
 * One connection to one server, with one request on it at a time. Node's own client costs more for each answer than
 * the server that is to be measured, so this one knows no more of HTTP than it takes to read Carillon's answers.
 */
export class Wire {
  readonly #url: URL
  #socket: Socket | undefined
  #received: Buffer = Buffer.alloc(0)
  #done: Done | undefined
  #closed = false

  constructor(url: string) {
    this.#url = new URL(url)
  }

  post(path: string, body: string, done: Done): void {
    this.#done = done
    const head = `POST ${path} HTTP/1.1\r\nHost: ${this.#url.host}\r\nContent-Type: application/json\r\n`
    this.#open().write(`${head}Content-Length: ${Buffer.byteLength(body)}${blank}${body}`)
  }

  close(): void {
    this.#closed = true
    this.#socket?.destroy()
  }

  #open(): Socket {
    if (this.#socket) return this.#socket
    const socket = dial(this.#url)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', () => {})
    socket.on('close', () => this.#lost())
    this.#socket = socket
    return socket
  }

  #lost(): void {
    this.#socket = undefined
    this.#received = Buffer.alloc(0)
    if (!this.#closed) this.#answer(0, '')
  }

  #read(chunk: Buffer): void {
    const bytes = this.#received.length > 0 ? Buffer.concat([this.#received, chunk]) : chunk
    const headEnd = bytes.indexOf(blank)
    const head = headEnd < 0 ? '' : bytes.toString('latin1', 0, headEnd)
    const bodyAt = headEnd + blank.length
    const end = bodyAt + Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
    if (headEnd < 0 || bytes.length < end) {
      this.#received = bytes
      return
    }
    this.#received = Buffer.alloc(0)
    this.#answer(Number(head.slice(9, 12)), bytes.toString('utf8', bodyAt, end))
  }

  #answer(status: number, body: string): void {
    const done = this.#done
    this.#done = undefined
    done?.(status, body)
  }
}
