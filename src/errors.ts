/** Every code an answer or a close can carry. README lists them; http/answer.ts maps each to a status. */
export type Code =
  | 'bad_request'
  | 'bad_json'
  | 'bad_channel'
  | 'bad_cursor'
  | 'bad_key'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'timeout'
  | 'key_conflict'
  | 'too_large'
  | 'unsupported_media_type'
  | 'unsupported_encoding'
  | 'headers_too_large'
  | 'expectation_failed'
  | 'upgrade_required'
  | 'too_many_requests'
  | 'not_ready'
  | 'draining'
  | 'auth_unavailable'
  | 'overloaded'
  | 'too_few_copies'
  | 'outcome_unknown'
  | 'bad_option'

/** A refusal with a stable code. Bugs throw ordinary errors; what a user or a peer did wrong is one of these. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  constructor(
    readonly code: Code,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
