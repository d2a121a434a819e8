import { BlockList, isIP, isIPv4 } from 'node:net'

/** As IPv4 where it is one in the clothes of IPv6. */
export const plainAddress = (address: string): string => {
  const v4 = address.replace(/^::ffff:/i, '')
  return isIPv4(v4) ? v4 : address
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6')

/** An address, or a network such as 10.0.0.0/8. */
export const isNetwork = (text: string): boolean => {
  const [address = '', prefix, ...more] = text.split('/')
  const bits = isIPv4(address) ? 32 : 128
  return (
    isIP(address) > 0 && more.length === 0 && (prefix === undefined || (/^\d{1,3}$/.test(prefix) && +prefix <= bits))
  )
}

/** Addresses and networks, to be asked whether an address is one of them. */
export class Networks {
  readonly #list = new BlockList()
  readonly isEmpty: boolean

  constructor(networks: readonly string[]) {
    this.isEmpty = networks.length === 0
    for (const each of networks) {
      const [address = '', prefix] = each.split('/')
      const family = familyOf(address)
      if (prefix === undefined) this.#list.addAddress(address, family)
      else this.#list.addSubnet(address, Number(prefix), family)
    }
  }

  /** No for what is no address. */
  has(address: string): boolean {
    const plain = plainAddress(address)
    return !this.isEmpty && isIP(plain) > 0 && this.#list.check(plain, familyOf(plain))
  }
}
