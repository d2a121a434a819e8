import type { IncomingHttpHeaders } from 'node:http'

/** A session of trytond, as a client claims to have one. */
export interface Credentials {
  readonly login: string
  readonly user: number
  readonly key: string
  /** How it came, since trytond must get it the same way. */
  readonly carrier: 'header' | 'cookie'
}

const tokenMax = 2048
const cookieName = 'tryton_session'

/**
 * `login:user:key`, taken apart from the right: a login may hold colons. Versions of trytond that take it apart from the
 * left refuse such a login, so there is none that sees another user in it than is seen here.
 */
const parse = (text: string, carrier: Credentials['carrier']): Credentials | undefined => {
  const parts = /^(.*):([1-9]\d{0,14}):([\w-]{1,256})$/s.exec(text)
  if (!parts) return undefined
  const [, login = '', user, key = ''] = parts
  return { login, user: Number(user), key, carrier }
}

/** Only base64 that everyone reads alike: some decoders pass over what they do not know, others take it as more digits. */
const decoded = (token: string): string | undefined => {
  if (token.length > tokenMax || !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(token)) {
    return undefined
  }
  return Buffer.from(token, 'base64').toString()
}

const fromHeader = (authorization: string): Credentials | undefined => {
  const token = /^session +(\S+) *$/i.exec(authorization)?.[1]
  const text = token === undefined ? undefined : decoded(token)
  return text === undefined ? undefined : parse(text, 'header')
}

const cookieOf = (header: string): string | undefined =>
  header
    .split(';')
    .map((each) => each.trim())
    .find((each) => each.startsWith(`${cookieName}=`))
    ?.slice(cookieName.length + 1)

/** A quoted value: `\"`, `\\`, and `\` with three octal digits for a byte of UTF-8. */
const unquoted = (value: string): string => {
  if (!/^".*"$/s.test(value)) return Buffer.from(value, 'latin1').toString()
  const bytes = value
    .slice(1, -1)
    .replace(/\\(?:([0-3][0-7]{2})|(.))/gs, (_, octal: string | undefined, plain: string) =>
      octal === undefined ? plain : String.fromCharCode(Number.parseInt(octal, 8)),
    )
  return Buffer.from(bytes, 'latin1').toString()
}

const quoted = (text: string): string => {
  if (/^[\w!#$%&'*+.^`|~:@/-]*$/.test(text)) return text
  const octal = (byte: string): string => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`
  return `"${Buffer.from(text)
    .toString('latin1')
    .replace(/[^\w!#$%&'*+.^`|~:@/ -]/g, octal)}"`
}

/** The cookie counts before the header, even when it is of no use: so it is with trytond. */
export const readCredentials = ({ authorization, cookie }: IncomingHttpHeaders): Credentials | undefined => {
  const value = cookie === undefined ? undefined : cookieOf(cookie)
  if (value !== undefined) return value.length > tokenMax ? undefined : parse(unquoted(value), 'cookie')
  return authorization === undefined ? undefined : fromHeader(authorization)
}

/** The header that tells trytond just what was understood here, and not what the client may have meant it to read. */
export const writeCredentials = ({ login, user, key, carrier }: Credentials): { readonly [name: string]: string } => {
  const text = `${login}:${user}:${key}`
  return carrier === 'cookie'
    ? { Cookie: `${cookieName}=${quoted(text)}` }
    : { Authorization: `Session ${Buffer.from(text).toString('base64')}` }
}
