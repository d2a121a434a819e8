import { type Refusal, refusalOf } from './refusal.js'

/** What is wrong, in terms of the parser of node:http. */
export const misread = ({ code = '' }: NodeJS.ErrnoException): Refusal => {
  if (code === 'HPE_HEADER_OVERFLOW') return refusalOf('headers_too_large', 'the headers are too long')
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return refusalOf('too_large', 'the chunk extensions are too long')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return refusalOf('timeout', 'the request did not arrive in time')
  return refusalOf('bad_request', 'this is not HTTP/1.1')
}
