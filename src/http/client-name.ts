import type { IncomingHttpHeaders } from 'node:http'
import { isIPv6 } from 'node:net'
import { type Networks, plainAddress } from '../networks.js'
import type { Visitor } from './guard.js'

/** What is known of who asks. */
export interface Asker {
  readonly visitor: Visitor
  readonly headers: IncomingHttpHeaders
  /** Of the socket. */
  readonly address: string
}

/** A customer has a network of IPv6 (64 bits) and can choose among its addresses, so that is who counts. */
const customerOf = (address: string): string => {
  const plain = plainAddress(address)
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.split('::')
  const groups = head === '' ? [] : head.split(':')
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length)
  const all = [...groups, ...new Array<string>(Math.max(0, missing)).fill('0'), ...(tail ? tail.split(':') : [])]
  return all.slice(0, 4).join(':').toLowerCase()
}

/**
 * Whoever is behind our own proxies: each adds who it was asked by to the end of X-Forwarded-For. What stands before the
 * first that is none of them, the client may have made up.
 */
const originOf = ({ headers, address }: Asker, proxies: Networks): string => {
  if (!proxies.has(address)) return address
  const hops = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((hop) => hop.trim())
  let client = address
  for (let hop = hops.pop(); hop !== undefined && hop !== ''; hop = hops.pop()) {
    client = hop
    if (!proxies.has(hop)) break
  }
  return client
}

/** By what one client is told from another: the subject of its token, or else where it comes from. */
export const clientNameOf = (asker: Asker, proxies: Networks): string => {
  const { subject } = asker.visitor
  return subject === undefined ? customerOf(originOf(asker, proxies)) : `subject ${subject}`
}
