import { type Circumstances, type Code, EngineError, type Limit } from '../errors.js'
import { bodyOf } from './answer.js'

export const statuses = {
  bad_request: 400,
  bad_json: 400,
  bad_channel: 400,
  bad_cursor: 400,
  bad_key: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  timeout: 408,
  key_conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  unsupported_encoding: 415,
  expectation_failed: 417,
  upgrade_required: 426,
  too_many_requests: 429,
  headers_too_large: 431,
  not_ready: 503,
  draining: 503,
  auth_unavailable: 503,
  overloaded: 503,
  too_few_copies: 503,
  outcome_unknown: 503,
  bad_option: 500,
} as const satisfies { readonly [code in Code]: number }

const moreHeaders = (status: number, retryAfterSeconds = 1): readonly string[] => {
  if (status === 426) return ['Upgrade', 'websocket']
  return status === 429 || status === 503 ? ['Retry-After', String(retryAfterSeconds)] : []
}

/** What a client is told instead of what it asked for. */
export interface Refusal {
  readonly code: string
  readonly status: number
  /** What there was too much of. */
  readonly limit?: Limit | undefined
  readonly headers: readonly string[]
  readonly body: string
}

/** The path is there, but not for this method. */
export class MethodNotAllowed extends EngineError {
  constructor(readonly allow: string) {
    super('method_not_allowed', `this path takes ${allow}`)
  }
}

/** Who asks is not known here. Tryton's clients are told so as trytond tells them: without a body. */
export class Unauthorized extends EngineError {
  constructor(
    message: string,
    readonly challenge: string | undefined,
    readonly bare: boolean,
  ) {
    super('unauthorized', message)
  }
}

/** Who asks is known, and may not do that. */
export class Forbidden extends EngineError {
  constructor(
    message: string,
    readonly challenge: string,
  ) {
    super('forbidden', message)
  }
}

interface More extends Circumstances {
  /** It may have been done all the same. */
  readonly unknown?: boolean
}

/** A socket has no headers, so when to come back stands in the body, too, where more than a moment is meant. */
export const refusalOf = (code: Code, message: string, more: More = {}): Refusal => {
  const { unknown = false, limit, retryAfterSeconds } = more
  const status = statuses[code]
  const told = {
    error: { code, message },
    ...(unknown ? { outcome: 'unknown' } : {}),
    ...(retryAfterSeconds === undefined ? {} : { retry_after: retryAfterSeconds }),
  }
  return { code, status, limit, headers: moreHeaders(status, retryAfterSeconds), body: bodyOf(JSON.stringify(told)) }
}

/** Anything but an EngineError is a mistake of ours, about which a client is told nothing more. */
export const refusalFor = (error: unknown): Refusal => {
  if (error instanceof MethodNotAllowed) {
    return { ...refusalOf(error.code, error.message), headers: ['Allow', error.allow] }
  }
  if (error instanceof Unauthorized) {
    const headers = error.challenge === undefined ? [] : ['WWW-Authenticate', error.challenge]
    const { body, ...rest } = refusalOf(error.code, error.message)
    return { ...rest, headers, body: error.bare ? '' : body }
  }
  if (error instanceof Forbidden) {
    return { ...refusalOf(error.code, error.message), headers: ['WWW-Authenticate', error.challenge] }
  }
  if (error instanceof EngineError) return refusalOf(error.code, error.message, error)
  const told = { error: { code: 'internal', message: 'this is a mistake of the server' } }
  return { code: 'internal', status: 500, headers: [], body: bodyOf(JSON.stringify(told)) }
}
