import type { IncomingHttpHeaders } from 'node:http'

/** The token of `Authorization: Bearer …`. */
export const bearerOf = ({ authorization = '' }: IncomingHttpHeaders): string | undefined =>
  /^bearer +(\S+) *$/i.exec(authorization)?.[1]

/** The value of this cookie, as it stands there; of several the first. */
export const cookieOf = ({ cookie = '' }: IncomingHttpHeaders, name: string): string | undefined => {
  for (const pair of cookie.split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim() || undefined
  }
  return undefined
}

/** `ticket=…` in a query; what a ticket is made of needs no decoding. */
export const ticketOf = (query = ''): string | undefined => /(?:^|&)ticket=([\w.-]+)(?:&|$)/.exec(query)?.[1]
