import type { Report } from '../effect.js'
import type { Guard } from '../http/guard.js'
import { trytondOf } from '../option-kinds.js'
import type { Options } from '../options.js'
import { TrytonGuard } from '../tryton/guard.js'
import { TokenGuard } from './token.js'

type Auth = Pick<Options, 'auth' | 'authCache' | 'authTimeout' | 'proxies'>

/** Who stands at the door; nobody does, if everyone may come in. */
export const guardFor = (
  { auth, authCache, authTimeout, proxies }: Auth,
  tokens: readonly string[],
  report: (report: Report) => void,
): Guard | undefined => {
  const url = trytondOf(auth)
  if (url === undefined) return undefined
  const guard = new TrytonGuard({ url, timeoutMs: authTimeout * 1000, validMs: authCache * 1000, proxies, report })
  return tokens.length > 0 ? new TokenGuard(tokens, guard) : guard
}
