import { Forbidden, Unauthorized } from '../http/refusal.js'

const scheme = 'Bearer realm="carillon"'

/** What may stand between quotes in a header, and in an error_description of RFC 6750. */
const plain = (text: string): string => text.replaceAll('"', "'").replace(/[^ -~]|\\/g, '?')

const challenge = (error: string, message: string): string =>
  `${scheme}, error="${error}", error_description="${plain(message)}"`

/** RFC 6750: who brought no token is told nothing but that one is needed. */
export const tokenNeeded = (): Unauthorized =>
  new Unauthorized('a token is needed: Authorization: Bearer …', scheme, false)

export const invalidToken = (message: string): Unauthorized =>
  new Unauthorized(message, challenge('invalid_token', message), false)

/** The token is good, and not for this. It is said of what was asked for, whether that exists or not. */
export const insufficient = (message: string): Forbidden =>
  new Forbidden(message, challenge('insufficient_scope', message))
