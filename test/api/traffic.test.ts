import { Ajv2020 } from 'ajv/dist/2020.js'
import { test } from 'tap'
import { ask } from '../live/ask.js'
import { StreamStage } from '../stream/stage.js'

interface Document {
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } }
  readonly channels: {
    readonly [name: string]: { readonly messages: { readonly [type: string]: { readonly payload: object } } }
  }
  readonly components: object
}

interface Operation {
  readonly requestBody?: { readonly content: { readonly [type: string]: { readonly schema: object } } }
  readonly responses: {
    readonly [status: string]: { readonly content?: { readonly [type: string]: { readonly schema: object } } }
  }
}

const json = 'application/json'

/** Checks values against the documents that a node serves. */
class Judge {
  readonly #ajv = new Ajv2020({ strict: false })

  constructor(
    readonly openapi: Document,
    readonly asyncapi: Document,
  ) {}

  static async of({ node }: StreamStage): Promise<Judge> {
    const get = async (path: string): Promise<Document> => (await (await fetch(node.url + path)).json()) as Document
    return new Judge(await get('/openapi.json'), await get('/asyncapi.json'))
  }

  /** What is wrong with it; null if nothing is. */
  wrong(schema: object, value: unknown): unknown {
    const validate = this.#ajv.compile({ ...schema, components: this.openapi.components })
    return validate(value) ? null : { errors: validate.errors, value }
  }

  told(channel: 'events' | 'socket', type: string, value: unknown): unknown {
    const message = this.asyncapi.channels[channel]?.messages[type]
    return message ? this.wrong(message.payload, value) : `${type} is not described`
  }

  answer(path: string, method: string, status: number, text: string): unknown {
    const response = this.openapi.paths[path]?.[method]?.responses[`${status}`]
    if (!response) return `${method} ${path} does not say ${status}`
    const schema = response.content?.[json]?.schema
    return schema ? this.wrong(schema, JSON.parse(text)) : null
  }

  request(path: string, value: unknown): unknown {
    const schema = this.openapi.paths[path]?.['post']?.requestBody?.content[json]?.schema
    return schema ? this.wrong(schema, value) : `${path} takes no body`
  }
}

test('what goes over HTTP is as the document says', async (t) => {
  const stage = await StreamStage.set(t, { retentionCount: 2 })
  const judge = await Judge.of(stage)
  const first = await stage.publish('old', { n: 0 })
  for (let n = 0; n < 5; n++) await stage.publish('old', { n })
  const message = { n: 1, deep: [{}] }
  const requests: readonly (readonly [action: string, body: object, status: number])[] = [
    ['/publish', { channel: 'a', message }, 200],
    ['/publish', { channel: 'a', message, key: 'k', ack: 'local', min_copies: 1 }, 200],
    ['/publish', { channel: 'a', message, key: 'k' }, 200],
    ['/publish', { channel: 'b', message, key: 'k' }, 409],
    ['/publish', { messages: [{ channel: 'a', message, key: 'l' }], ack: 'all' }, 200],
    ['/publish', { messages: [{ channel: 'a', message, key: 'l' }] }, 200],
    ['/publish', { channel: 'a', message, min_copies: 2 }, 503],
    ['/publish', { channel: '', message }, 400],
    ['/publish', { channel: 'a' }, 400],
    ['/publish', { messages: [] }, 400],
    ['/poll', { channels: ['a'], cursor: 'earliest', timeout: 0, limit: 1 }, 200],
    ['/poll', { channels: ['nothing'], cursor: null, timeout: 0 }, 200],
    ['/poll', { channels: ['old'], cursor: first, timeout: 0 }, 200],
    ['/poll', { channels: [] }, 400],
    ['/poll', { channels: ['a'], limit: 0 }, 400],
    ['/poll', { channels: ['a'], timeout: -1 }, 400],
    ['', { channels: ['a'], last_message: null }, 200],
    ['', { channels: 'a', last_message: null }, 200],
    ['', { channels: ['old'], last_message: first }, 200],
    ['/notify', { title: 'x', body: null, priority: 0, user: 1 }, 200],
    ['/notify', { title: 'x', client: 'abc' }, 200],
    ['/notify', { title: 'x', priority: 4, user: 1 }, 400],
  ]
  for (const [action, body, status] of requests) {
    const path = `/{database}/bus${action}`
    const name = `${action} ${JSON.stringify(body)}`
    const reply = await ask(stage.node.url, 'POST', `/main/bus${action}`, body)
    t.equal(reply.status, status, `${name}: ${reply.text}`)
    t.equal(judge.answer(path, 'post', status, reply.text), null, name)
    t.equal(judge.request(path, body) === null, status !== 400, `${name}: taken if it is as described`)
  }
  for (const path of [
    '/livez',
    '/readyz',
    '/cluster',
    '/metrics',
    '/openapi.json',
    '/asyncapi.json',
    '/',
    '/example',
  ]) {
    const reply = await ask(stage.node.url, 'GET', path)
    t.equal(reply.status, 200, path)
    t.equal(judge.answer(path, 'get', 200, /^[<#]/.test(reply.text) ? 'null' : reply.text), null, path)
  }
})

test('what goes over streams is as the document says', async (t) => {
  const stage = await StreamStage.set(t, { retentionCount: 2, streamHeartbeat: 2 })
  const judge = await Judge.of(stage)
  const first = await stage.publish('a', { n: 0 })
  for (let n = 0; n < 5; n++) await stage.publish('a', { n })
  const reader = stage.events(`channel=a&from=${first}`)
  const client = stage.socket()
  const requests: readonly { readonly type: string; readonly [member: string]: unknown }[] = [
    { type: 'subscribe', id: 1, channels: ['a'], from: first },
    { type: 'publish', id: 'p', channel: 'b', message: { n: 1 }, key: 'k' },
    { type: 'publish', id: 'again', channel: 'b', message: { n: 1 }, key: 'k' },
    { type: 'publish', id: 'many', messages: [{ channel: 'b', message: {} }], ack: 'local' },
    { type: 'publish', id: 'few', channel: 'b', message: {}, min_copies: 5 },
    { type: 'subscribe', id: 2, channels: ['b'] },
    { type: 'unsubscribe', id: 3, channels: ['b'] },
  ]
  for (const request of requests) {
    t.equal(judge.told('socket', request.type, request), null, JSON.stringify(request))
    await client.send(request)
  }
  await client.frames.find(({ type }) => type === 'heartbeat')
  await reader.events.find(({ type }) => type === 'heartbeat')
  await stage.node.close()
  await Promise.all([client.closed, reader.closed])
  for (const frame of client.frames.items) t.equal(judge.told('socket', frame.type, frame), null, JSON.stringify(frame))
  for (const { type, data } of reader.events.items) t.equal(judge.told('events', type, JSON.parse(data)), null, data)
  const types = (items: readonly { readonly type: string }[]): string[] =>
    [...new Set(items.map(({ type }) => type))].sort()
  t.same(types(client.frames.items), [
    'error',
    'gap',
    'heartbeat',
    'message',
    'published',
    'subscribed',
    'unsubscribed',
  ])
  t.same(types(reader.events.items), ['end', 'gap', 'heartbeat', 'message', 'position'])
})
