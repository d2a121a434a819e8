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

/** What there was too much of, as counters name it. */
export type Limit =
  | 'connections'
  | 'connections_per_address'
  | 'pipeline'
  | 'waiters'
  | 'streams'
  | 'channels'
  | 'origins'
  | 'databases'
  | 'history'
  | 'publish_rate'
  | 'publish_queue'
  | 'unstable_bytes'
  | 'inbound_bytes'
  | 'outbound_total_bytes'

/** What else may be known of a refusal. */
export interface Circumstances {
  readonly limit?: Limit | undefined
  /** When it may be worth while to come back. */
  readonly retryAfterSeconds?: number | undefined
}

/** A refusal with a stable code. Bugs throw ordinary errors; what a user or a peer did wrong is one of these. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly limit: Limit | undefined
  readonly retryAfterSeconds: number | undefined
  constructor(
    readonly code: Code,
    message: string,
    options: ErrorOptions & Circumstances = {},
  ) {
    super(message, options)
    this.limit = options.limit
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}
