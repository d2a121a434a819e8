import type { HttpOptions } from '../http/limits.js'
import { statuses } from '../http/refusal.js'
import { routes } from '../http/route.js'
import { ref, type Schema, schemasFor } from './schemas.js'

interface Described {
  readonly summary: string
  readonly body?: string
  readonly answer: Schema
  readonly parameters?: readonly Schema[]
  /** Refusals beside those that every path has. */
  readonly statuses: readonly number[]
}

const json = (name: string): Schema => ({ 'application/json': { schema: ref(name) } })

const ok = (name: string): Schema => ({ description: 'Done.', content: json(name) })

const html: Schema = { description: 'A page.', content: { 'text/html': { schema: { type: 'string' } } } }

const plain: Schema = { description: 'Numbers.', content: { 'text/plain': { schema: { type: 'string' } } } }

const document: Schema = { description: 'A document.', content: { 'application/json': { schema: { type: 'object' } } } }

const events: Schema = {
  description: 'Server-sent events, as /asyncapi.json says.',
  content: { 'text/event-stream': { schema: { type: 'string' } } },
}

const query = (name: string, schema: Schema, description: string): Schema => ({
  name,
  in: 'query',
  schema,
  description,
})

const channel = query('channel', ref('Channels'), 'Once for each channel.')
const from = query('from', ref('From'), 'Where it begins.')
const lastId: Schema = { name: 'Last-Event-ID', in: 'header', schema: ref('From'), description: 'Counts before from.' }
const key: Schema = {
  name: 'Idempotency-Key',
  in: 'header',
  schema: { type: 'string' },
  description: 'The same as key.',
}
const traceparent: Schema = {
  name: 'traceparent',
  in: 'header',
  schema: { type: 'string' },
  description: 'W3C Trace Context: handed on with each message that has none of its own.',
}
const prefer: Schema = { name: 'Prefer', in: 'header', schema: { type: 'string' }, description: 'wait=N, as timeout.' }
const database: Schema = {
  name: 'database',
  in: 'path',
  required: true,
  schema: ref('Channel'),
  description: 'A tenant.',
}

/** Of whatever reads a body. */
const bodied = [400, 401, 403, 408, 413, 415, 503]

/** By path: what the route table does not know of itself. */
const described: { readonly [path: string]: Described } = {
  '/': { summary: 'The state of the cluster, as a page', answer: html, statuses: [401, 403] },
  '/example': { summary: 'A chat in one page', answer: html, statuses: [] },
  '/livez': { summary: 'Does the process run?', answer: ok('Health'), statuses: [] },
  '/readyz': { summary: 'Is the node ready?', answer: ok('Health'), statuses: [503] },
  '/cluster': { summary: 'The state of the cluster', answer: ok('Cluster'), statuses: [401, 503] },
  '/channels': {
    summary: 'The channels with the most messages kept, or the most a second',
    answer: ok('ChannelList'),
    parameters: [
      query('top', { type: 'integer', minimum: 1 }, 'So many at the most.'),
      query('by', { enum: ['depth', 'rate'], default: 'depth' }, 'Messages kept, or messages a second.'),
      query('match', { type: 'string' }, 'What the name has in it, whatever the case.'),
    ],
    statuses: [401, 403, 503],
  },
  '/metrics': { summary: 'The state of the node, for Prometheus', answer: plain, statuses: [401, 403, 503] },
  '/openapi.json': { summary: 'This document', answer: document, statuses: [] },
  '/asyncapi.json': { summary: 'Events and frames', answer: document, statuses: [] },
  '/{database}/bus': {
    summary: "Long-poll of Tryton's clients",
    body: 'Bus',
    answer: ok('BusMessage'),
    statuses: bodied,
  },
  '/{database}/bus/poll': {
    summary: 'Long-poll',
    body: 'Poll',
    answer: ok('Page'),
    parameters: [prefer],
    statuses: bodied,
  },
  '/{database}/bus/publish': {
    summary: 'Publish one message, or many, all or none',
    body: 'Publish',
    answer: ok('Published'),
    parameters: [key, traceparent],
    statuses: [...bodied, 409],
  },
  '/{database}/bus/notify': {
    summary: "A notification for Tryton's clients",
    body: 'Notify',
    answer: ok('PublishedOne'),
    parameters: [key, traceparent],
    statuses: [...bodied, 409],
  },
  '/{database}/bus/ticket': {
    summary: 'What stands for a token in a URL, for some seconds',
    answer: ok('Ticket'),
    statuses: [401, 403, 503],
  },
  '/{database}/bus/events': {
    summary: 'Server-sent events',
    answer: events,
    parameters: [channel, from, lastId],
    statuses: [400, 401, 403, 503],
  },
  '/{database}/bus/socket': {
    summary: 'WebSocket, subprotocol carillon.v1',
    answer: { description: 'Never: it is 101, or refused.' },
    parameters: [channel, from],
    statuses: [400, 401, 403, 426, 503],
  },
}

/** Of any request, whatever it asks for: see the table of errors. */
const everywhere = [400, 404, 405, 417, 429, 431]

const codesOf = (status: number): string =>
  Object.entries(statuses)
    .filter(([, each]) => each === status)
    .map(([code]) => code)
    .join(', ')

const refusals = (own: readonly number[]): Schema =>
  Object.fromEntries(
    [...new Set([...everywhere, ...own])]
      .sort()
      .map((status) => [`${status}`, { description: codesOf(status), content: json('Error') }]),
  )

const operation = (path: string, { summary, body, answer, parameters = [], statuses: own }: Described): Schema => ({
  summary,
  parameters: [...(path.startsWith('/{database}') ? [database] : []), ...parameters],
  ...(body === undefined ? {} : { requestBody: { required: true, content: json(body) } }),
  responses: {
    ...(path.endsWith('/socket') ? { 101: { description: 'A WebSocket.' } } : { 200: answer }),
    ...refusals(own),
  },
})

/** Every route of the table, with the limits of this node. Throws for one that is not described. */
export const openapi = (options: HttpOptions): Schema => ({
  openapi: '3.1.0',
  info: { title: 'Carillon', version: '1', description: 'A clustered, in-memory pub/sub engine.' },
  paths: Object.fromEntries(
    routes.map(({ path, methods }) => {
      const its = described[path]
      if (!its) throw new Error(`${path} is not described`)
      return [path, Object.fromEntries(methods.map((method) => [method.toLowerCase(), operation(path, its)]))]
    }),
  ),
  components: { schemas: schemasFor(options) },
})
