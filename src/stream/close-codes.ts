import type { Code } from '../errors.js'

/** What a WebSocket is closed with. 4400 to 4403: coming back is of no use unless something changes; the others: come back. */
export const closeCodes = {
  goingAway: 1001,
  unsupported: 1003,
  tryLater: 1013,
  malformed: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  slow: 4408,
  tooMany: 4429,
} as const

const codes: { readonly [code in Code]?: number } = {
  draining: closeCodes.goingAway,
  not_ready: closeCodes.tryLater,
  overloaded: closeCodes.tryLater,
  auth_unavailable: closeCodes.tryLater,
  unauthorized: closeCodes.unauthorized,
  forbidden: closeCodes.forbidden,
  too_many_requests: closeCodes.tooMany,
}

/** What is refused for good ends as a malformed request does. */
export const closeCodeOf = (code: string): number => codes[code as Code] ?? closeCodes.malformed
