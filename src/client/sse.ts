import { type Entry, readGap, readMessage } from './core/event.js'
import { EventStream, type StreamEvent } from './core/event-stream.js'
import { type ByteStream, Limit } from './ports.js'
import type { Line, Transport } from './transport.js'
import { Trouble, troubleOf, troubleSaid } from './trouble.js'

/** `GET /{database}/bus/events`, read with `fetch`: unlike an EventSource it can send a token, and be slow. */
export const sse: Transport = async function* (line) {
  const limit = new Limit(line.ports, line.signal)
  try {
    yield* read(line, limit)
    throw new Trouble(line.server, 'the stream ended', false)
  } catch (error) {
    line.signal.throwIfAborted()
    throw troubleOf(line.server, error)
  } finally {
    limit.abort()
  }
}

async function* read(line: Line, limit: Limit): AsyncGenerator<readonly Entry[], void, void> {
  const { options, server, withText } = line
  limit.set(options.attemptMs, `no answer within ${options.attemptMs / 1000} s`)
  const body = await open(line, limit.signal)
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const stream = new EventStream(options.messageSize)
  for (;;) {
    limit.set(options.silenceMs, 'it has fallen silent')
    const { done, value } = await reader.read()
    // How long the reader of all this takes is no fault of the node.
    limit.pause()
    if (done) throw new Trouble(server, 'the stream ended', false, stream.retryMs)
    const entries = stream
      .push(decoder.decode(value, { stream: true }))
      .map((event) => entryOf(event, server, withText))
    if (entries.length > 0) yield entries
  }
}

const open = async ({ http, server, path, channels, from }: Line, signal: AbortSignal): Promise<ByteStream> => {
  const query = new URLSearchParams()
  for (const channel of channels) query.append('channel', channel)
  const isWord = from === 'now' || from === 'earliest'
  if (isWord) query.set('from', from)
  const headers = { accept: 'text/event-stream', ...(isWord ? {} : { 'last-event-id': from }) }
  const reply = await http.open(server, { method: 'GET', path: `${path}/events?${query}`, headers }, signal)
  if (!reply.body) throw new Trouble(server, 'the stream is empty', false)
  return reply.body
}

const entryOf = ({ event, data, id, retryMs }: StreamEvent, server: string, withText: boolean): Entry => {
  if (event === 'message') return readMessage(data, withText)
  if (event === 'gap') return readGap(data, id || undefined)
  if (event === 'end') throw troubleSaid(server, JSON.parse(data).error ?? {}, retryMs)
  return id === '' ? {} : { cursor: id }
}
