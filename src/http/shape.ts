import type { IncomingHttpHeaders } from 'node:http'
import { isJson } from './headers.js'
import type { HttpOptions } from './limits.js'
import { type BusRoute, routeOf } from './route.js'

/** The head of a request of which every byte is understood. */
export interface Shape {
  readonly route: BusRoute
  readonly headers: IncomingHttpHeaders
  /** Of the body. */
  readonly length: number
  /** Of the head, with the empty line at its end. */
  readonly size: number
  /** The head itself; empty if it is not to be kept. */
  readonly text: string
}

/** What ends a head. */
export const blank = '\r\n\r\n'

/** More than the common heads have; what is longer is parsed by node:http. */
const textMax = 2048
const cachedMax = 1024
/** A head is no longer, with the empty line at its end. */
export const headMost = textMax + blank.length

const requestLine = /^POST (\/(\w[\w.~-]*)\/bus(?:\/poll|\/publish)?) HTTP\/1\.1$/
const headerLine = /^([\w-]+): ([!-~](?:[ -~]*[!-~])?)$/
const hosts = /^[\w.:[\]-]+$/
const lengths = /^(?:0|[1-9]\d{0,8})$/

/** Those that say nothing about where the request ends or how the connection goes on. */
const harmless: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'authorization',
  'cache-control',
  'cookie',
  'dnt',
  'forwarded',
  'idempotency-key',
  'origin',
  'pragma',
  'prefer',
  'priority',
  'referer',
  'sec-ch-ua',
  'sec-ch-ua-mobile',
  'sec-ch-ua-platform',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'traceparent',
  'tracestate',
  'user-agent',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
  'x-requested-with',
])

const isFit = (name: string, value: string): boolean => {
  if (name === 'host') return hosts.test(value)
  if (name === 'content-length') return lengths.test(value)
  if (name === 'content-type') return isJson(value)
  if (name === 'connection') return value.toLowerCase() === 'keep-alive'
  return harmless.has(name)
}

/** Undefined for a header that is unknown, oddly written or there twice. */
const headersOf = (lines: readonly string[]): IncomingHttpHeaders | undefined => {
  const headers: IncomingHttpHeaders = {}
  for (const line of lines) {
    const [, given = '', value = ''] = headerLine.exec(line) ?? []
    const name = given.toLowerCase()
    if (!isFit(name, value) || headers[name] !== undefined) return undefined
    headers[name] = value
  }
  return headers
}

const unkept = ['authorization', 'cookie', 'idempotency-key', 'traceparent', 'tracestate', 'x-request-id']

/** Secrets are not kept, and what differs from request to request is not worth it. */
const isKept = (headers: IncomingHttpHeaders): boolean => !unkept.some((name) => headers[name] !== undefined)

const shapeOf = (text: string, options: HttpOptions): Shape | undefined => {
  const [first = '', ...lines] = text.split('\r\n')
  const [, target = '', database = ''] = requestLine.exec(first) ?? []
  if (target === '' || target.length > options.urlBytes || database.length > options.channelBytes) return undefined
  const headers = lines.length > options.headersMax ? undefined : headersOf(lines)
  if (headers?.host === undefined || headers['content-type'] === undefined) return undefined
  if (headers['content-length'] === undefined) return undefined
  const length = Number(headers['content-length'])
  const route = routeOf(target, options)
  if (!route || !('operation' in route) || length > route.bodyBytes) return undefined
  // A copy: as it is, it may keep all that it was cut out of.
  const kept = isKept(headers) ? Buffer.from(text + blank, 'latin1').toString('latin1') : ''
  return { route, headers, length, size: text.length + blank.length, text: kept }
}

/**
 * Recognises the heads of the most frequent requests, and nothing else. It is no parser: for whatever is not written
 * exactly as most clients write it, it says no, and node:http decides what it means. So there is no text that two
 * parsers read in two ways. Clients say the same again and again, so what was recognised is remembered.
 */
export class Shapes {
  readonly #options: HttpOptions
  readonly #textMax: number
  readonly #known = new Map<string, Shape>()

  constructor(options: HttpOptions) {
    this.#options = options
    this.#textMax = Math.min(textMax, options.headerBytes - 1)
  }

  /** Of a head, with the empty line at its end, a character a byte. */
  of(text: string): Shape | undefined {
    if (text.length > this.#textMax + blank.length) return undefined
    const known = this.#known.get(text)
    if (known) return known
    const shape = shapeOf(text.slice(0, -blank.length), this.#options)
    if (shape && shape.text !== '') this.#keep(shape)
    return shape
  }

  #keep(shape: Shape): void {
    if (this.#known.size >= cachedMax) this.#known.clear()
    this.#known.set(shape.text, shape)
  }
}
