import { draftOf } from './draft.js'
import { checkChannel, type Fields, isNull, misfit, readBody, refuse, textOf, wholeOf } from './fields.js'
import type { Scan } from './json.js'
import type { HttpOptions } from './limits.js'
import type { Operation } from './operation.js'
import { headerKey, headerTrace } from './publish.js'

/** The text as it was written, quotes and escapes included, a character a byte. */
const spanOf = (scan: Scan, name: string): string => {
  const from = scan.at
  textOf(scan, name)
  return scan.own(from, scan.at)
}

/** Tryton's users have numbers. */
const idOf = (scan: Scan, name: string): string => {
  if (scan.kind === 'string') return scan.string()
  if (scan.kind !== 'number') misfit(scan, `${name} must be a string or a whole number`)
  return String(wholeOf(scan, name, { min: 0, max: Number.MAX_SAFE_INTEGER }))
}

/** Python's callers write None for what they do not give, so null is as good as absent. */
class NotifyFields implements Fields {
  title: string | undefined
  body = 'null'
  priority = 1
  user: string | undefined
  client: string | undefined

  take(key: string, scan: Scan): number {
    switch (key) {
      case 'title':
        this.title = spanOf(scan, 'title')
        return 1
      case 'body':
        if (!isNull(scan)) this.body = spanOf(scan, 'body')
        return 2
      case 'priority':
        if (!isNull(scan)) this.priority = wholeOf(scan, 'priority', { min: 0, max: 3 })
        return 4
      case 'user':
        if (!isNull(scan)) this.user = idOf(scan, 'user')
        return 8
      case 'client':
        if (!isNull(scan)) this.client = idOf(scan, 'client')
        return 16
      default:
        return 0
    }
  }

  channel(options: HttpOptions): string {
    if (this.client !== undefined) return checkChannel(`client:${this.client}`, options)
    if (this.user !== undefined) return checkChannel(`user:${this.user}`, options)
    return refuse('user or client is needed')
  }
}

/** `POST /{database}/bus/notify`: the pop-up that Tryton's clients show. */
export const readNotify: Operation = ({ scan, database, headers, options }) => {
  const fields = new NotifyFields()
  readBody(scan, fields)
  const { title } = fields
  if (title === undefined) return refuse('title is needed')
  const channel = fields.channel(options)
  const { body: text, priority } = fields
  const tail = `"type":"notification","title":${title},"body":${text},"priority":${priority}}`
  const message = { head: '', tail, ownId: undefined }
  const [key, traceparent] = [headerKey(headers), headerTrace(headers)]
  const draft = draftOf({ database, channel, message, key, traceparent }, options)
  return { terms: { type: 'publish', drafts: [draft], ack: 'all', minCopies: 1 }, form: 'one' }
}
