import type { HttpOptions } from '../http/limits.js'

/** JSON Schema 2020-12. */
export interface Schema {
  readonly [keyword: string]: unknown
}

const text: Schema = { type: 'string' }

const record = (properties: { readonly [name: string]: Schema }, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
})

/** What a client sends may hold members that nobody knows; what it is told does not. */
export const told = (properties: { readonly [name: string]: Schema }, optional: readonly string[] = []): Schema => ({
  ...record(properties, optional),
  additionalProperties: false,
})

export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

const list = (items: Schema, least: number, most: number): Schema => ({
  type: 'array',
  items,
  minItems: least,
  maxItems: most,
})

/** Where in a request of many messages those stand whose key was there before. */
export const duplicates: Schema = { type: 'array', items: { type: 'integer', minimum: 0 }, minItems: 1 }

/** What a message is told as. */
export const shown = {
  channel: ref('Channel'),
  message: ref('ShownMessage'),
  late: { const: true },
  traceparent: ref('Traceparent'),
}

/** What HTTP and the streams have in common, with the limits of this node. */
export const schemasFor = (options: HttpOptions): { readonly [name: string]: Schema } => {
  const { channelBytes, keyBytes, channelsPerRequest, messagesPerRequest, pollLimitMax, longPollTimeoutMs } = options
  const key = { ...text, minLength: 1, maxLength: keyBytes, description: 'Idempotency key, in UTF-8.' }
  const cursor = { ...text, description: 'A position in the order of the database, good on every node.' }
  const item = { channel: ref('Channel'), message: ref('Message'), key, traceparent: text }
  const terms = {
    ack: { enum: ['all', 'local'], default: 'all' },
    min_copies: { type: 'integer', minimum: 1, default: 1 },
  }
  return {
    Channel: {
      ...text,
      minLength: 1,
      maxLength: channelBytes,
      description: `1 to ${channelBytes} bytes of UTF-8 without control characters, compared byte by byte.`,
    },
    Message: { type: 'object', description: `A JSON object of at most ${options.bodyBytes} bytes.` },
    ShownMessage: {
      ...record({ message_id: ref('Cursor') }),
      description: 'The bytes that were published, with message_id set by the bus.',
    },
    Cursor: cursor,
    From: { anyOf: [{ const: 'now' }, { const: 'earliest' }, ref('Cursor')] },
    Channels: list(ref('Channel'), 1, channelsPerRequest),
    Reason: { enum: ['evicted', 'unknown_origin', 'other_log'] },
    Publish: {
      anyOf: [ref('PublishOne'), ref('PublishMany')],
    },
    PublishOne: record({ ...item, ...terms }, ['key', 'traceparent', 'ack', 'min_copies']),
    PublishMany: record({ messages: list(record(item, ['key', 'traceparent']), 1, messagesPerRequest), ...terms }, [
      'ack',
      'min_copies',
    ]),
    Published: { anyOf: [ref('PublishedOne'), ref('PublishedMany')] },
    PublishedOne: told(
      { message_id: ref('Cursor'), copies: { type: 'integer', minimum: 1 }, duplicate: { const: true } },
      ['duplicate'],
    ),
    PublishedMany: told(
      {
        message_ids: { type: 'array', items: ref('Cursor') },
        copies: { type: 'integer', minimum: 1 },
        duplicates,
      },
      ['duplicates'],
    ),
    Poll: record(
      {
        channels: ref('Channels'),
        cursor: { anyOf: [ref('From'), { type: 'null' }], default: 'now' },
        limit: { type: 'integer', minimum: 1, maximum: pollLimitMax },
        timeout: { type: 'number', minimum: 0, description: `Seconds; more than ${longPollTimeoutMs / 1000} is that.` },
      },
      ['cursor', 'limit', 'timeout'],
    ),
    Shown: told(shown, ['late', 'traceparent']),
    Traceparent: {
      ...text,
      pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$',
      description: 'The trace that its publisher told (W3C Trace Context).',
    },
    Page: told(
      {
        messages: { type: 'array', items: ref('Shown') },
        cursor: ref('Cursor'),
        gap: { const: true },
        reason: ref('Reason'),
        oldest: ref('Cursor'),
      },
      ['gap', 'reason', 'oldest'],
    ),
    Bus: record(
      { channels: { anyOf: [ref('Channels'), ref('Channel')] }, last_message: { type: ['string', 'null'] } },
      ['last_message'],
    ),
    BusMessage: told(
      {
        channel: { anyOf: [ref('Channel'), { type: 'null' }] },
        message: { anyOf: [ref('ShownMessage'), { type: 'null' }] },
        gap: { const: true },
      },
      ['gap'],
    ),
    Notify: {
      ...record(
        {
          title: text,
          body: { type: ['string', 'null'] },
          priority: { type: ['integer', 'null'], minimum: 0, maximum: 3, default: 1 },
          user: { type: ['string', 'integer', 'null'] },
          client: { type: ['string', 'integer', 'null'] },
        },
        ['body', 'priority', 'user', 'client'],
      ),
      description: 'To a user or to one client.',
    },
    Error: told(
      {
        error: told({ code: text, message: text }),
        outcome: { const: 'unknown', description: 'It may yet be delivered.' },
        retry_after: {
          type: 'number',
          description: 'Seconds, as in the header Retry-After: what is asked before is refused, too.',
        },
      },
      ['outcome', 'retry_after'],
    ),
    Ticket: told({ ticket: text, expires_in: { type: 'number' } }),
    Health: told({ status: text }),
    ChannelList: told({
      total: { type: 'integer' },
      matched: { type: 'integer' },
      channels: { type: 'array', items: ref('ListedChannel'), maxItems: options.channelsListed },
    }),
    ListedChannel: told(
      {
        database: ref('Channel'),
        channel: ref('Channel'),
        depth: { type: 'integer', description: 'Messages kept.' },
        rate: { type: 'number', description: 'Messages a second, lately.' },
        readers: { type: 'integer', description: 'Subscribers of this node.' },
        quietMs: { type: 'integer', description: 'Milliseconds since the newest message that is kept was accepted.' },
      },
      ['quietMs'],
    ),
    Cluster: { type: 'object', description: 'The node as it sees itself and the others.' },
  }
}
