import { CarillonError, type Client, type ConnectOptions, connect, UnknownOutcomeError } from '../src/client/index.js'
import { Failure } from './failure.js'

/** A token is taken from a variable, since all can see the arguments of a process. */
export const tokenOfUser = (): string | undefined => process.env['CARILLON_TOKEN'] || undefined

/** The client that commands use. */
export const clientFor = (options: ConnectOptions): Client => {
  const token = tokenOfUser()
  return connect({ ...options, ...(token === undefined ? {} : { token }) })
}

/** To look at one node, and at no other. */
export const clientOf = (url: string): Client => clientFor({ servers: [url], discover: false })

/** Waits for what a client was asked; what it throws ends the command, `where` behind its words. */
export const outcomeOf = async <T>(
  asked: Promise<T>,
  where?: (error: CarillonError) => string | undefined,
): Promise<T> => {
  try {
    return await asked
  } catch (error) {
    throw failureFor(error, where)
  }
}

const failureFor = (error: unknown, where?: (error: CarillonError) => string | undefined): unknown => {
  if (!(error instanceof CarillonError)) return error
  const place = where?.(error)
  const words = place === undefined ? '' : ` (${place})`
  return new Failure(error.code === 'unreachable' ? 3 : 1, `${error.message}${words}`, { cause: error })
}

/** Under which key to try again, where that may be needed. */
export const keyIn = (error: CarillonError): string | undefined =>
  error instanceof UnknownOutcomeError ? error.key : undefined
