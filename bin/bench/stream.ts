import { WebSocket } from 'ws'
import type { Mark } from './message.js'
import { Check, read } from './message.js'
import type { Job, Subscription } from './plan.js'
import { dial } from './wire.js'

/** What an event or a frame says, as far as it matters here. */
interface Told {
  readonly type?: string
  readonly cursor?: string
  readonly gap?: boolean
  readonly message?: { readonly message_id: string }
}

interface Ears {
  told(told: Told): void
  closed(): void
}

/** Begins to listen; returns what ends it. */
type Open = (url: string, path: string, query: string, ears: Ears) => () => void

const dataField = 'data: '

/** Knows no more of events, and of the chunks around them, than it takes to read Carillon's: one line holds each. */
const openEvents: Open = (url, path, query, { told, closed }) => {
  const server = new URL(url)
  const socket = dial(server)
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith(dataField)) told(JSON.parse(line.slice(dataField.length)))
  })
  socket.on('error', () => {})
  socket.on('close', closed)
  socket.write(`GET ${path}/events?${query} HTTP/1.1\r\nHost: ${server.host}\r\nAccept: text/event-stream\r\n\r\n`)
  return () => socket.destroy()
}

const openSocket: Open = (url, path, query, { told, closed }) => {
  const options = { perMessageDeflate: false, skipUTF8Validation: true }
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}/socket?${query}`, 'carillon.v1', options)
  socket.on('message', (data) => told(JSON.parse(String(data))))
  socket.on('error', () => {})
  socket.on('close', closed)
  return () => socket.terminate()
}

const againMs = 100

/** Reads its channels from one stream. If that ends it is an error, and the next one goes on where it was. */
export class StreamSubscriber {
  readonly check = new Check()
  readonly channels: readonly number[]
  readonly #job: Job
  readonly #url: string
  readonly #onMessage: (mark: Mark) => void
  #cursor = 'now'
  #close = (): void => {}
  #closed = false
  #onPlaced = (): void => {}

  constructor(job: Job, { url, channels }: Subscription, onMessage: (mark: Mark) => void) {
    this.channels = channels
    this.#job = job
    this.#url = url
    this.#onMessage = onMessage
  }

  /** Resolves when it stands where the present is. */
  place(): Promise<void> {
    return new Promise((resolve) => {
      this.#onPlaced = resolve
      this.#open()
    })
  }

  /** It has begun when it was placed. */
  run(): void {}

  close(): void {
    this.#closed = true
    this.#close()
  }

  #open(): void {
    const { database, prefix, transport } = this.#job
    const open = transport === 'ws' ? openSocket : openEvents
    const names = this.channels.map((channel) => `channel=${encodeURIComponent(`${prefix}${channel}`)}`)
    this.#close = open(this.#url, `/${database}/bus`, [...names, `from=${this.#cursor}`].join('&'), {
      told: (told) => this.#take(told),
      closed: () => this.#lost(),
    })
  }

  #lost(): void {
    if (this.#closed) return
    this.check.faults.errors++
    setTimeout(() => this.#open(), againMs)
  }

  #take({ type, cursor, gap, message }: Told): void {
    if (message) {
      this.#cursor = message.message_id
      const mark = read(message as object)
      this.check.take(mark)
      this.#onMessage(mark)
      return
    }
    if (gap || type === 'gap') this.check.faults.gaps++
    if (cursor === undefined) return
    this.#cursor = cursor
    this.#onPlaced()
  }
}
