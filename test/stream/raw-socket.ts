import { connect, type Socket } from 'node:net'

export interface Frame {
  readonly opcode: number
  readonly data: Buffer
}

interface Bits {
  readonly fin?: boolean
  readonly rsv?: number
  readonly masked?: boolean
  /** What the head says, if not the truth. */
  readonly length?: bigint
}

/** One frame as a client writes it, or as none should. */
export const frame = (opcode: number, data: string | Uint8Array = '', bits: Bits = {}): Buffer => {
  const { fin = true, rsv = 0, masked = true } = bits
  const body = Buffer.from(data as string)
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const mask = masked ? Buffer.from([1, 2, 3, 4]) : Buffer.alloc(0)
  const hidden = Buffer.from(body.map((byte, i) => byte ^ (mask[i % 4] ?? 0)))
  return Buffer.concat([Buffer.from([first]), lengthOf(bits.length ?? BigInt(body.length), masked), mask, hidden])
}

const lengthOf = (length: bigint, masked: boolean): Buffer => {
  const bit = masked ? 0x80 : 0
  if (length < 126n) return Buffer.from([bit | Number(length)])
  const long = length > 0xffffn
  const bytes = Buffer.alloc(long ? 9 : 3)
  bytes[0] = bit | (long ? 127 : 126)
  if (long) bytes.writeBigUInt64BE(length, 1)
  else bytes.writeUInt16BE(Number(length), 1)
  return bytes
}

export const closing = (code: number, reason: string | Uint8Array = ''): Buffer =>
  frame(8, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason as string)]))

/** A WebSocket without a library between: a test says what it likes, byte by byte. */
export class RawSocket {
  readonly closed: Promise<void>
  readonly frames: Frame[] = []
  readonly #socket: Socket
  #bytes = Buffer.alloc(0)
  #open = false
  #wake = (): void => {}

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('error', () => {})
    this.#socket.on('data', (bytes: Buffer) => this.#received(bytes))
    this.closed = new Promise((resolve) =>
      this.#socket.on('close', () => {
        this.#wake()
        resolve()
      }),
    )
    const lines = ['GET /main/bus/socket HTTP/1.1', 'Host: t', 'Upgrade: websocket', 'Connection: Upgrade']
    const key = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
    // As Autobahn's client does, which must change nothing.
    const more = ['Sec-WebSocket-Extensions: permessage-deflate']
    this.#socket.write(`${[...lines, ...key, ...more].join('\r\n')}\r\n\r\n`)
  }

  write(bytes: Uint8Array): this {
    this.#socket.write(bytes)
    return this
  }

  /** One byte, or so many, at a time. */
  async dribble(bytes: Buffer, size = 1): Promise<void> {
    for (let at = 0; at < bytes.length; at += size) {
      await new Promise<void>((resolve) => this.#socket.write(bytes.subarray(at, at + size), () => resolve()))
      await new Promise(setImmediate)
    }
  }

  /** The frame with this number, or undefined if the connection closes before it comes. */
  async frame(index: number): Promise<Frame | undefined> {
    while (this.frames.length <= index && !this.#socket.closed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    return this.frames[index]
  }

  close(): void {
    this.#socket.destroy()
  }

  #received(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    if (!this.#open) {
      const end = this.#bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      this.#open = true
      this.#bytes = this.#bytes.subarray(end + 4)
    }
    while (this.#take());
    this.#wake()
  }

  #take(): boolean {
    const bytes = this.#bytes
    const short = (bytes[1] ?? 0) & 0x7f
    const at = short === 126 ? 4 : short === 127 ? 10 : 2
    if (bytes.length < at) return false
    const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
    if (bytes.length < at + length) return false
    this.frames.push({ opcode: (bytes[0] ?? 0) & 0x0f, data: bytes.subarray(at, at + length) })
    this.#bytes = bytes.subarray(at + length)
    return true
  }
}
