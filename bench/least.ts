/**
 * The least that a server on Node can do for the same requests: it reads on plain sockets into one buffer, keeps messages,
 * lets polls wait, and answers past the stream, as a node does. It checks, orders, limits and promises nothing. What it
 * costs is Node's and the system's part of what a node costs: the performance section of the README has it beside the others.
 *
 *     node dist/bench/least.js 7499     # then any load generator that sends POST /{database}/bus and /bus/publish
 */
import { createServer, type SocketConstructorOpts } from 'node:net'
import { Outlet, put } from '../src/http/outlet.js'

const keptMost = 20_000

class Channel {
  readonly messages: (string | undefined)[] = []
  waiting: Outlet[] = []

  add(message: string): number {
    const id = this.messages.push(message)
    if (id > keptMost) this.messages[id - keptMost - 1] = undefined
    return id
  }
}

const channels = new Map<string, Channel>()
const shared = Buffer.allocUnsafeSlow(64 * 1024)

const channelOf = (name: string): Channel => {
  const known = channels.get(name)
  if (known) return known
  const made = new Channel()
  channels.set(name, made)
  return made
}

const answer = (body: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`

const messageAnswer = (name: string, message: string | undefined, id: number): string =>
  answer(`{"message":${message},"channel":"${name}","message_id":"${id}"}`)

/** The text between what stands before it, and a quote. */
const wordAfter = (text: string, before: string): string => {
  const from = text.indexOf(before) + before.length
  return text.slice(from, text.indexOf('"', from))
}

const publish = (socket: Outlet, name: string, message: string): void => {
  const channel = channelOf(name)
  const id = channel.add(message)
  put(socket, answer(`{"message_id":"${id}"}`))
  if (channel.waiting.length === 0) return
  const { waiting } = channel
  channel.waiting = []
  const text = messageAnswer(name, message, id)
  for (const reader of waiting) put(reader, text)
}

const poll = (socket: Outlet, name: string, last: number | undefined): void => {
  const channel = channelOf(name)
  const id = (last ?? channel.messages.length) + 1
  if (id > channel.messages.length) channel.waiting.push(socket)
  else put(socket, messageAnswer(name, channel.messages[id - 1], id))
}

const received = (socket: Outlet, text: string): void => {
  if (text.slice(0, 256).includes('/bus/publish ')) {
    publish(socket, wordAfter(text, '"channel":"'), text.slice(text.indexOf('"message":') + 10, -1))
    return
  }
  const isFirst = text.includes('"last_message":null')
  poll(socket, wordAfter(text, '"channels":["'), isFirst ? undefined : Number(wordAfter(text, '"last_message":"')))
}

/** What node:net hands to a server, if it is asked before it makes a socket of its own of it. */
interface Handle {
  setNoDelay(isOn: boolean): void
}

const accept = (handle: Handle): void => {
  handle.setNoDelay(true)
  const onread = {
    buffer: shared,
    callback: (size: number): boolean => {
      received(socket, shared.toString('latin1', 0, size))
      return true
    },
  }
  const socket = new Outlet({ handle, onread } as SocketConstructorOpts)
  socket.on('error', () => socket.destroy()).resume()
}

const server = createServer()
server.listen(Number(process.argv[2] ?? 7499), '127.0.0.1', () => {
  const { _handle: listener } = server as unknown as {
    _handle: { onconnection: (error: number, handle: Handle) => void }
  }
  listener.onconnection = (error, handle) => {
    if (error === 0) accept(handle)
  }
})
