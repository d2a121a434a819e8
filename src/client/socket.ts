import { type Entry, readGap, readMessage } from './core/event.js'
import { RefusedError } from './errors.js'
import { Limit, type Socket } from './ports.js'
import { ticketFor } from './ticket.js'
import type { Line, Transport } from './transport.js'
import { Trouble, troubleOf, troubleSaid } from './trouble.js'

export const subprotocol = 'carillon.v1'

/** Characters that wait here, beyond which no more is read: a browser's socket can't be told to stop, so it is closed. */
const waitingMax = 2 ** 20

interface Told {
  readonly type: string
  readonly cursor?: string
  readonly error?: { readonly code: string; readonly message: string }
}

/** Close codes of `carillon.v1` that are no use to come back after. */
const final = new Map([
  ...[1002, 1003, 1007, 1008, 1009, 4400].map((code) => [code, 'bad_request'] as const),
  [4401, 'unauthorized'],
  [4403, 'forbidden'],
])

/** The node cut us off because we were slow: it is as good as before. */
const tooSlow = 4408

/** What a socket said, until it is read; and its end. */
class Inbox {
  #texts: string[] = []
  #size = 0
  #end: Error | undefined
  #wake = (): void => {}
  readonly #socket: Socket
  readonly #server: string

  constructor(socket: Socket, server: string) {
    this.#socket = socket
    this.#server = server
  }

  add(text: string): void {
    // After the end was set, what still comes would leave a hole behind what was not read.
    if (this.#end) return
    this.#texts.push(text)
    this.#size += text.length
    if (this.#size > waitingMax) this.#stop()
    this.#wake()
  }

  end(error: Error): void {
    this.#end ??= error
    this.#wake()
  }

  /** All that has come; waits for something. Throws the end, behind all that came before it. */
  async take(): Promise<readonly string[]> {
    while (this.#texts.length === 0) {
      if (this.#end) throw this.#end
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const texts = this.#texts
    this.#texts = []
    this.#size = 0
    this.#socket.resume?.()
    return texts
  }

  #stop(): void {
    if (this.#socket.pause) this.#socket.pause()
    else {
      this.#end = new Trouble(this.#server, 'read too slowly', false, 0, true)
      this.#socket.close(1000)
    }
  }
}

/** `GET /{database}/bus/socket`. */
export const socket: Transport = async function* (line) {
  const { ports, options, server, channels, from, withText, signal } = line
  const limit = new Limit(ports, signal)
  const headers = await line.http.headers()
  const ticket = ports.socketHeaders ? '' : await ticketFor(line, headers.authorization !== undefined)
  const opened = openSocket(line, headers, ticket)
  const inbox = new Inbox(opened, server)
  const give = (): void => inbox.end(signal.aborted ? signal.reason : limit.signal.reason)
  limit.signal.addEventListener('abort', give, { once: true })
  limit.set(options.attemptMs, `no answer within ${options.attemptMs / 1000} s`)
  opened.onopen = () => opened.send(JSON.stringify({ type: 'subscribe', id: '1', channels, from }))
  opened.onmessage = ({ data }: { data: unknown }) => inbox.add(String(data))
  opened.onerror = (error: { message?: string }) => inbox.end(failure(line, error.message ?? 'no socket'))
  opened.onclose = ({ code, reason }: { code: number; reason: string }) => inbox.end(closeError(line, code, reason))
  try {
    for (;;) {
      const texts = await inbox.take()
      limit.pause()
      const entries = texts.flatMap((text) => entryOf(text, server, withText) ?? [])
      if (entries.length > 0) yield entries
      limit.set(options.silenceMs, 'it has fallen silent')
    }
  } catch (error) {
    signal.throwIfAborted()
    throw troubleOf(server, error)
  } finally {
    limit.clear()
    opened.close(1000)
  }
}

const openSocket = (
  { ports, server, path }: Line,
  headers: { readonly [name: string]: string },
  ticket: string,
): Socket => ports.openSocket(`${server.replace(/^http/, 'ws')}${path}/socket${ticket}`, subprotocol, headers)

const failure = ({ server, http }: Line, message: string): Error => {
  if (!/\b401\b/.test(message)) return new Trouble(server, message, false)
  return http.expired() ? new Trouble(server, message, false) : new RefusedError('unauthorized', message, 401, server)
}

const closeError = ({ server, http }: Line, code: number, reason: string): Error => {
  const refusal = final.get(code)
  const words = reason || `closed with ${code}`
  if (code === 4401 && http.expired()) return new Trouble(server, words, false)
  if (refusal !== undefined) return new RefusedError(refusal, words, 0, server)
  return new Trouble(server, words, false, 0, code === tooSlow)
}

const entryOf = (text: string, server: string, withText: boolean): Entry | undefined => {
  const { type, cursor, error }: Told = JSON.parse(text)
  if (type === 'message') return readMessage(text, withText)
  if (type === 'gap') return readGap(text, cursor)
  if (error) throw troubleSaid(server, error)
  return cursor === undefined ? undefined : { cursor }
}
