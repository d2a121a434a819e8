import { randomUUID } from 'node:crypto'
import { clientFor, outcomeOf } from './client.js'
import { Failure } from './failure.js'
import type { ServerFlags } from './flags.js'
import { print } from './terminal.js'

export interface NotifyFlags extends ServerFlags {
  readonly body?: string
  readonly priority: number
  readonly user?: string
  readonly client?: string
}

/** The pop-up that Tryton's `notify` makes, for all clients of a user or for one client. */
export const notify = async (title: string, flags: NotifyFlags): Promise<void> => {
  const { body, priority, user, client: to, timeout, database, server: servers } = flags
  if ((user === undefined) === (to === undefined)) throw new Failure(2, 'say for whom: either --user ID or --client ID')
  const client = clientFor({ servers })
  const request = {
    method: 'POST',
    path: `/${encodeURIComponent(database)}/bus/notify`,
    headers: { 'idempotency-key': randomUUID() },
    body: JSON.stringify({ title, body, priority, user, client: to }),
  } as const
  const { text } = await outcomeOf(client.request(request, { timeoutMs: timeout * 1000, changes: true }))
  const { message_id: id }: { message_id: string } = JSON.parse(text)
  await print(id)
}
