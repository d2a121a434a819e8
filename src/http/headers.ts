import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { EngineError } from '../errors.js'
import type { Connection } from './connection.js'
import { refuse } from './fields.js'
import type { HttpOptions } from './limits.js'

/** What node:http lets pass, and should not. */
export const checkHeaders = (request: IncomingMessage, { headersMax, urlBytes }: HttpOptions): void => {
  // Node is told to keep one line more than are allowed, so that it shows when there are too many.
  if (request.rawHeaders.length / 2 > headersMax) {
    throw new EngineError('headers_too_large', `at most ${headersMax} header lines`)
  }
  if ((request.url ?? '').length > urlBytes) {
    throw new EngineError('headers_too_large', `the target is longer than ${urlBytes} bytes`)
  }
}

/** RFC 9112, section 3.2: one of them, or none before HTTP/1.1. */
const checkHost = ({ httpVersion, rawHeaders }: IncomingMessage): void => {
  const count = rawHeaders.filter((text, i) => i % 2 === 0 && text.length === 4 && text.toLowerCase() === 'host').length
  if (count === 0 && httpVersion === '1.1') refuse('the Host header is missing')
  if (count > 1) refuse('there are two Host headers')
}

/** Nothing more is read where what follows may not be what it seems, or where there is too much already. */
export const checkPlace = (request: IncomingMessage, connection: Connection, { pipelineMax }: HttpOptions): void => {
  try {
    // Else whatever is between here and there has other ideas of whose requests these are.
    checkHost(request)
    if (connection.pending.length > pipelineMax) {
      throw new EngineError('too_many_requests', 'too many requests wait on this connection', { limit: 'pipeline' })
    }
  } catch (error) {
    connection.stopReading()
    throw error
  }
}

const jsonType = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i
const otherCharset = /;\s*charset\s*=\s*(?!"?utf-?8"?\s*(?:;|$))/i

/** JSON is UTF-8 (RFC 8259); a charset says nothing, unless it says that the bytes are something else. */
export const isJson = (type: string): boolean => jsonType.test(type) && !otherCharset.test(type)

/**
 * Only what is said to be JSON, and not compressed, of a fitting length. A browser asks first (CORS) before it sends
 * JSON to another site; any other type would let every page publish here.
 */
export const checkPayload = ({ headers }: IncomingMessage, bytesMax: number): void => {
  const { 'content-encoding': encoding, 'content-type': type = '' } = headers
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new EngineError('unsupported_encoding', 'the body must not be compressed')
  }
  if (!isJson(type)) throw new EngineError('unsupported_media_type', 'the body must be application/json, in UTF-8')
  if (lengthOf(headers) > bytesMax) {
    throw new EngineError('too_large', `the body is larger than ${bytesMax} bytes`)
  }
}

/** Node has seen to it that a length is a number, and stands alone. */
const lengthOf = (headers: IncomingHttpHeaders): number => Number(headers['content-length'] ?? 0)

/** How long the body can become: as long as it says, or else as it may. */
export const bodyMax = ({ headers }: IncomingMessage, bytesMax: number): number =>
  headers['transfer-encoding'] === undefined ? lengthOf(headers) : bytesMax

/** How many bytes of the body may still come, if nobody reads on; `whole`: it was read to its end. */
export const restOf = ({ headers }: IncomingMessage, whole: boolean): number => {
  if (whole) return 0
  // Who waits for a go-ahead may, after a refusal, send the body or not: where the next request starts is unknown.
  if (headers['transfer-encoding'] !== undefined || headers.expect !== undefined) return Number.POSITIVE_INFINITY
  return lengthOf(headers)
}
