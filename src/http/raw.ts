import { STATUS_CODES } from 'node:http'
import type { Refusal } from './refusal.js'

/** A refusal as bytes for a connection that is closed after it, for where node:http has no response object to offer. */
export const rawRefusal = ({ status, headers, body }: Refusal, more: readonly string[] = []): Buffer => {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, `Date: ${new Date().toUTCString()}`]
  const all = [...headers, ...more, 'Content-Type', 'application/json', 'Content-Length', `${body.length}`]
  for (let i = 0; i < all.length; i += 2) lines.push(`${all[i]}: ${all[i + 1]}`)
  return Buffer.from(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n${body}`, 'latin1')
}
