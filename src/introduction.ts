import { type Address, addressOf, formatAddress, isWildcard, type Options } from './options.js'

export interface Introduction {
  readonly name: string
  /** host:port that other nodes dial. */
  readonly address: string
  /** The base URL that clients use. */
  readonly url: string
}

/** What the others are told of this node. Nobody can reach 0.0.0.0, so the host that peers reach stands in for it. */
export const introductionOf = (options: Options, client: Address, peer: Address | undefined): Introduction => {
  const address = options.advertise || (peer ? formatAddress(peer) : '')
  const host = isWildcard(client.host) && address ? addressOf(address).host : client.host
  const scheme = options.tlsCert === '' ? 'http' : 'https'
  const url = options.url || `${scheme}://${formatAddress({ host, port: client.port })}`
  return { name: options.name || address || formatAddress({ host, port: client.port }), address, url }
}
