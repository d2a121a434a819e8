/** 1 failed, 2 wrong usage, 3 not reachable or not ready, 130 interrupted. */
export type ExitCode = 1 | 2 | 3 | 130

/** Ends the command with one line on standard error, or without a word if the message is empty. */
export class Failure extends Error {
  override readonly name = 'Failure'
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
