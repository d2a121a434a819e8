import type { Effect } from '../effect.js'
import type { Form } from '../http/operation.js'
import type { Patron } from '../ports.js'
import type { RequestId } from './requests.js'
import type { Session } from './session.js'

/** One publish on a socket, until it is known what became of it. */
export class Publication implements Patron {
  waiter?: object | undefined
  form: Form = 'one'

  constructor(
    readonly session: Session,
    readonly id: RequestId,
  ) {}

  settle(effect: Effect): void {
    if (effect.type === 'published') this.session.published(this, effect)
  }
}
