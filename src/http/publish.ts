import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import { EngineError } from '../errors.js'
import type { Draft } from '../log/record.js'
import { traceparentOf } from '../log/traceparent.js'
import { draftOf, type Message, readMessage } from './draft.js'
import { checkChannel, type Fields, misfit, readBody, readObject, refuse, textOf, wholeOf } from './fields.js'
import { Scan } from './json.js'
import type { HttpOptions } from './limits.js'
import type { Operation } from './operation.js'

const copiesMax = 1024

class ItemFields implements Fields {
  channel: string | undefined
  message: Message | undefined
  key: string | undefined
  #traceparent: string | undefined
  readonly #options: HttpOptions
  readonly #given: string | undefined

  /** `traceparent`: that of the request, which counts for an item that has none of its own. */
  constructor(options: HttpOptions, traceparent?: string) {
    this.#options = options
    this.#given = traceparent
    this.#traceparent = traceparent
  }

  /** For the next item. */
  clear(): void {
    this.channel = undefined
    this.message = undefined
    this.key = undefined
    this.#traceparent = this.#given
  }

  get isEmpty(): boolean {
    return this.channel === undefined && this.message === undefined && this.key === undefined
  }

  take(name: string, scan: Scan): number {
    switch (name) {
      case 'channel':
        this.channel = checkChannel(textOf(scan, 'channel'), this.#options)
        return 1
      case 'message':
        this.message = readMessage(scan, this.#options.bodyBytes)
        return 2
      case 'key':
        this.key = textOf(scan, 'key')
        return 4
      case 'traceparent':
        // What is none is passed over, as in a header.
        if (scan.kind === 'string') this.#traceparent = traceparentOf(scan.string()) ?? this.#traceparent
        else scan.skip()
        return 64
      default:
        return 0
    }
  }

  draft(database: string): Draft {
    const { channel, message, key } = this
    if (channel === undefined || message === undefined) return refuse('channel and message are needed')
    return draftOf({ database, channel, message, key, traceparent: this.#traceparent }, this.#options)
  }
}

class PublishFields implements Fields {
  readonly one: ItemFields
  many: readonly Draft[] | undefined
  ack: 'all' | 'local' = 'all'
  minCopies = 1
  readonly #database: string
  readonly #options: HttpOptions
  readonly #traceparent: string | undefined

  constructor(database: string, options: HttpOptions, traceparent: string | undefined) {
    this.one = new ItemFields(options, traceparent)
    this.#database = database
    this.#traceparent = traceparent
    this.#options = options
  }

  take(name: string, scan: Scan): number {
    switch (name) {
      case 'messages':
        this.many = this.#items(scan)
        return 8
      case 'ack':
        this.ack = ackOf(scan)
        return 16
      case 'min_copies':
        this.minCopies = wholeOf(scan, 'min_copies', { min: 1, max: copiesMax })
        return 32
      default:
        return this.one.take(name, scan)
    }
  }

  #items(scan: Scan): readonly Draft[] {
    const most = this.#options.messagesPerRequest
    if (scan.kind !== 'array') misfit(scan, 'messages must be a list')
    const drafts: Draft[] = []
    const item = new ItemFields(this.#options, this.#traceparent)
    scan.openArray()
    while (scan.nextItem()) {
      if (drafts.length === most) refuse(`at most ${most} messages at a time`)
      item.clear()
      readObject(scan, 'each of messages', item)
      drafts.push(item.draft(this.#database))
    }
    return drafts.length > 0 ? drafts : refuse('messages must hold one at least')
  }
}

const ackOf = (scan: Scan): 'all' | 'local' => {
  const ack = textOf(scan, 'ack')
  return ack === 'all' || ack === 'local' ? ack : refuse('ack must be "all" or "local"')
}

/** A header's bytes come as Latin-1; as a key they mean the same as they do in a body, so they are UTF-8. */
export const headerKey = (headers: IncomingHttpHeaders): string | undefined => {
  const given = headers['idempotency-key']
  if (given === undefined) return undefined
  const bytes = Buffer.from(String(given), 'latin1')
  if (!isUtf8(bytes)) throw new EngineError('bad_key', 'the Idempotency-Key is not UTF-8')
  return bytes.toString()
}

export const headerTrace = ({ traceparent }: IncomingHttpHeaders): string | undefined =>
  traceparent === undefined ? undefined : traceparentOf(traceparent)

const oneKey = (one: ItemFields, header: string | undefined): void => {
  if (header === undefined) return
  if (one.key !== undefined && one.key !== header) {
    throw new EngineError('bad_key', 'key and the Idempotency-Key header differ')
  }
  one.key = header
}

/** One message and its channel, with no request around it. */
export const readDraft = (body: Buffer, database: string, options: HttpOptions): Draft => {
  const item = new ItemFields(options)
  readBody(new Scan(body, options.jsonDepth), item)
  return item.draft(database)
}

/** `POST /{database}/bus/publish` */
export const readPublish: Operation = ({ scan, database, headers, options }) => {
  const fields = new PublishFields(database, options, headerTrace(headers))
  readBody(scan, fields)
  const { one, many, ack, minCopies } = fields
  const header = headerKey(headers)
  if (many === undefined) {
    oneKey(one, header)
    return { terms: { type: 'publish', drafts: [one.draft(database)], ack, minCopies }, form: 'one' }
  }
  if (!one.isEmpty) refuse('either messages, or channel and message')
  if (header !== undefined) {
    throw new EngineError('bad_key', 'an Idempotency-Key stands for one message: give each of messages its own key')
  }
  return { terms: { type: 'publish', drafts: many, ack, minCopies }, form: 'many' }
}
