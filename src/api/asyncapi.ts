import type { HttpOptions } from '../http/limits.js'
import { closeCodes } from '../stream/close-codes.js'
import { duplicates, ref, type Schema, schemasFor, shown, told } from './schemas.js'

const id: Schema = {
  anyOf: [
    { type: 'string', maxLength: 256 },
    { type: 'integer', minimum: 0 },
  ],
}
const type = (name: string): Schema => ({ const: name })

/** What a client sends: members that nobody knows are passed over. */
const asked = (name: string, more: Schema): Schema => ({
  allOf: [{ type: 'object', properties: { type: type(name), id }, required: ['type', 'id'] }, more],
})

const channelsAsked = (optional: readonly string[]): Schema => ({
  type: 'object',
  properties: { channels: ref('Channels'), from: ref('From') },
  required: ['channels', 'from'].filter((each) => !optional.includes(each)),
})

/** Frames that a client sends, by their types. */
export const requestFrames = (): { readonly [type: string]: Schema } => ({
  subscribe: asked('subscribe', channelsAsked(['from'])),
  unsubscribe: asked('unsubscribe', channelsAsked(['from'])),
  publish: asked('publish', ref('Publish')),
})

const list: Schema = { type: 'array', items: ref('Channel') }
const error: Schema = { type: 'object', properties: { code: { type: 'string' }, message: { type: 'string' } } }
const copies: Schema = { type: 'integer', minimum: 1 }

/** Frames that a node sends, by their types. */
export const replyFrames = (): { readonly [type: string]: Schema } => ({
  subscribed: told({ type: type('subscribed'), id, channels: list, cursor: ref('Cursor') }, ['id']),
  unsubscribed: told({ type: type('unsubscribed'), id, channels: list }),
  published: told(
    {
      type: type('published'),
      id,
      message_id: ref('Cursor'),
      message_ids: { type: 'array', items: ref('Cursor') },
      copies,
      duplicate: { const: true },
      duplicates,
    },
    ['message_id', 'message_ids', 'duplicate', 'duplicates'],
  ),
  message: told({ type: type('message'), ...shown }, ['late', 'traceparent']),
  gap: told({ type: type('gap'), reason: ref('Reason'), oldest: ref('Cursor'), cursor: ref('Cursor') }, ['oldest']),
  heartbeat: told({ type: type('heartbeat'), cursor: ref('Cursor') }),
  error: told({ type: type('error'), id, error, outcome: { const: 'unknown' }, retry_after: { type: 'number' } }, [
    'id',
    'outcome',
    'retry_after',
  ]),
})

/** The data of events, by their types; `message` is the one that has none. */
export const eventData = (): { readonly [type: string]: Schema } => ({
  position: told({ cursor: ref('Cursor') }),
  message: ref('Shown'),
  gap: told({ gap: { const: true }, reason: ref('Reason'), oldest: ref('Cursor') }, ['oldest']),
  heartbeat: told({ cursor: ref('Cursor') }),
  end: ref('Error'),
})

const messages = (payloads: { readonly [type: string]: Schema }): Schema =>
  Object.fromEntries(Object.entries(payloads).map(([name, payload]) => [name, { name, payload }]))

const refs = (channel: string, names: readonly string[]): readonly Schema[] =>
  names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` }))

const parameters: Schema = { database: { description: 'A tenant.' } }

const closes = Object.entries(closeCodes)
  .map(([name, code]) => `${code} ${name}`)
  .join(', ')

/** The streams, frame by frame and event by event, with the limits of this node. */
export const asyncapi = (options: HttpOptions): Schema => ({
  asyncapi: '3.0.0',
  info: {
    title: 'Carillon streams',
    version: '1',
    description: `A heartbeat every ${options.heartbeatMs / 1000} s at the latest. Frames of at most ${options.frameBytes} bytes. Closed with ${closes}.`,
  },
  channels: {
    events: {
      address: '/{database}/bus/events',
      parameters,
      description: 'Server-sent events. The id of an event is the cursor behind it.',
      messages: messages(eventData()),
    },
    socket: {
      address: '/{database}/bus/socket',
      parameters,
      description: 'WebSocket, subprotocol carillon.v1, JSON in text frames.',
      messages: messages({ ...requestFrames(), ...replyFrames() }),
    },
  },
  operations: {
    follow: {
      action: 'send',
      channel: { $ref: '#/channels/events' },
      messages: refs('events', Object.keys(eventData())),
    },
    ask: {
      action: 'receive',
      channel: { $ref: '#/channels/socket' },
      messages: refs('socket', Object.keys(requestFrames())),
    },
    tell: {
      action: 'send',
      channel: { $ref: '#/channels/socket' },
      messages: refs('socket', Object.keys(replyFrames())),
    },
  },
  components: { schemas: schemasFor(options) },
})
