import type { Report } from '../effect.js'
import type { Guard } from '../http/guard.js'
import type { Keys } from '../keys.js'
import { trytondOf } from '../option-kinds.js'
import type { Options } from '../options.js'
import { TrytonGuard } from '../tryton/guard.js'
import { JwtGuard } from './jwt.js'
import { Tickets } from './tickets.js'
import { TokenGuard } from './token.js'

type Auth = Pick<
  Options,
  'auth' | 'authCache' | 'authTimeout' | 'proxies' | 'jwtCookie' | 'jwtIssuer' | 'jwtAudience' | 'ticketTimeout'
>

const peopleGuard = (options: Auth, { secrets, jwt }: Keys, report: (report: Report) => void): Guard | undefined => {
  const { auth, authCache, authTimeout, proxies, jwtCookie, jwtIssuer, jwtAudience, ticketTimeout } = options
  const url = trytondOf(auth)
  if (url !== undefined) {
    return new TrytonGuard({ url, timeoutMs: authTimeout * 1000, validMs: authCache * 1000, proxies, report })
  }
  if (!jwt) return undefined
  const tickets = new Tickets(secrets, ticketTimeout)
  return new JwtGuard({ keys: jwt, tickets, cookie: jwtCookie, issuer: jwtIssuer, audience: jwtAudience, report })
}

/** Who stands at the door; nobody does, if everyone may come in. */
export const guardFor = (options: Auth, keys: Keys, report: (report: Report) => void): Guard | undefined => {
  const guard = peopleGuard(options, keys, report)
  return guard && new TokenGuard(keys.tokens, guard)
}
